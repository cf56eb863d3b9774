import pytest

from plant.model import Area, Plant


@pytest.fixture(scope="session")
def plant() -> Plant:
    """Points with one alarm of every kind; limits are made up."""
    points = [
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
        {"id": "quiet", "name": "no alarm"},
    ]
    area = Area.model_validate({"id": "a", "name": "a", "units": [{"id": "u", "name": "u", "points": points}]})
    return Plant(id="plant", name="plant", schema_version=1, areas=(area,))
