"""The parameters that this installation's rules run with, live and in a replay."""

from analytics.interlocks.parameters import Parameters, default_parameters


def parameters(speed: float) -> Parameters:
    """The interlock parameters; a clock that runs ``speed`` times as fast stretches the ways of values to us."""
    found, times = default_parameters(), max(1.0, speed)
    return found.model_copy(update={"skew": found.skew * times, "lateness": found.lateness * times})
