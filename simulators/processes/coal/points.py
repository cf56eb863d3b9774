"""What each instrument of the mine stands in: true values in SI units, by point id."""

from simulators.processes.coal.constants import ZERO_C
from simulators.processes.coal.elements import BELTS, BRAKE, COMPRESSOR, FACE, HEADINGS, RETURN, SHEARER, WASHERY
from simulators.processes.coal.face import AREA
from simulators.processes.coal.goaf import DRAINED
from simulators.processes.coal.haulage import BUNKER_AIR, Belt
from simulators.processes.coal.heading import AREA as HEADING_AREA
from simulators.processes.coal.hoist import PAYLOAD, TOP_SPEED
from simulators.processes.coal.physics import MinePhysics
from simulators.processes.coal.surface import BOREHOLE_FRACTION, BOREHOLES
from simulators.processes.coal.ventilation import NATURAL

_UNDERGROUND_VOLTAGE, _FACE_VOLTAGE, _HEADING_VOLTAGE = 10_000.0, 3_300.0, 1_140.0
_ROOT3_COS = 1.732 * 0.85
_BELT_VOLTAGE, _FAN_VOLTAGE = 1_140.0, 10_000.0
_CO_SOURCE = 9.0e-5
"""Carbon monoxide from slow oxidation in the goaf [m3/s]; in a heading a tenth."""
_CO_AIR = 1.0e-6
_HEADING_POINTS = tuple(
    (
        f"AT-{n}1.methane",
        f"AT-{n}2.methane",
        f"AT-{n}3.methane",
        f"CO-{n}0.co",
        f"TE-{n}0.temperature",
        f"VS-{n}0.speed",
        f"DU-{n}0.dust",
        f"DF-{n}0.flow",
        f"LF-{n}1.running",
        f"LF-{n}2.running",
        f"LF-{n}1.current",
        f"LF-{n}2.current",
        f"RH-{n}0.current",
        f"RH-{n}0.rate",
        f"FS-{n}0.powered",
        f"SW-{n}0.voltage",
        f"SW-{n}0.current",
        f"SW-{n}0.power",
    )
    for n in (12, 13)
)
"""Of heading 1102 (12) and 1103 (13), in the order of ``_heading``."""


def true_values(p: MinePhysics) -> tuple[tuple[str, dict[str, float]], ...]:
    """True value of every point in SI units: parts of the mine with the prefix of their point ids.

    The order of the parts and of their keys is the order of the columns and never changes.
    """
    return (
        ("MF-1.", _fan(p, 0)),
        ("MF-2.", _fan(p, 1)),
        ("", _ventilation(p)),
        ("", _face_air(p)),
        ("", _face_machines(p)),
        ("", _heading(p, 0)),
        ("", _heading(p, 1)),
        ("CV-101.", _belt(p, 0)),
        ("CV-102.", _belt(p, 1)),
        ("", _hoist(p)),
        ("", _water(p)),
        ("", _surface(p)),
        ("", _washery(p)),
        ("", p.rates),
    )


def _fan(p: MinePhysics, i: int) -> dict[str, float]:
    v = p.ventilation
    on = 1.0 if v.duty == i else 0.0
    power = on * v.power
    return {
        "speed": on * v.speed,
        "current": power / (_FAN_VOLTAGE * _ROOT3_COS),
        "power": power,
        "vibration": on * (2.4e-3 + 0.1e-3 * p.walks.small),
        "bearing_temperature": p.surface.ambient + 12.0 + on * 22.0,
        "running": float(on > 0.0 and v.energised),
    }


def _ventilation(p: MinePhysics) -> dict[str, float]:
    v, s, back = p.ventilation, p.surface, p.main_return
    mixed = p.heat[1].temperature
    if v.flow > 1.0:
        mixed = sum(q * w.temperature for q, w in zip(p.splits, p.heat[1:], strict=True)) / v.flow
    velocity = v.fan_flow / 18.0
    return {
        "FD-001.flow": v.fan_flow,
        "FD-001.pressure": v.pressure,
        "FD-001.speed": velocity,
        "FD-001.methane": back.fraction(7),
        "FD-001.co": _CO_AIR + 1.3 * _CO_SOURCE / max(v.flow, 5.0),
        "FD-001.temperature": mixed - 5.4,
        "MF-000.efficiency": v.efficiency if v.energised else 0.0,
        "VD-001.pressure": 0.82 * max(v.pressure + NATURAL, 0.0),
        "SH-001.ambient_temperature": s.ambient,
        "SH-001.air_temperature": s.intake,
        "SH-001.barometer": s.barometer,
        "SH-001.flow": v.flow,
    }


