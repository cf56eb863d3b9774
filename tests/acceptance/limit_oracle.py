"""Limit alarms the slow and obvious way: value by value, straight from the plant file's own words."""

from collections import Counter

from plant.clock import SECOND
from plant.model import AlarmKind, AlarmLimit, Plant
from plant.readings import Readings
from plant.status import StatusClass, status_class


def expected_limit_alarms(plant: Plant, readings: Readings) -> Counter[str]:
    """How often each limit should be raised; readings in order of arrival, each time once per point."""
    raised: Counter[str] = Counter()
    for point in plant.points.values():
        if point.alarms:
            mine = readings.select([point.id]).in_time_order()
            rows = list(zip(mine.time.tolist(), mine.value.tolist(), mine.status.tolist(), strict=True))
            for limit in point.alarms:
                raised[limit.id] += _times_raised(limit, rows)
    return +raised


def _times_raised(limit: AlarmLimit, rows: list[tuple[int, float, int]]) -> int:
    count, active, since = 0, False, None
    for time, value, status in rows:
        quality = status_class(status)
        if limit.kind is AlarmKind.BAD_STATUS:
            sets, clears = quality is StatusClass.BAD, quality is not StatusClass.BAD
        elif quality is StatusClass.BAD:
            since = None if active else since
            continue
        else:
            sets, clears = _beyond(limit, value), not _beyond(limit, value, eased=limit.deadband)
            clears = clears and quality is StatusClass.GOOD
        wanted = clears if active else sets
        since = (time if since is None else since) if wanted else None
        delay = (limit.off_delay if active else limit.on_delay) * SECOND
        if since is not None and time - since >= delay:
            active, since = not active, None
            count += active
    return count


def _beyond(limit: AlarmLimit, value: float, *, eased: float = 0.0) -> bool:
    assert limit.limit is not None
    match limit.kind:
        case AlarmKind.HIGH:
            return value >= limit.limit - eased
        case AlarmKind.LOW:
            return value <= limit.limit + eased
        case _:
            return value == limit.limit
