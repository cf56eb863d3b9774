"""Browsing a server and beginning a plant file from it."""

import io

import pytest
from asyncua import ua
from edge_parts import URI, TestServer, free_port, opc_settings
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from edge_agent.browse import Variable, browse
from edge_agent.starter import starter_plant_file
from plant.errors import Unavailable
from plant.model import Kind, OpcUaAddress, Plant

# ruff: noqa: ANN001, ANN201, ANN202 - pytest calls these, nobody imports them


def plant_in(text):
    return Plant.model_validate(YAML(typ="safe", pure=True).load(io.StringIO(text)))


async def test_variables_come_with_path_type_unit_and_range():
    port = free_port()
    server = await TestServer(port).start([])
    area = await server.server.nodes.objects.add_folder(server.ns, "Electrolysis")
    current = await area.add_variable(ua.NodeId("E-101.I", server.ns), f"{server.ns}:E-101 current", 12.5)
    await current.add_property(
        ua.NodeId("E-101.I.eu", server.ns),
        "0:EngineeringUnits",
        ua.EUInformation(DisplayName=ua.LocalizedText("kA"), UnitId=1),
    )
    await current.add_property(ua.NodeId("E-101.I.r", server.ns), "0:EURange", ua.Range(Low=0.0, High=16.0))
    await area.add_variable(ua.NodeId("run", server.ns), f"{server.ns}:run", True)
    await area.add_variable(ua.NodeId("curve", server.ns), f"{server.ns}:curve", [1.0, 2.0])
    await server.server.nodes.objects.add_reference(area, ua.ObjectIds.Organizes)  # seen twice, listed once
    seen = []
    settings = opc_settings(port)
    found = {v.name: v for v in await browse(settings, progress=lambda n, left: seen.append((n, left)))}
    wanted = ("Electrolysis",)
    node = f"nsu={URI};s=E-101.I"
    assert found["E-101 current"] == Variable(node, "E-101 current", wanted, "Double", "kA", (0.0, 16.0))
    assert found["run"].data_type == "Boolean"
    assert found["curve"].data_type is None
    assert seen[-1][1] == 0
    assert len(await browse(settings, limit=2)) == 2
    plant = plant_in(starter_plant_file(list(found.values()), is_unit=lambda u: u == "kA"))
    point = plant.points["E-101-current"]
    assert (point.unit, point.range, point.kind) == ("kA", (0.0, 16.0), Kind.ANALOG)
    assert plant.points["run"].kind is Kind.DISCRETE
    assert "curve" not in plant.points
    await server.stop()


async def test_a_server_that_is_not_there_is_a_clear_error():
    with pytest.raises(Unavailable, match=r"OPC UA server opc.tcp://127.0.0.1:\d+/: .*Connect call failed"):
        await browse(opc_settings(free_port()))


VARIABLES = st.lists(
    st.builds(
        Variable,
        node=st.text(min_size=3, max_size=30).map(lambda s: "ns=1;s=" + s),
        name=st.text(max_size=300) | st.sampled_from(["no", "1e3", "12", "a: b", "# x", "a\nb", "同名", "A", "a"]),
        path=st.lists(st.text(max_size=10), max_size=3).map(tuple),
        data_type=st.sampled_from(["Double", "Boolean", "String", None]),
        unit=st.none() | st.text(max_size=40),
        range=st.none() | st.tuples(st.floats(), st.floats()),
        history=st.booleans(),
    ),
    max_size=12,
)


@given(VARIABLES)
def test_any_server_gives_a_plant_file_that_loads(variables):
    plant = plant_in(starter_plant_file(variables, is_unit=lambda u: u.isascii() and u.isalnum()))
    ids = [p.id for a in plant.areas for u in a.units for p in u.points]
    assert len(ids) == len(set(ids)) == sum(v.data_type is not None for v in variables)
    addresses = [p.address for p in plant.points.values()]
    assert [a.node for a in addresses if a is not None] == [v.node for v in _by_folder(variables)]
    assert all(isinstance(a, OpcUaAddress) and a.source == "dcs" for a in addresses)


def _by_folder(variables):
    paths = list(dict.fromkeys(v.path for v in variables))
    return [v for path in paths for v in variables if v.path == path and v.data_type is not None]
