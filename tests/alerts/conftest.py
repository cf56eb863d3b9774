import pytest

from plant.model import Plant
from tests.alerts.alarm_plant import make_plant


@pytest.fixture(scope="session")
def plant() -> Plant:
    """Points with one alarm of every kind."""
    return make_plant()
