"""Faults of instruments, meters, interlocks and communication, as a scenario file or a test names them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from plant.model import Id
from plant.status import BAD_OUT_OF_RANGE, BAD_SENSOR_FAILURE

StatusCode = Annotated[int, Field(ge=0, le=0xFFFF_FFFF)]
Span = Annotated[float, Field(ge=0, le=31_536_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Frozen(_Part):
    """The sensor keeps its last value, with a Good status and new times."""

    kind: Literal["frozen"] = "frozen"
    point: Id


class Drift(_Part):
    """The sensor wanders off steadily."""

    kind: Literal["drift"] = "drift"
    point: Id
    per_hour: float
    """Rate [point unit per hour]."""


class Spike(_Part):
    """The sensor shows a constant amount too much for the time of the fault; keep that time short."""

    kind: Literal["spike"] = "spike"
    point: Id
    size: float
    """Added to the value [point unit]."""


class OutOfRange(_Part):
    """The sensor shows a value outside its range, and says so."""

    kind: Literal["out_of_range"] = "out_of_range"
    point: Id
    value: float
    """Shown while the status is not Bad; a Bad status carries no value [point unit]."""
    status: StatusCode = BAD_OUT_OF_RANGE


class BadStatus(_Part):
    """The signal has a status and, when that is Bad, no value. An MQTT device has one status for all."""

    kind: Literal["bad_status"] = "bad_status"
    point: Id
    status: StatusCode = BAD_SENSOR_FAILURE


class Stale(_Part):
    """No updates at all. An MQTT device sends whole messages: all its points fall silent."""

    kind: Literal["stale"] = "stale"
    point: Id


class MeterRollover(_Part):
    """The counter stands just below its modulus. Begin with the scenario: later, the move itself is a jump."""

    kind: Literal["meter_rollover"] = "meter_rollover"
    meter: Id
    below: Annotated[float, Field(gt=0)] = 1.0
    """How far below the modulus [point unit]."""


class MeterReset(_Part):
    """The counter starts again from 0, as after a change of the device."""

    kind: Literal["meter_reset"] = "meter_reset"
    meter: Id


class MeterStuck(_Part):
    """The counter stands still and then goes on from where it stood."""

    kind: Literal["meter_stuck"] = "meter_stuck"
    meter: Id


class Demand(_Part):
    """A true cause on as many channels as must vote; with a healthy interlock it trips and nothing is wrong."""

    kind: Literal["demand"] = "demand"
    interlock: Id
    ramp: Span = 5.0
    """Time to reach it [s]."""


class InterlockMissed(Demand):
    """A demand that the logic solver does not act on."""

    kind: Literal["interlock_missed"] = "interlock_missed"  # type: ignore[assignment]


class InterlockSlow(Demand):
    """A demand whose final elements reach the safe state too late."""

    kind: Literal["interlock_slow"] = "interlock_slow"  # type: ignore[assignment]


class DemandUnderBypass(Demand):
    """A demand while the whole interlock is bypassed."""

    kind: Literal["demand_under_bypass"] = "demand_under_bypass"  # type: ignore[assignment]


class InterlockSpurious(_Part):
    """A trip without a cause."""

    kind: Literal["interlock_spurious"] = "interlock_spurious"
    interlock: Id


class BypassLeftOn(_Part):
    """The whole interlock is bypassed."""

    kind: Literal["bypass_left_on"] = "bypass_left_on"
    interlock: Id


class DeviceOffline(_Part):
    """A device makes no values: a whole source, or one MQTT meter."""

    kind: Literal["device_offline"] = "device_offline"
    device: Id


class ServerRestart(_Part):
    """The OPC UA server is down; the values made meanwhile are in its history."""

    kind: Literal["server_restart"] = "server_restart"
    late_nodes: Annotated[tuple[Id, ...], Field(max_length=1000)] = ()
    """Points that are unknown to the server when it is back."""
    late_by: Span = 0.0
    """How much later they appear [s]."""


class ClockWrong(_Part):
    """The source's clock is off. Not a whole number of seconds: else times repeat when it is put right."""

    kind: Literal["clock_wrong"] = "clock_wrong"
    source: Id
    offset: Annotated[float, Field(ge=-31_536_000, le=31_536_000)]
    """Added to its times [s]."""


Fault = Annotated[
    Frozen
    | Drift
    | Spike
    | OutOfRange
    | BadStatus
    | Stale
    | MeterRollover
    | MeterReset
    | MeterStuck
    | Demand
    | InterlockMissed
    | InterlockSlow
    | DemandUnderBypass
    | InterlockSpurious
    | BypassLeftOn
    | DeviceOffline
    | ServerRestart
    | ClockWrong,
    Field(discriminator="kind"),
]
"""Any fault; ``kind`` tells which."""
