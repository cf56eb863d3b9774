"""A plant with an alarm of every kind. The limits are made up."""

from plant.model import Area, Plant

_POINTS = [
    {
        "id": "p/1",
        "name": "pressure",
        "alarms": [
            {"id": "p/1.H", "kind": "high", "limit": 90, "deadband": 5},
            {"id": "p/1.HH", "kind": "high", "limit": 99, "priority": "critical", "latching": True},
            {"id": "p/1.bad", "kind": "bad_status"},
        ],
    },
    {
        "id": "t",
        "name": "temperature",
        "alarms": [{"id": "t.L", "kind": "low", "limit": 10, "deadband": 1, "on_delay": 60, "off_delay": 30}],
    },
    {"id": "s", "name": "switch", "kind": "discrete", "alarms": [{"id": "s.E", "kind": "equals", "limit": 1}]},
    {
        "id": "l",
        "name": "level",
        "alarms": [{"id": "l.H", "kind": "high", "limit": 80, "priority": "high", "latching": True}],
    },
    {"id": "quiet", "name": "no alarm"},
]


def make_plant(points: list[dict[str, object]] | None = None) -> Plant:
    """The plant, or one with other points."""
    unit = {"id": "u", "name": "u", "points": _POINTS if points is None else points}
    area = Area.model_validate({"id": "a", "name": "a", "units": [unit]})
    return Plant(id="plant", name="plant", schema_version=1, areas=(area,))
