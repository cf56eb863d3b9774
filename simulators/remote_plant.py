"""A simulated plant in a process of its own, steered from any program: tests with and without an event loop."""

import json
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Self

from pydantic import BaseModel

from plant.errors import FixError, Unavailable
from simulators.truth import Truth

_STARTS_WITHIN = 60.0
"""Time that the process has to begin serving [s]; a busy machine needs some."""
_ANSWERS_WITHIN = 30.0
"""Time that it has to answer an order [s]."""
_STOPS_WITHIN = 10.0
_PORTS_TRIED = 3
_TAIL = 2000
AGENT, OPERATOR = "agent", "operator"


@dataclass(frozen=True, slots=True)
class PlantOptions:
    """What plant is wanted."""

    process: str = "chlor_alkali"
    """Which plant: ``chlor_alkali`` or ``coal_mine``."""
    plant: str = "after"
    """``before`` or ``after`` the renovation."""
    seed: int = 1
    speed: float = 1.0
    """Times real time, at most 1000."""
    start: datetime | str | None = None
    """Simulated start, with a zone; None for now. Same start, seed and orders: same values."""
    plant_file: Path | str | None = None
    """A changed copy of the packaged plant file."""
    secure: bool = False
    """Signed and encrypted, with the users ``agent`` (reads) and ``operator`` (also operates switches)."""


@dataclass(slots=True)
class RemotePlant:
    """Entering starts the plant and returns when clients can connect; leaving ends it."""

    options: PlantOptions = field(default_factory=PlantOptions)
    url: str = field(default="", init=False)
    """Where OPC UA clients connect."""
    passwords: dict[str, str] = field(default_factory=dict, init=False)
    """By user name; empty where nothing is secured."""
    _ending: ExitStack = field(default_factory=ExitStack, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _socket: socket.socket | None = field(default=None, init=False)
    _answers: BinaryIO | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start.

        Raises:
            FixError: the options are wrong.
            Unavailable: the process does not start.
        """
        if self.options.secure:
            self.passwords = {user: secrets.token_urlsafe(18) for user in (AGENT, OPERATOR)}
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="plantwatch-simulated-")))
            stack.callback(self._stop)
            self.url = self._start_somewhere(folder)
            self._ending = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        """End the process, and remove its files."""
        self._ending.close()

    def inject(self, fault: BaseModel | Mapping[str, object]) -> None:
        """Begin a fault with the next step: an object of ``simulators.faults``, or its keys as in a scenario file.

        Raises:
            FixError: it is no fault, or names something that the plant does not have.
        """
        self._order(do="inject", fault=_plain(fault))

    def clear(self, fault: BaseModel | Mapping[str, object] | None = None) -> None:
        """End a fault, or all; a trip is reset by hand 120 simulated seconds later."""
        self._order(do="clear", fault=None if fault is None else _plain(fault))

    def switch(self, point: str, value: float) -> None:
        """Operate a switch: a bypass, a reset, an emergency stop.

        Raises:
            FixError: ``point`` is no switch.
        """
        self._order(do="switch", point=point, value=value)

    def value(self, point: str) -> float:
        """What the point shows now, in its unit; NaN while it has a Bad status.

        Raises:
            FixError: there is no such point.
        """
        return float(self._order(do="value", point=point))

    def truth(self) -> list[Truth]:
        """What a rule should find, of all faults so far."""
        return [Truth(**t) for t in self._order(do="truth")]

    @property
    def time(self) -> int:
        """Simulated time of the last step [ns UTC]."""
        return int(self._order(do="time"))

    def wait(self, seconds: float) -> None:
        """Return when ``seconds`` of simulated time have passed.

        It blocks; a coroutine with a client of its own calls ``await asyncio.to_thread(plant.wait, seconds)``.
        """
        self._order(within=_ANSWERS_WITHIN + 2 * seconds / self.options.speed, do="wait", seconds=seconds)

    # --- the process ------------------------------------------------------------------------------

    def _start_somewhere(self, folder: Path) -> str:
        """Start on a free port: on another when somebody was quicker."""
        for _ in range(_PORTS_TRIED - 1):
            try:
                return self._start(folder)
            except FixError as error:
                self._stop()
                if "choose another port" not in str(error):
                    raise
        return self._start(folder)

    def _start(self, folder: Path) -> str:
        self._socket, theirs = socket.socketpair()
        self._answers = self._socket.makefile("rb")
        with theirs, (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module; -P: not a folder of that name in use
                [sys.executable, "-P", "-m", "simulators.plant_process", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
            )
        try:
            return str(self._order(within=_STARTS_WITHIN, **self._wanted(folder)))
        except Unavailable as error:
            words = (folder / "log").read_text(encoding="utf-8", errors="replace")[-_TAIL:]
            raise Unavailable(f"{error}\n{words}") from error

    def _wanted(self, folder: Path) -> dict[str, object]:
        o = self.options
        wanted: dict[str, object] = {"process": o.process, "plant": o.plant, "seed": o.seed}
        wanted |= {"speed": o.speed, "secure": o.secure}
        if o.start is not None:
            wanted["start"] = o.start if isinstance(o.start, str) else o.start.isoformat()
        if o.plant_file is not None:
            wanted["plant_file"] = str(o.plant_file)
        return {**wanted, "folder": str(folder), "passwords": self.passwords, "port": _free_port()}

    def _stop(self) -> None:
        """End the process: it goes when its parent hangs up, and is killed when it does not."""
        for end in (self._answers, self._socket):
            if end is not None:
                end.close()
        process, self._process, self._socket, self._answers = self._process, None, None, None
        if process is None:
            return
        try:
            process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _order(self, *, within: float = _ANSWERS_WITHIN, **order: object) -> Any:  # noqa: ANN401 - any JSON value
        if self._socket is None or self._answers is None:
            raise FixError("this simulated plant is not running: use it inside its with block, or as a fixture")
        self._socket.settimeout(within)
        try:
            self._socket.sendall(json.dumps(order).encode() + b"\n")
            line = self._answers.readline()
        except OSError as error:
            raise Unavailable(f"the simulated plant does not answer: {error}") from error
        if not line:
            raise Unavailable("the simulated plant has ended")
        message = json.loads(line)
        if "error" in message:
            raise FixError(str(message["error"]))
        return message["answer"]


def _plain(fault: BaseModel | Mapping[str, object]) -> dict[str, object]:
    return fault.model_dump(mode="json") if isinstance(fault, BaseModel) else dict(fault)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
