"""What each instrument of the chlor-alkali plant stands in: true values in SI units, by point id."""

from simulators.processes.chlor_alkali_physics import GROUPS, ChlorAlkaliPhysics
from simulators.processes.constants import M_CL2, NORMAL_VOLUME, ZERO_C
from simulators.processes.final_elements import BREAKERS
from simulators.processes.liquids import brine_density, caustic_density
from simulators.processes.rectifier import POWER_FACTOR


def true_values(p: ChlorAlkaliPhysics) -> tuple[tuple[str, dict[str, float]], ...]:
    """True value of every point in SI units: parts of the plant with the prefix of their point ids.

    The order of the parts and of their keys is the order of the columns and never changes.
    """
    return (
        ("", _brine(p)),
        ("E-101.", _electrolyser(p, 0)),
        ("E-102.", _electrolyser(p, 1)),
        ("CR-100.", _yield(p)),
        ("RC-101.", _rectifier(p, 0)),
        ("RC-102.", _rectifier(p, 1)),
        ("", _caustic(p)),
        ("", _chlorine(p)),
        ("", _hydrogen(p)),
        ("", _utilities(p)),
        ("", p.rates),
        ("", _safety(p)),
    )


def _brine(p: ChlorAlkaliPhysics) -> dict[str, float]:
    b, w = p.brine, p.walks
    saturator, reaction, feed, depleted = b.tanks
    exchange = brine_density(reaction.fraction, reaction.temperature)
    spent = brine_density(depleted.fraction, depleted.temperature)
    return {
        "W-101.flow": b.salt,
        "T-101.level": saturator.level,
        "T-101.temperature": saturator.temperature,
        "AI-101.nacl": saturator.fraction * brine_density(saturator.fraction, saturator.temperature),
        "F-102.flow": b.water / 997.0,
        "T-102.level": reaction.level,
        "AI-102.ph": 10.2 + 0.05 * w.quality,
        "F-104.flow": b.purified / exchange,
        "DP-104.pressure": 55.0e3 * (b.purified / 20.0) ** 2 * (1.0 + 0.05 * w.quality),
        "F-105.flow": b.purified / exchange,
        "TI-105.temperature": min(reaction.temperature, 331.15),
        "AI-105.hardness": 8.0e-6 * (1.0 + 0.12 * w.quality),
        "P-105.current": 60.0 + 2.0 * b.purified,
        "T-106.level": feed.level,
        "E-106.temperature": b.feed_temperature,
        "TV-106.position": min(0.02 + b.heater / 2.5e6, 1.0),
        "P-106.pressure": 0.32e6 + 2.0e3 * w.small,
        "F-108.flow": b.return_flow / spent,
        "AI-108.nacl": depleted.fraction * spent,
        "TI-108.temperature": depleted.temperature,
        "PI-108.pressure": 31.0e3 + 200.0 * w.small,
        "AI-109.ph": 9.0 + 0.05 * w.small,
        "AI-109.orp": -0.02 + 0.005 * w.small,
        "TV-108.position": min(0.02 + b.dechlorination_heat / 1.5e6, 1.0),
        "T-108.level": depleted.level,
    }


def _electrolyser(p: ChlorAlkaliPhysics, i: int) -> dict[str, float]:
    e, spread = p.electrolysers[i], p.cell_spread[i]
    group = e.voltage / GROUPS
    cell = e.voltage / e.case.cells
    g1, g2, g3, g4, g5, g6, g7, g8 = [group * (1.0 + s) for s in spread]
    gas = max(e.chlorine + e.oxygen, 1e-9)
    return {
        "current": e.current,
        "voltage": e.voltage,
        "current_density": e.density,
        "group_1_voltage": g1,
        "group_2_voltage": g2,
        "group_3_voltage": g3,
        "group_4_voltage": g4,
        "group_5_voltage": g5,
        "group_6_voltage": g6,
        "group_7_voltage": g7,
        "group_8_voltage": g8,
        "cell_voltage_max": cell * (1.012 + max(spread)),
        "voltage_deviation": g1 + g2 + g3 + g4 - g5 - g6 - g7 - g8,
        "temperature": e.temperature,
        "anolyte_temperature": e.temperature - 0.8,
        "brine_flow": e.feed.brine / brine_density(e.feed.brine_fraction, e.feed.brine_temperature),
        "depleted_nacl": e.anolyte_fraction * brine_density(e.anolyte_fraction, e.temperature),
        "caustic_feed_flow": e.feed.caustic / caustic_density(e.feed.caustic_fraction, e.feed.caustic_temperature),
        "caustic_strength": e.catholyte_fraction,
        "differential_pressure": p.hydrogen.pressure - p.chlorine.pressure,
        "earth_leakage": 0.02 + 2.0e-6 * e.current,
        "oxygen_in_chlorine": e.oxygen / gas,
    }


