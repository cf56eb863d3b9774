"""One value as OPC UA carries it."""

from math import isnan

from asyncua import ua

from plant.clock import to_datetime

_NULL = ua.Variant(None, ua.VariantType.Null)
_GOOD = ua.StatusCode(0)


def data_value(value: float, status: int, time: int, text: str | None = None) -> ua.DataValue:
    """A Double, or a String, with its status code and source time [ns UTC]; nothing, or a Bad status: no value."""
    code = _GOOD if status == 0 else ua.StatusCode(status)
    when = to_datetime(time)
    if status >> 31 or (text is None and isnan(value)):
        variant = _NULL
    elif text is not None:
        variant = ua.Variant(text, ua.VariantType.String)
    else:
        variant = ua.Variant(value, ua.VariantType.Double)
    return ua.DataValue(variant, code, when, when)
