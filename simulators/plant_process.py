"""A simulated plant as a child process that another program steers: ``python -m simulators.plant_process FD``.

Started by ``simulators.remote_plant``. The options, the orders and the answers are lines of JSON over the socket
whose descriptor it inherits; when the parent goes away, it ends.
"""

import asyncio
import json
import logging
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from plant.clock import SECOND, ScaledClock, from_datetime, to_datetime
from plant.errors import FixError, PlantError
from plant.plantfile import load_plant
from simulators import faults as f
from simulators.opcua_server import SimulatedOpcUa
from simulators.opcua_settings import OpcUaServerSettings, SecurityMode
from simulators.packaged import plant_file, simulated
from simulators.plantsim import SimulatedPlant
from simulators.processes.parameters import CaseName
from simulators.scenario import ProcessName, Scenario
from simulators.serve import Served

_FOREVER = 31_536_000.0
_FAULT: TypeAdapter[f.Fault] = TypeAdapter(f.Fault)


class Options(BaseModel):
    """What plant is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    process: ProcessName = ProcessName.CHLOR_ALKALI
    """Which plant."""
    plant: CaseName = CaseName.AFTER
    """Before or after the renovation."""
    seed: Annotated[int, Field(ge=0)] = 1
    speed: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Times real time."""
    start: AwareDatetime | None = None
    """Simulated start; None for now."""
    plant_file: Path | None = None
    """A changed copy of the packaged plant file; None for that itself."""
    secure: bool = False
    """Signed and encrypted, with user names."""
    folder: Path
    """Where certificates may be made."""
    port: Annotated[int, Field(ge=1, le=65_535)]
    passwords: dict[str, SecretStr] = Field(default_factory=dict)
    """Of the users, when secure; ``operator`` may operate switches."""


@dataclass(slots=True)
class _Hand:
    """Faults injected by hand, for the server to take part in; a ``Player``."""

    sim: SimulatedPlant
    events: list[tuple[f.Fault, bool]] = field(default_factory=list)
    waiting: list[tuple[int, "asyncio.Future[None]"]] = field(default_factory=list)

    def tick(self) -> list[tuple[f.Fault, bool]]:
        for until, future in self.waiting:
            if until <= self.sim.time and not future.done():
                future.set_result(None)
        self.waiting = [(until, future) for until, future in self.waiting if not future.done()]
        done, self.events = self.events, []
        return done

    def reaches(self, time: int) -> "asyncio.Future[None]":
        """Done with the first step after ``time`` [ns UTC]."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((time, future))
        return future


@dataclass(slots=True)
class Steered:
    """A plant that is being served, and the orders it understands."""

    sim: SimulatedPlant
    served: Served
    hand: _Hand

    async def obey(self, order: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        """The answer to one order.

        Raises:
            FixError: the order cannot be carried out.
        """
        match order:
            case {"do": "inject", "fault": fault}:
                self._inject(_fault(fault))
            case {"do": "clear", "fault": fault}:
                self._clear(None if fault is None else _fault(fault))
            case {"do": "switch", "point": str(point), "value": float(value) | int(value)}:
                self.sim.switch(point, float(value))
            case {"do": "value", "point": str(point)}:
                return self.sim.value(point)
            case {"do": "truth"}:
                return [asdict(t) for t in self.sim.truth()]
            case {"do": "time"}:
                return self.sim.time
            case {"do": "wait", "seconds": float(seconds) | int(seconds)}:
                await self.hand.reaches(self.sim.time + round(seconds * SECOND))
            case _:
                raise FixError(f"unknown order {order!r}")
        return None

    def _inject(self, fault: f.Fault) -> None:
        self.sim.inject(fault)
        self.hand.events.append((fault, True))

    def _clear(self, fault: f.Fault | None) -> None:
        self.hand.events += [(a, False) for a in self.sim.active if fault is None or a == fault]
        self.sim.clear(fault)


def _fault(data: object) -> f.Fault:
    try:
        return _FAULT.validate_python(data)
    except ValidationError as error:
        raise FixError(f"this is no fault: {_told(error)}") from error


def _options(line: bytes) -> Options:
    try:
        return Options.model_validate_json(line)
    except ValidationError as error:
        raise FixError(f"the simulated plant's options are wrong: {_told(error)}") from error


def _told(error: ValidationError) -> str:
    """What is wrong, never with the value: it may be a password."""
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(": ".join(filter(None, (".".join(map(str, e["loc"])), e["msg"]))) for e in found)


def steered(options: Options) -> Steered:
    """The plant as wanted, not running yet.

    Raises:
        FixError: the plant file does not fit.
    """
    now = (time.time_ns() // SECOND) * SECOND
    start = now if options.start is None else from_datetime(options.start)
    scenario = Scenario(
        schema_version=1,
        name="by hand",
        process=options.process,
        plant=options.plant,
        seed=options.seed,
        start=to_datetime(start),
        duration=_FOREVER,
    )
    sim = simulated(scenario, load_plant(options.plant_file or plant_file(options.process)))
    security = SecurityMode.SIGN_AND_ENCRYPT if options.secure else SecurityMode.NONE
    settings = OpcUaServerSettings(
        port=options.port,
        security=security,
        certificate=options.folder / "server.der",
        private_key=options.folder / "server-key.pem",
        users=options.passwords,
        operators=frozenset(options.passwords.keys() & {"operator"}),
    )
    hand = _Hand(sim)
    opcua = SimulatedOpcUa(sim.plant, sim.points, settings, sim.switch)
    clock = ScaledClock(now, start, options.speed)
    return Steered(sim, Served(sim, clock, player=hand, opcua=opcua), hand)


async def run(connection: socket.socket) -> None:
    """Serve a plant and obey orders until the parent goes away.

    Raises:
        FixError: the plant cannot be served.
    """
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        plant = steered(_options(await reader.readline()))
        async with asyncio.TaskGroup() as group:
            ready = asyncio.Event()
            serving = group.create_task(plant.served.run(ready.set))
            await ready.wait()
            _say(writer, {"answer": plant.served.opcua.url if plant.served.opcua else None})
            while line := await reader.readline():
                _say(writer, await _answer(plant, line))
            serving.cancel()
    except* PlantError as errors:
        _say(writer, {"error": "; ".join(str(e) for e in errors.exceptions)})
        await writer.drain()


async def _answer(plant: Steered, line: bytes) -> dict[str, Any]:
    try:
        return {"answer": await plant.obey(json.loads(line))}
    except PlantError as error:
        return {"error": str(error)}


def _say(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Take the socket that the parent left open."""
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