def _face_air(p: MinePhysics) -> dict[str, float]:
    f = p.face
    air = max(f.gate.flow, 0.0)
    place = min(int(4.0 * f.shearer.position / 220.0), 3)
    return {
        "AT-110.methane": f.corner,
        "AT-111.methane": f.wall.fraction(3),
        "AT-112.methane": f.returned.fraction(0),
        "AT-113.methane": f.outer.fraction(0),
        "AT-114.methane": f.wall.fraction(place) + 0.001,
        "AT-115.methane": f.gate.fraction(3),
        "CO-110.co": _CO_AIR + _CO_SOURCE / max(air, 2.0),
        "TE-110.temperature": p.heat[1].temperature,
        "VS-110.speed": f.wall.flow / AREA,
        "AF-110.flow": air,
        "DU-110.dust": 2.0e-6 + 0.09e-6 * f.shearer.rate,
        "GP-110.methane": f.goaf.fraction,
        "GP-110.flow": DRAINED,
    }


def _face_machines(p: MinePhysics) -> dict[str, float]:
    f, w = p.face, p.walks
    powered = 1.0 if p.on(FACE) else 0.0
    volts = _FACE_VOLTAGE * _ROOT3_COS
    working = 1.0 if f.fixed > 0.5 * p.case.face_fixed_power else 0.0
    return {
        "SR-110.position": f.shearer.position,
        "SR-110.speed": f.shearer.speed,
        "SR-110.current_left": 0.52 * f.shearer_power / volts,
        "SR-110.current_right": 0.48 * f.shearer_power / volts,
        "SR-110.rate": f.shearer.rate,
        "AFC-110.current": f.conveyor_power / volts,
        "ST-110.current": 0.25 * f.fixed / volts,
        "CR-110.current": working * (18.0 + 0.12 * f.shearer.rate),
        "EP-110.pressure": powered * (31.5e6 + 0.3e6 * w.small),
        "EP-110.level": 0.75 + 0.02 * w.small,
        "SU-110.leg_pressure": 28.0e6 + 1.2e6 * w.load,
        "PW-110.flow": p.water.spray,
        FACE: powered,
        RETURN: float(p.on(RETURN)),
        SHEARER: float(p.on(SHEARER)),
        "SW-110.voltage": powered * _FACE_VOLTAGE * p.voltage,
        "SW-110.current": f.power / volts,
        "SW-110.power": f.power,
    }


def _heading(p: MinePhysics, i: int) -> dict[str, float]:
    h = p.headings[i]
    volts = _HEADING_VOLTAGE * _ROOT3_COS
    powered = 1.0 if p.on(HEADINGS[i]) else 0.0
    fan = p.case.local_fan_power / (660.0 * _ROOT3_COS)
    one, two = h.running
    gas, flow = h.end.fraction(0), h.road.flow
    values = (
        gas,
        h.road.fraction(4),
        gas + 0.0005,
        _CO_AIR + 0.1 * _CO_SOURCE / max(flow, 0.5),
        p.heat[2 + i].temperature,
        flow / HEADING_AREA,
        2.0e-6 + 0.25e-6 * h.rate,
        h.blown,
        float(one),
        float(two),
        fan if one else 0.0,
        fan if two else 0.0,
        max(h.power - p.case.heading_fixed_power, 0.0) / volts,
        h.rate,
        powered,
        powered * _HEADING_VOLTAGE * p.voltage,
        h.power / volts,
        h.power,
    )
    return dict(zip(_HEADING_POINTS[i], values, strict=True))


def _belt(p: MinePhysics, i: int) -> dict[str, float]:
    belt: Belt = p.belts[i]
    return {
        "running": float(p.on(BELTS[i])),
        "speed": belt.speed,
        "current": belt.power / (_BELT_VOLTAGE * _ROOT3_COS),
        "power": belt.power,
        "load": belt.mass,
        "discharge": belt.discharge,
        "slip": belt.slip,
        "drum_temperature": belt.temperature,
        "pile_level": belt.pile,
        "tension": 60.0e3 + 0.35 * belt.power / max(belt.speed, 1.0),
        "co": _CO_AIR + 1.0e-6 + 0.2e-6 * p.walks.small,
    }