def _yield(p: ChlorAlkaliPhysics) -> dict[str, float]:
    a, b = p.electrolysers
    naoh = a.naoh + b.naoh
    return {
        "current_efficiency": a.efficiency,
        "dc_consumption": (a.power + b.power) / naoh if naoh > 1e-3 else 1500.0 * 3600.0,  # noqa: PLR2004
        "load": p.load,
    }


def _rectifier(p: ChlorAlkaliPhysics, i: int) -> dict[str, float]:
    r, e = p.rectifiers[i], p.electrolysers[i]
    return {
        "ac_voltage": p.bus,
        "ac_current": r.ac_current,
        "ac_power": r.ac_power,
        "power_factor": POWER_FACTOR + 0.01 * p.load,
        "dc_current": r.current,
        "dc_voltage": e.voltage,
        "setpoint": r.setpoint,
        "oil_temperature": r.oil,
        "thyristor_temperature": r.thyristor,
        "water_flow": (30.0 + 0.2 * p.walks.small) / 3600.0,
        "water_temperature": r.water_return,
        "water_conductivity": 0.8e-4,
        "breaker": float(p.elements[BREAKERS[i]].position >= 1.0),
    }


def _caustic(p: ChlorAlkaliPhysics) -> dict[str, float]:
    c, w = p.caustic, p.walks
    density = caustic_density(c.feed_fraction, c.feed_temperature)
    return {
        "D-201.level": c.tank.level,
        "F-201.flow": (c.circulation + c.water) / density,
        "E-201.temperature": c.feed_temperature,
        "AI-201.strength": c.feed_fraction,
        "F-202.flow": c.water / 995.0,
        "P-201.current": 40.0 + 2.0 * c.circulation,
        "F-203.flow": c.product,
        "D-203.density": caustic_density(c.tank.fraction, 318.15),
        "AI-203.strength": c.tank.fraction,
        "TI-203.temperature": 318.15 + 0.5 * w.small,
        "T-201.level": c.product_tank.level,
        "F-205.flow": c.dispatch,
        "F-206.flow": c.evaporation_feed,
        "F-207.flow": c.strong,
        "AI-207.strength": 0.50 + 0.001 * w.small,
        "TI-207.temperature": 353.15 + 0.5 * w.small,
        "PI-207.pressure": 12.0e3 + 100.0 * w.small,
    }


