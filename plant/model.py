"""The plant file: what a plant engineer writes by hand, as frozen, checked objects.

Plant › Area › Unit › Point, with energy meters, products and interlocks beside them. This module is the shape
and the rules of a single object; ``plant.plantfile`` reads YAML, checks what refers to what, and reports every
error at once with its line.
"""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-/]{0,127}$")]
"""Letters, digits and ``_ . - /``, at most 128; unique in the file."""
Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]


class Part(BaseModel):
    """Settings common to every part of the file: unknown keys refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Named(Part):
    """A part with an id and a name in both languages."""

    id: Id
    name: Title
    name_zh: Title | None = None

    def title(self, language: str) -> str:
        """The name in ``language`` (``en`` or ``zh``); English where no Chinese one is given."""
        return self.name_zh if language == "zh" and self.name_zh is not None else self.name


# --- sources and points -------------------------------------------------------------------------


class OpcUaSource(Part):
    """An OPC UA server. Its address and credentials are deployment settings, not part of this file."""

    id: Id
    protocol: Literal["opcua"]
    publishing_interval: Seconds = 0.5
    """Requested publishing interval [s]."""
    silent_after: Seconds = 30
    """Report a silent input when nothing at all has arrived for this long [s]."""


class MqttSource(Part):
    """An MQTT broker that field devices publish to."""

    id: Id
    protocol: Literal["mqtt"]
    silent_after: Seconds = 30
    """Report a silent input when nothing at all has arrived for this long [s]."""


Source = Annotated[OpcUaSource | MqttSource, Field(discriminator="protocol")]


class OpcUaAddress(Part):
    """Where a point lives in an OPC UA server."""

    source: Id
    node: Annotated[str, StringConstraints(min_length=3, max_length=512)]
    """Node id, with the namespace by URI so that it survives a restart: ``nsu=urn:…;s=E-101.current``."""
    sampling: Seconds = 0.0
    """Requested sampling interval [s]; 0 asks for the fastest the server has."""
    queue: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Values that the server keeps for us between two publishes."""
    deadband: Annotated[float, Field(ge=0)] = 0.0
    """Absolute deadband in the point's unit; 0 for every change."""


class MqttAddress(Part):
    """Where a point lives in MQTT payloads."""

    source: Id
    topic: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    """Topic filter; ``+`` and ``#`` are allowed."""
    value: str = "$"
    """Path of the value in a JSON payload, ``$.power.active``; ``$`` for a plain number."""
    time: str | None = None
    """Path of the source time: ISO 8601, or seconds or milliseconds since 1970; None uses the arrival."""
    status: str | None = None
    """Path of an OPC UA status code; None means Good."""


class Kind(StrEnum):
    """What a point holds."""

    ANALOG = "analog"
    DISCRETE = "discrete"
    COUNTER = "counter"
    TEXT = "text"
    VIRTUAL = "virtual"
    """Computed by plantwatch itself; has no address."""


class AlarmKind(StrEnum):
    """The test of a limit alarm."""

    HIGH = "high"
    LOW = "low"
    EQUALS = "equals"
    BAD_STATUS = "bad_status"


class Priority(StrEnum):
    """Alarm priority."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlarmLimit(Part):
    """One alarm of one point: sets at ``value >= limit`` (high), returns at ``value < limit - deadband``."""

    id: Id
    kind: AlarmKind
    limit: float | None = None
    """In the point's unit; needed for every kind but ``bad_status``."""
    deadband: Annotated[float, Field(ge=0)] = 0.0
    """Delays only the return; in the point's unit."""
    on_delay: Seconds = 0.0
    off_delay: Seconds = 0.0
    priority: Priority = Priority.MEDIUM
    latching: bool = False
    message: Title | None = None
    message_zh: Title | None = None


class Point(Named):
    """One measured, switched, counted or computed quantity."""

    kind: Kind = Kind.ANALOG
    address: OpcUaAddress | MqttAddress | None = None
    unit: Unit = "1"
    range: tuple[float, float] | None = None
    """Low and high end of the instrument's range, in ``unit``."""
    period: Seconds | None = None
    """Expected time between values [s]; None when the point reports by exception."""
    states: dict[int, Title] = Field(default_factory=dict)
    """Meaning of the values of a discrete point."""
    states_zh: dict[int, Title] = Field(default_factory=dict)
    alarms: tuple[AlarmLimit, ...] = ()


class ProcessUnit(Named):
    """A process unit or machine with its points."""

    points: tuple[Point, ...] = ()


class Area(Named):
    """A plant area with its units."""

    units: tuple[ProcessUnit, ...] = ()


# --- energy -------------------------------------------------------------------------------------


class MeterKind(StrEnum):
    """How a meter tells an amount."""

    CUMULATIVE = "cumulative"
    """A counter; an amount is the difference of two values."""
    RATE = "rate"
    """An amount per time; an amount is its integral."""


class Direction(StrEnum):
    """Which way the energy flows through the product's boundary."""

    IN = "in"
    OUT = "out"
    """Exported or recovered: deducted."""


