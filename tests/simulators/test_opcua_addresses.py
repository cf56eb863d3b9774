"""Addresses of the plant file that the simulated OPC UA server cannot serve are refused before it starts."""

import pytest

from plant.errors import FixError
from simulators.opcua_addresses import addresses
from tests.simulators.simulated_parts import URI, plant_of, point


@pytest.mark.parametrize(
    ("node", "text"),
    [
        pytest.param("nonsense", "is no node id", id="no node id"),
        pytest.param("i=2253", "name the namespace by its URI", id="standard namespace"),
        pytest.param("ns=5000;s=x", "name the namespace by its URI", id="far namespace"),
        pytest.param(f"nsu={URI};s=t", "is that of 't' already", id="twice"),
    ],
)
def test_an_address_that_cannot_be_served_is_a_clear_error(node: str, text: str) -> None:
    plant = plant_of([point("t"), point("other", node=node)])
    with pytest.raises(FixError, match=text):
        addresses(plant, plant.points)


def test_wrong_addresses_are_reported_all_at_once() -> None:
    plant = plant_of([point(f"p{n}", node="nonsense") for n in range(30)])
    with pytest.raises(FixError, match="cannot be served") as caught:
        addresses(plant, plant.points)
    assert str(caught.value).count("is no node id") == 20
    assert "10 more" in str(caught.value)
