"""Hours and days in the plant's time zone, as nanoseconds UTC."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from plant.clock import from_datetime, to_datetime
from plant.virtual import Period


def start_of(when: int, period: Period, zone: ZoneInfo) -> int:
    """Start [ns UTC] of the hour or day that holds ``when`` [ns UTC]."""
    local = to_datetime(when).astimezone(zone)
    match period:
        case Period.HOUR:
            return from_datetime(local.replace(minute=0, second=0, microsecond=0))
        case Period.DAY:
            return from_datetime(datetime.combine(local.date(), time(), tzinfo=zone))


def end_of(start: int, period: Period, zone: ZoneInfo) -> int:
    """End [ns UTC] of the period that starts at ``start`` [ns UTC]: days follow the zone's clock changes."""
    match period:
        case Period.HOUR:
            return start + 3_600_000_000_000
        case Period.DAY:
            local = to_datetime(start).astimezone(zone)
            return from_datetime(datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=zone))
