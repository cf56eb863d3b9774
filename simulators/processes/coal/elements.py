"""The mine's final elements: power switches, belt drives, the hoist's brake, compressors, the washery's drives."""

from simulators.processes.final_elements import FinalElement

FACE, RETURN, SHEARER = "FS-110.powered", "FS-111.powered", "FS-112.powered"
HEADINGS = ("FS-120.powered", "FS-130.powered")
BELTS = ("CV-101.running", "CV-102.running")
BRAKE = "HO-101.brake"
COMPRESSOR = "CA-401.running"
WASHERY = "PR-701.running"
_SWITCH = 0.1
"""A mining vacuum switch opens and closes within 0.1 s; a contactor's data sheet is this mine's own [s]."""


def mine_elements() -> dict[str, FinalElement]:
    """By feedback point. Safe: no power, nothing turning, brake applied."""
    off = (FACE, RETURN, SHEARER, *HEADINGS, *BELTS, COMPRESSOR, WASHERY)
    elements = [FinalElement(name, safe=0.0, travel=_SWITCH, position=1.0) for name in off]
    elements.append(FinalElement(BRAKE, safe=1.0, travel=0.4, position=0.0))
    return {element.feedback: element for element in elements}