def _chlorine(p: ChlorAlkaliPhysics) -> dict[str, float]:
    h, w = p.chlorine, p.walks
    a, b = p.electrolysers
    chlorine, oxygen = a.chlorine + b.chlorine, a.oxygen + b.oxygen
    share = chlorine / max(chlorine + oxygen, 1e-9) if chlorine > 0 else 0.98
    cooling = p.utilities.supply - 299.15
    valve = p.elements["XV-301.position"].position
    fan = p.elements["K-305.running"].position
    running = min(h.compressed / 20.0, 1.2)
    return {
        "PT-301.pressure": h.pressure,
        "TI-301.temperature": 313.15 + cooling,
        "TI-302.temperature": 286.15 + 0.4 * w.small,
        "AI-302.acid": 0.945 + 0.003 * w.quality,
        "AI-303.moisture": 25.0e-6 * (1.0 + 0.15 * w.quality),
        "F-304.flow": h.compressed * share * M_CL2,
        "K-304.suction": h.pressure - 8.0e3 * running,
        "K-304.discharge": 0.2e6 * min(running, 1.0) + 2.0e3 * w.small,
        "K-304.temperature": 303.15 + 55.0 * running,
        "K-304.current": 30.0 + p.compression[0] / (1.732 * 690.0 * 0.88),
        "K-304.vibration": 2.2e-3 + 0.15e-3 * w.small,
        "AI-304.purity": share - 0.001,
        "AI-304.hydrogen": 0.0006 * (1.0 + 0.1 * w.quality),
        "XV-301.open": float(valve >= 1.0),
        "XV-301.position": valve,
        "K-305.running": float(fan >= 1.0),
        "F-305.flow": (2.0 + 58.0 * fan) / 3600.0,
        "AI-305.strength": p.absorbent,
        "TI-305.temperature": p.ambient + 3.0 + 8.0 * fan,
        "AI-306.chlorine": 0.1e-6 * (1.0 + 2.0 * fan),
    }


def _hydrogen(p: ChlorAlkaliPhysics) -> dict[str, float]:
    h, w = p.hydrogen, p.walks
    vent = p.elements["XV-401.position"].position
    running = min(h.compressed / 20.0, 1.2)
    return {
        "PT-401A.pressure": h.pressure,
        "PT-401B.pressure": h.pressure + 60.0,
        "PT-401C.pressure": h.pressure - 40.0,
        "TI-401.temperature": 308.15 + p.utilities.supply - 299.15,
        "XV-401.open": float(vent >= 1.0),
        "XV-401.position": vent,
        "F-402.flow": h.compressed * NORMAL_VOLUME,
        "F-403.flow": h.escaped * NORMAL_VOLUME,
        "K-402.current": 20.0 + p.compression[1] / (1.732 * 690.0 * 0.88),
        "K-402.discharge": 0.1e6 * min(running, 1.0) + 1.0e3 * w.small,
        "K-402.temperature": 308.15 + 45.0 * running,
        "AI-402.purity": 0.9985,
        "AI-402.oxygen": 0.001,
    }


def _utilities(p: ChlorAlkaliPhysics) -> dict[str, float]:
    u, w = p.utilities, p.walks
    chilled = 15.0
    return {
        "CW-501.supply_temperature": u.supply,
        "CW-501.return_temperature": u.supply + u.warming,
        "CW-501.flow": u.cooling_flow / 997.0,
        "CW-501.pressure": 0.38e6 + 3.0e3 * w.small,
        "CH-502.supply_temperature": 280.15 + 0.2 * w.small,
        "CH-502.return_temperature": 280.15 + u.chilled / (chilled * 4186.0),
        "CH-502.flow": chilled / 1000.0,
        "CH-502.power": u.chiller,
        "CA-503.pressure": 0.62e6 + 5.0e3 * w.small,
        "CA-503.dew_point": ZERO_C - 45.0 + 0.5 * w.small,
        "ST-504.pressure": 0.52e6 + 8.0e3 * w.small,
        "ST-504.temperature": 438.15 + 1.5 * w.small,
        "ST-504.flow": (p.brine.heater + p.brine.dechlorination_heat + p.caustic.evaporation_heat) / 2.1e6,
        "DW-505.conductivity": 0.6e-4,
        "DW-505.level": 0.7 + 0.03 * w.small,
        "EL-506.voltage": p.bus,
        "EL-506.frequency": 50.0 + 0.02 * w.frequency,
    }


def _safety(p: ChlorAlkaliPhysics) -> dict[str, float]:
    background = 0.08e-6 * (1.0 + 0.1 * p.walks.small)
    return {
        "GD-301A.chlorine": background,
        "GD-301B.chlorine": background * 1.2,
        "GD-301C.chlorine": background * 0.9,
        "GD-401A.hydrogen": 0.01,
        "GD-401B.hydrogen": 0.012,
    }