def _hoist(p: MinePhysics) -> dict[str, float]:
    h, b = p.hoist, p.bunker
    brake = p.on(BRAKE)
    return {
        "BN-101.level": b.level,
        "BN-101.methane": b.gas / (BUNKER_AIR + b.gas),
        "FE-103.rate": h.feeding,
        "LP-101.level": h.pocket / (1.2 * PAYLOAD),
        "HO-101.position": h.position,
        "HO-101.speed": h.speed,
        "HO-101.load": h.load,
        "HO-101.power": h.power,
        "HO-101.rope_tension": 9.80665 * (14_000.0 + h.load),
        "HO-101.brake_pressure": 0.3e6 if brake or h.braked else 9.5e6 * min(0.9 + 0.1 * h.speed / TOP_SPEED, 1.0),
        "HO-101.motor_temperature": h.temperature,
        BRAKE: float(brake),
        "RB-101.level": p.receiving / 120_000.0,
        "HO-102.power": 90.0e3 * (1.0 + 0.3 * p.walks.load),
    }


def _water(p: MinePhysics) -> dict[str, float]:
    w = p.water
    each = w.power / max(w.pumps, 1) / (_UNDERGROUND_VOLTAGE * _ROOT3_COS)
    one, two, three = (float(runs) for runs in w.running)
    warm = w.temperatures
    return {
        "SU-301.level": w.level,
        "SU-301.inflow": w.inflow,
        "P-301.running": one,
        "P-301.current": one * each,
        "P-301.flow": one * w.flow,
        "P-301.bearing_temperature": warm[0],
        "P-302.running": two,
        "P-302.current": two * each,
        "P-302.flow": two * w.flow,
        "P-302.bearing_temperature": warm[1],
        "P-303.running": three,
        "P-303.current": three * each,
        "P-303.flow": three * w.flow,
        "P-303.bearing_temperature": warm[2],
        "PP-301.pressure": 1000.0 * 9.80665 * (w.head if w.pumps else 550.0),
        "TK-301.level": w.tank / 2000.0,
        "TE-301.temperature": p.heat[4].temperature,
    }


def _surface(p: MinePhysics) -> dict[str, float]:
    s, w = p.surface, p.walks
    goaf = p.face.goaf.drained_methane
    pure = goaf + BOREHOLES * BOREHOLE_FRACTION
    mixture = DRAINED + BOREHOLES
    running = p.on(COMPRESSOR)
    return {
        COMPRESSOR: float(running),
        "CA-401.pressure": s.receiver,
        "CA-401.flow": s.air_used if running else 0.0,
        "CA-401.discharge_temperature": s.compressor_temperature,
        "CA-401.current": s.compressors / (10_000.0 * _ROOT3_COS),
        "GD-501.flow": mixture,
        "GD-501.methane": pure / mixture,
        "GD-501.suction": -24.0e3 + 300.0 * w.small,
        "GD-501.temperature": ZERO_C + 18.0 + 0.5 * w.small,
        "GD-501.pure_flow": pure,
        "GD-501.room_methane": 0.0004 * (1.0 + 0.1 * w.small),
        "GD-501.power": p.gas_pumps,
        "EL-601.voltage": 35.2e3 * p.voltage,
        "EL-601.frequency": 50.0 + 0.02 * w.frequency,
        "EL-601.power": p.power.incoming,
        "EL-602.voltage": 10.05e3 * p.voltage,
    }


def _washery(p: MinePhysics) -> dict[str, float]:
    r, w = p.washery, p.walks
    running = 1.0 if p.on(WASHERY) else 0.0
    return {
        WASHERY: running,
        "PR-701.feed": r.feed,
        "PR-701.silo_level": r.level,
        "PR-701.raw_ash": r.raw_ash,
        "PR-701.clean_ash": r.clean_ash,
        "PR-701.yield": r.yielded,
        "PR-701.clean_rate": r.clean,
        "PR-701.reject_rate": r.reject,
        "PR-701.density": r.density,
        "PR-701.medium_pressure": running * (0.16e6 + 1.5e3 * w.small),
        "PR-701.medium_level": r.magnetite / 60_000.0 * 0.7,
        "PR-701.water": running * 0.22 * (0.8 + 0.2 * r.feed / 60.0),
        "PR-701.make_up": r.water_added / 1000.0,
        "PR-701.thickener_level": 0.55 + 0.03 * w.small,
        "PR-701.clean_moisture": p.case.clean_moisture + 0.002 * w.small,
        "PR-701.pump_current": running * (120.0 + 0.8 * r.feed),
        "PR-701.vibration": running * (4.5e-3 + 0.1e-3 * w.small),
    }
