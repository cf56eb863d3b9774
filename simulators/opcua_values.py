"""One value as OPC UA carries it."""

from math import isnan

from asyncua import ua

from plant.clock import to_datetime

_NULL = ua.Variant(None, ua.VariantType.Null)
_CODES = {0: ua.StatusCode(0)}


def data_value(value: float, status: int, time: int) -> ua.DataValue:
    """A Double with its status code and source time [ns UTC]; NaN or a Bad status has no value."""
    code = _CODES[0] if status == 0 else ua.StatusCode(status)
    empty = isnan(value) or status >> 31
    variant = _NULL if empty else ua.Variant(value, ua.VariantType.Double)
    when = to_datetime(time)
    return ua.DataValue(variant, code, when, when)
