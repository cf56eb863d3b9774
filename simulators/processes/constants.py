"""Constants of nature and masses of the chlor-alkali reaction, SI units.

Molar masses are built from one set of atomic masses, so that mass balances close exactly.
Sources: CODATA 2018 (Faraday, gas constant); IUPAC 2013 abridged atomic masses; enthalpies of formation at
298.15 K: NBS tables (J. Phys. Chem. Ref. Data 11, suppl. 2, 1982).
"""

FARADAY = 96485.33212
"""Charge of a mole of electrons [C/mol]."""
GAS = 8.314462618
"""Molar gas constant [J/(mol K)]."""
ZERO_C = 273.15
"""0 degC [K]."""
REFERENCE = 298.15
"""Temperature at which stream enthalpies are zero [K]."""
NORMAL_VOLUME = 0.022413969545
"""Volume of a mole of ideal gas at 0 degC and 101.325 kPa [m3/mol]."""
ATMOSPHERE = 101_325.0
"""Standard atmosphere [Pa]."""

_H, _O, _NA, _CL = 1.008e-3, 15.999e-3, 22.990e-3, 35.45e-3
M_H2 = 2 * _H
M_O2 = 2 * _O
M_CL2 = 2 * _CL
M_H2O = 2 * _H + _O
M_NACL = _NA + _CL
M_NAOH = _NA + _O + _H
M_NA = _NA
M_OH = _O + _H
"""Molar masses [kg/mol]."""

ENTHALPY_CHLORINE = 223_970.0
"""NaCl(aq) + H2O -> NaOH(aq) + 1/2 Cl2 + 1/2 H2, per mole of electrons [J/mol]: -469.15 + 407.27 + 285.83 kJ."""
ENTHALPY_OXYGEN = 142_915.0
"""1/2 H2O -> 1/2 H2 + 1/4 O2, per mole of electrons [J/mol]."""
ENTHALPY_SALT = 3_880.0
"""NaCl(s) -> NaCl(aq), endothermic [J/mol]: 411.15 - 407.27 kJ."""
LATENT = 2_300_000.0
"""Heat of evaporation of water near 85 degC [J/kg]; steam tables."""

CP_WATER, CP_BRINE, CP_CAUSTIC, CP_SALT = 4186.0, 3350.0, 3550.0, 860.0
"""Specific heats [J/(kg K)], taken as constant: brine of 20-26 % NaCl, caustic of 30-33 % NaOH (Perry)."""
CP_CL2, CP_H2, CP_O2 = 34.0, 28.8, 29.4
"""Molar heats of the gases at constant pressure [J/(mol K)]."""
