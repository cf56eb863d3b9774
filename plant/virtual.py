"""Ids of virtual points: what plantwatch itself measures and computes, stored and shown like any other point.

sys/<agent>/<source>/<metric>     health of an agent's source, see ``HealthMetric``
<product.result>/<period>         unit consumption [kgce/t] of a closed hour or day, time = its start
<product.result>/<period>/coverage    share of that period with data [0..1]
<product.result>/so-far               unit consumption [kgce/t] of the present hour until the reading's time
<product.result>/so-far/coverage      share of that part of the hour with data [0..1]
"""

from enum import StrEnum

from plant.model import Plant

SYSTEM = "sys/"


class HealthMetric(StrEnum):
    """What an agent tells about each of its sources; counters start at 0 with the agent process."""

    RECEIVED = "received"
    """Values that came from the device [1]."""
    SENT = "sent"
    """Values that the broker has taken responsibility for [1]."""
    SPOOLED = "spooled"
    """Values on the agent's disk, not sent yet [1]."""
    LOST = "lost"
    """Values declared lost [1]."""
    CONNECTED = "connected"
    """1 only when every item has delivered or is listed as failing with its reason."""
    FAILING = "failing"
    """Number of items that fail; the reading's text lists them with their reasons [1]."""
    AGE = "age"
    """Time since the last value arrived [s]."""


class Period(StrEnum):
    """Accounting periods of the thin energy account."""

    HOUR = "hour"
    DAY = "day"


def health_point(agent: str, source: str, metric: HealthMetric) -> str:
    """Id of one health point."""
    return f"{SYSTEM}{agent}/{source}/{metric}"


def result_point(result: str, period: Period) -> str:
    """Id of the unit consumption of a product [kgce/t]; ``result`` is the product's ``result`` prefix."""
    return f"{result}/{period}"


def coverage_point(result: str, period: Period) -> str:
    """Id of the data coverage that belongs to a unit consumption [0..1]."""
    return f"{result}/{period}/coverage"


def so_far_point(result: str) -> str:
    """Id of the unit consumption of the hour that is not closed yet [kgce/t]; never a verdict."""
    return f"{result}/so-far"


def so_far_coverage_point(result: str) -> str:
    """Id of the data coverage of the hour so far [0..1]."""
    return f"{result}/so-far/coverage"


def result_units(plant: Plant) -> dict[str, str]:
    """Unit of every result point that this plant's products give rise to."""
    units: dict[str, str] = {}
    for product in plant.products:
        for period in Period:
            units[result_point(product.result, period)] = "kgce/t"
            units[coverage_point(product.result, period)] = "1"
        units[so_far_point(product.result)] = "kgce/t"
        units[so_far_coverage_point(product.result)] = "1"
    return units
