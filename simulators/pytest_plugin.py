"""A simulated plant for the tests of any project: the fixture ``simulated_plant``.

pytest loads this file in every run of everybody who has plantwatch installed: it imports nothing that it need not.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simulators.remote_plant import RemotePlant


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "simulated_plant(process='chlor_alkali', plant='after', seed=1, speed=1.0, start=None, plant_file=None, "
        "secure=False): what plant the fixture simulated_plant starts.",
    )


@pytest.fixture
def simulated_plant(request: pytest.FixtureRequest) -> Iterator["RemotePlant"]:
    """A fresh plant behind a real OPC UA server on a free port, in a process of its own; chlor-alkali by default.

    It has ``url``, ``inject(fault)``, ``clear()``, ``value(point)``, ``truth()``, ``switch(point, value)``,
    ``wait(seconds)`` and ``time``; ``@pytest.mark.simulated_plant(speed=20)`` and the like choose the plant.
    """
    from simulators.remote_plant import PlantOptions, RemotePlant  # noqa: PLC0415 - only when a test asks for it

    marker = request.node.get_closest_marker("simulated_plant")
    try:
        options = PlantOptions(*marker.args, **marker.kwargs) if marker is not None else PlantOptions()
    except TypeError as error:
        pytest.fail(f"marker simulated_plant: {error}", pytrace=False)
    with RemotePlant(options) as plant:
        yield plant
