"""A plant as its devices show it: the true process, with the faults of instruments and communication laid over."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import Kind, MqttAddress, OpcUaAddress, Plant
from plant.readings import Readings
from plant.status import Codes, StatusClass, is_good, status_class
from simulators import faults as f
from simulators.expected import ENABLE, SETTLE, expected, touches_meter
from simulators.fault_names import check
from simulators.overlay import Columns, Overlay
from simulators.process import InterlockMode, Process
from simulators.true_energy import ProductLimit, TrueHours
from simulators.truth import Truth, device_points, interlock_of, meters_of


@dataclass(slots=True)
class _Active:
    fault: f.Fault
    start: int
    end: int | None = None


class SimulatedPlant:
    """Steps a process and hands out what its devices would send. Same seed, same calls: same bytes."""

    def __init__(self, plant: Plant, process: Process, *, seed: int = 0) -> None:
        """Lay faults over ``process``; ``seed`` is kept for the report.

        Raises:
            FixError: the process has a point that the plant file does not address.
        """
        self.plant, self.process, self.seed = plant, process, seed
        self._begun = process.time
        self.points = process.points
        foreign = [p for p in self.points if p not in plant.points or plant.points[p].address is None]
        if foreign:
            raise FixError(f"points {foreign[:5]} have no address in the plant file {plant.id!r}; add them there")
        self._column = {p: i for i, p in enumerate(self.points)}
        periods = [plant.points[p].period for p in self.points]
        steps = [1 if p is None else max(1, round(p * SECOND / process.step_size)) for p in periods]
        self._period = np.array(steps, np.int64)
        self._on_change = np.array([p is None for p in periods])
        self._any_on_change = bool(self._on_change.any())
        self._codes = np.arange(len(self.points), dtype=np.int32)
        self._counts = np.zeros(len(self.points), np.int64)
        self._value: NDArray[np.float64] = np.full(len(self.points), np.nan)
        self._status: Codes = np.zeros(len(self.points), np.uint32)
        self._n = 0
        self._overlay = Overlay()
        self._faults: list[_Active] = []
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._hours = TrueHours(plant, self._column, process.time)
        self._limits: tuple[ProductLimit, ...] = ()

    @property
    def time(self) -> int:
        """Simulated time of the last step [ns UTC]."""
        return self.process.time

    @property
    def step_size(self) -> int:
        """Length of one step [ns]."""
        return self.process.step_size

    @property
    def produced(self) -> dict[str, int]:
        """Values handed out so far per point, exact."""
        return dict(zip(self.points, self._counts.tolist(), strict=True))

    @property
    def finished(self) -> bool:
        """Never: a simulation has no end."""
        return False

    def advance(self) -> Readings:
        """One step: the rows that the devices send for it."""
        while self._later and self._later[0][0] <= self.process.time:
            heapq.heappop(self._later)[2]()
        value, status = self.process.step()
        self._hours.note(self.process.time, value)
        self._n += 1
        time = np.full(len(value), self.process.time, np.int64)
        due = (self._n % self._period == 0) | (self._n == 1)  # at the start every device shows what it has
        if self._overlay:
            columns = Columns(value, status, time, due)
            self._overlay.apply(columns, self.process.time)
            value, status = columns.value, columns.status
        if self._any_on_change and self._n > 1:
            same = (value == self._value) | (np.isnan(value) & np.isnan(self._value))
            due &= ~(self._on_change & same & (status == self._status))
        self._value, self._status = value, status
        self._counts += due
        return Readings(self.points, self._codes[due], time[due], value[due], status[due])

    def value(self, point: str) -> float:
        """What ``point`` shows now, in its unit; NaN while it has a Bad status.

        Raises:
            FixError: there is no such point.
        """
        return float(self._value[self._at(point)])

    def switch(self, point: str, value: float) -> None:
        """Operate a switch by hand, see ``Process.switch``."""
        self.process.switch(point, value)

    def truth(self) -> list[Truth]:
        """What the faults so far should make the rules find."""
        of_faults = [
            t for a in self._faults for t in expected(self.plant, a.fault, a.start, a.end, begin=self._begun)
        ]
        of_hours = [t for limit in self._limits for t in self._hours.truths(limit, self.time, self._disturbed)]
        return of_faults + of_hours

    def know_limits(self, limits: Sequence[ProductLimit]) -> None:
        """From now on ``truth`` tells in which hours a tonne truly cost more than these allow."""
        self._limits = tuple(limits)

    def _disturbed(self, start: int, end: int) -> bool:
        """Whether a fault of a meter was present between two times [ns UTC]."""
        return any(
            a.start < end and (a.end is None or a.end >= start - SETTLE) and touches_meter(self.plant, a.fault)
            for a in self._faults
        )

    @property
    def active(self) -> tuple[f.Fault, ...]:
        """The faults in force."""
        return tuple(a.fault for a in self._faults if a.end is None)

    def inject(self, fault: f.Fault) -> None:
        """Begin a fault with the next step.

        Raises:
            FixError: it names something that this plant does not have.
        """
        check(self.plant, fault)
        self._begin(fault)
        self._faults.append(_Active(fault, self.time))

    def clear(self, fault: f.Fault | None = None) -> None:
        """End ``fault``, or all; trips are reset by hand 120 s later. What is not present is left alone."""
        for active in self._faults:
            if active.end is None and (fault is None or active.fault == fault):
                active.end = self.time
                self._end(active.fault)

    def _at(self, point: str) -> int:
        if point not in self._column:
            raise FixError(f"no point {point!r} in this simulation of plant {self.plant.id!r}")
        return self._column[point]

    def _meter(self, meter: str) -> int:
        return self._at(meters_of(self.plant)[meter])

    def _device(self, point: str) -> NDArray[np.int64]:
        """Columns that share one message with ``point``."""
        column = self._at(point)
        address = self.plant.points[point].address
        if not isinstance(address, MqttAddress):
            return np.array([column])
        return self._columns(
            [
                p
                for p in self.points
                if isinstance(a := self.plant.points[p].address, MqttAddress) and a.topic == address.topic
            ]
        )

    def _columns(self, points: list[str] | tuple[str, ...]) -> NDArray[np.int64]:
        return np.array([self._at(p) for p in points], np.int64)

    def _after(self, delay: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self.process.time + delay, next(self._order), action))

    def _begin(self, fault: f.Fault) -> None:  # noqa: C901 - one branch for each kind of fault
        o = self._overlay
        match fault:
            case f.Frozen():
                o.hold(fault, self._at(fault.point), self.value(fault.point))
            case f.Drift():
                o.drift(fault, self._at(fault.point), fault.per_hour, self.time)
            case f.Spike():
                o.shift(fault, self._at(fault.point), fault.size)
            case f.OutOfRange():
                o.say(fault, self._device(fault.point), fault.status)
                if is_good(np.array([fault.status], np.uint32))[0] or _usable(fault.status):
                    o.hold(fault, self._at(fault.point), fault.value)
            case f.BadStatus():
                o.say(fault, self._device(fault.point), fault.status)
            case f.Stale():
                o.silence(fault, self._device(fault.point))
            case f.DeviceOffline():
                o.silence(fault, self._columns(device_points(self.plant, fault.device)))
            case f.ClockWrong():
                columns = self._columns(device_points(self.plant, fault.source))
                o.move_clock(fault, columns, round(fault.offset * SECOND))
            case f.MeterReset() | f.MeterStuck() | f.MeterRollover():
                self._begin_meter(fault)
            case f.ServerRestart():
                pass  # the server's own affair
            case _:
                self._begin_interlock(fault)

    def _begin_meter(self, fault: f.MeterReset | f.MeterStuck | f.MeterRollover) -> None:
        column = self._meter(fault.meter)
        modulus = self._modulus(fault.meter)
        match fault:
            case f.MeterReset():
                self._overlay.count_from(column, 0.0, modulus)
            case f.MeterStuck():
                self._overlay.stick(fault, column, modulus)
            case f.MeterRollover():
                self._overlay.count_from(column, modulus - fault.below, modulus)

    def _modulus(self, meter: str) -> float:
        meters = (*self.plant.meters, *(p.production for p in self.plant.products))
        return next(float(m.rollover or 0) for m in meters if m.id == meter)

    def _begin_interlock(self, fault: f.Fault) -> None:
        process = self.process
        match fault:
            case f.InterlockSpurious():
                process.interlock_mode(fault.interlock, InterlockMode.SPURIOUS)
            case f.BypassLeftOn():
                process.switch(self._bypass(fault.interlock), 1.0)
            case f.DemandUnderBypass():
                process.switch(self._bypass(fault.interlock), 1.0)
                self._after(ENABLE, lambda: self._demand(fault, on=self._present(fault)))
            case f.InterlockMissed() | f.InterlockSlow():
                slow = isinstance(fault, f.InterlockSlow)
                process.interlock_mode(fault.interlock, InterlockMode.SLOW if slow else InterlockMode.MISSED)
                self._demand(fault, on=True)
            case f.Demand():
                self._demand(fault, on=True)

    def _end(self, fault: f.Fault) -> None:
        self._overlay.end(fault)
        match fault:
            case f.BypassLeftOn():
                self.process.switch(self._bypass(fault.interlock), 0.0)
            case f.Demand():
                self._demand(fault, on=False)
                self._after(SETTLE, lambda: self._restore(fault.interlock))
            case f.InterlockSpurious():
                self.process.interlock_mode(fault.interlock, InterlockMode.NORMAL)
                self._after(ENABLE, lambda: self._restore(fault.interlock))
            case _:
                pass

    def _restore(self, interlock: str) -> None:
        """Put an interlock back to normal service after its cause has gone."""
        found = interlock_of(self.plant, interlock)
        self.process.interlock_mode(interlock, InterlockMode.NORMAL)
        if found.bypass is not None:
            self.process.switch(found.bypass, 0.0)
        if found.reset is not None:
            self.process.switch(found.reset, 1.0)

    def _present(self, fault: f.Fault) -> bool:
        return any(a.fault == fault and a.end is None for a in self._faults)

    def _bypass(self, interlock: str) -> str:
        bypass = interlock_of(self.plant, interlock).bypass
        if bypass is None:
            raise FixError(f"interlock {interlock!r} has no bypass; name another")
        return bypass

    def _demand(self, fault: f.Demand, *, on: bool) -> None:
        """Drive as many channels as must vote beyond their set points, or let them return."""
        interlock = interlock_of(self.plant, fault.interlock)
        for cause in interlock.causes[: interlock.votes_needed]:
            point = self.plant.points[cause.point]
            if point.kind is Kind.DISCRETE:
                self.process.switch(cause.point, cause.set_point if on else 1.0 - cause.set_point)
                continue
            low, high = point.range or (0.0, 2.0 * cause.set_point)
            end = low if cause.comparator.value.startswith("<") else high
            self.process.disturb(cause.point, 0.5 * (cause.set_point + end) if on else None, fault.ramp)


def _usable(status: int) -> bool:
    return status_class(status) is StatusClass.UNCERTAIN


def opcua_points(plant: Plant) -> tuple[str, ...]:
    """Points of the plant that live in an OPC UA server, in file order."""
    return tuple(p.id for p in plant.points.values() if isinstance(p.address, OpcUaAddress))
