"""Constants of the coal mine's physics, SI units.

Air volumes are counted at one reference density, so that flows add up at every junction (McPherson, "Subsurface
Ventilation and Environmental Engineering", Springer 1993, 2.1.2: mass flow divided by a fixed density).
"""

GRAVITY = 9.80665
"""Standard acceleration of free fall [m/s2]."""
AIR_DENSITY = 1.2
"""Reference density of air [kg/m3]; McPherson, 2.1.2."""
CP_AIR = 1005.0
"""Specific heat of dry air at constant pressure [J/(kg K)]."""
HEAT_FLOW = AIR_DENSITY * CP_AIR
"""Heat that a flow of air carries [J/(m3 K)]."""
WATER_DENSITY = 1000.0
"""Mine water [kg/m3]."""
ZERO_C = 273.15
"""0 degC [K]."""
DEPTH = 550.0
"""From the shaft collar to the pit bottom [m]."""
AUTOCOMPRESSION = GRAVITY * DEPTH / CP_AIR
"""Warming of air that falls through the shaft [K]: g h / cp; McPherson, 8.3."""
ZONE = 8 * 3600.0
"""Local time minus UTC [s]: shifts and tariff."""
BAROMETER = 87_500.0
"""Mean atmospheric pressure at the collar [Pa], about 1,200 m above the sea."""
