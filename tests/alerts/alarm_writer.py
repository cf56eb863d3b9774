"""An alarm desk that works until it is killed, and says what is in the journal. Started by ``test_alarm_crash``.

Every line on the output: what was done, number and hash of the last row, and the state that the desk then had.
"""

import sys
from itertools import count
from pathlib import Path

from alerts.desk import AlarmDesk
from alerts.journal import Journal
from plant.clock import wall_clock
from plant.readings import Reading, Readings
from tests.alerts.alarm_plant import make_plant

ALARM = "p/1.H"


def state(desk: AlarmDesk) -> str:
    """The state of the one alarm that this plays with."""
    return next((f"{v.state}:{v.occurrence}" for v in desk.active() if v.alarm == ALARM), "norm")


def say(journal: Journal, desk: AlarmDesk) -> None:
    """Tell what is durable now."""
    sys.stdout.write(f"{journal.head[0]} {journal.head[1]} {state(desk)}\n")
    sys.stdout.flush()


def step(desk: AlarmDesk, n: int) -> None:
    """The next thing that can happen to the alarm in its present state."""
    what, _, occurrence = state(desk).partition(":")
    match what:
        case "shlvd":
            desk.unshelve(ALARM, "li")
        case "unack" if n % 4:
            desk.acknowledge(occurrence, "li")
        case "acked" if n % 3:
            desk.shelve(ALARM, 60, "sensor change " * 20, "li")
        case "unack" | "acked":
            desk.readings(Readings.from_rows([Reading("p/1", wall_clock(), 10.0)]))
        case _:
            desk.readings(Readings.from_rows([Reading("p/1", wall_clock(), 95.0)]))


def work(path: Path) -> None:
    """Raise, acknowledge, shelve, unshelve, return; again and again."""
    with Journal(path) as journal:
        desk = AlarmDesk(make_plant(), journal, wall_clock)
        say(journal, desk)
        for n in count():
            step(desk, n)
            say(journal, desk)


if __name__ == "__main__":
    work(Path(sys.argv[1]))