class Meter(Named):
    """An energy or production meter on one point."""

    point: Id
    kind: MeterKind = MeterKind.CUMULATIVE
    rollover: Decimal | None = None
    """The counter's modulus in the point's unit: after it comes 0. None: it never rolls over."""
    max_rate: Decimal | None = None
    """Highest believable rate [point unit per hour]: tells a roll-over from a reset, and finds jumps."""
    stuck_after: Seconds = 900
    """A counter that stands still this long [s] while its consumer runs is stuck."""
    rate: Id | None = None
    """Point with the meter's own momentary rate: tells a stuck counter from a consumer at rest."""


class EnergyMeter(Meter):
    """An energy meter: what it counts and how that becomes standard coal."""

    carrier: Id
    """Carrier key of the coefficient set, for example ``electricity_equivalent`` or ``heat``."""
    direction: Direction = Direction.IN


class LimitRow(Part):
    """Which row of which edition of a limit standard applies."""

    standard: Title
    """Number with edition, for example ``GB 21257-2024``."""
    row: Id
    """Row key in the data, for example ``gb21257_2024.caustic_30``."""


class Product(Named):
    """A product with its production meter, its energy boundary and its limit."""

    production: Meter
    """Counts tonnes of product at its stated strength; its point's unit must convert to t."""
    meters: Annotated[tuple[Id, ...], Field(min_length=1)]
    """Energy meters inside the boundary."""
    coefficients: Title
    """Coefficient set, for example ``GB/T 2589-2020``."""
    limit: LimitRow
    min_coverage: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Below this share of the period with data, the answer is *not assessable*."""
    result: Id
    """Prefix of the virtual points that carry the results, see ``plant.virtual``."""


# --- interlocks ---------------------------------------------------------------------------------


class Comparator(StrEnum):
    """How a cause compares its value with the set point."""

    GE = ">="
    GT = ">"
    LE = "<="
    LT = "<"
    EQ = "=="


class BadVote(StrEnum):
    """What a channel with a Bad status counts as in the vote."""

    TRIP = "trip"
    NO_VOTE = "no_vote"


class Cause(Part):
    """One input channel of an interlock."""

    point: Id
    comparator: Comparator
    set_point: float
    """In the point's unit."""
    hysteresis: Annotated[float, Field(ge=0)] = 0.0
    bad_counts_as: BadVote = BadVote.NO_VOTE
    bypass: Id | None = None
    """Discrete point: 1 while this channel is bypassed."""


class Effect(Named):
    """A final element that the interlock drives to its safe state."""

    feedback: Id
    """Discrete or analog point that tells where the element is."""
    safe_state: float
    """Value of ``feedback`` in the safe state."""
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    travel: Seconds
    """Allowed time from the command to the safe state [s]."""


class Interlock(Named):
    """A safety instrumented function as cause and effect."""

    sil: Annotated[int, Field(ge=1, le=4)] | None = None
    voting: Annotated[str, StringConstraints(pattern=r"^[1-9]oo[1-9]$")]
    """MooN: M of the N causes must vote to trip."""
    causes: Annotated[tuple[Cause, ...], Field(min_length=1)]
    delay: Seconds = 0.0
    """Trip delay of the logic solver [s]."""
    scan: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Scan period of the logic solver [s]."""
    response: Annotated[float, Field(gt=0)]
    """Allowed time from the demand to the safe state [s]."""
    command: Id
    """Discrete point: 1 while the interlock is tripped."""
    bypass: Id | None = None
    """Discrete point: 1 while the whole interlock is bypassed."""
    reset: Id | None = None
    """Discrete point: rises to 1 when an operator resets the latch."""
    bypass_limit: Seconds = 28_800
    """Longest bypass without a permit [s]; the default of one shift is a proposal, no standard gives it."""
    effects: Annotated[tuple[Effect, ...], Field(min_length=1)]
    clause: Title = "plant safety requirements specification"

    @property
    def votes_needed(self) -> int:
        """M of MooN."""
        return int(self.voting[0])

    @property
    def channels(self) -> int:
        """N of MooN."""
        return int(self.voting[-1])


# --- the whole ----------------------------------------------------------------------------------


class Plant(Named):
    """A whole plant file."""

    schema_version: Literal[1]
    time_zone: str = "Asia/Urumqi"
    """IANA name; hours and days of the energy accounts are cut in it."""
    sources: tuple[Source, ...] = ()
    areas: tuple[Area, ...] = ()
    meters: tuple[EnergyMeter, ...] = ()
    products: tuple[Product, ...] = ()
    interlocks: tuple[Interlock, ...] = ()

    @cached_property
    def points(self) -> dict[str, Point]:
        """Every declared point by id; results and health are virtual, see ``plant.virtual``."""
        return {p.id: p for a in self.areas for u in a.units for p in u.points}

    @cached_property
    def meter(self) -> dict[str, EnergyMeter]:
        """Every energy meter by id."""
        return {m.id: m for m in self.meters}
