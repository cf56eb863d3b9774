"""Node ids of the plant file's OPC UA points, checked before any server is started."""

from collections.abc import Iterable
from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from plant.errors import FixError
from plant.model import OpcUaAddress, Plant

_MOST_NAMESPACES = 100
_SHOWN = 20
"""Wrong addresses that are listed at most."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a point stands."""

    uri: str | None
    """Namespace by its URI; None where the plant file gives its number."""
    node: ua.NodeId
    """With the namespace's number, or with 0 where it is given by its URI."""


def addresses(plant: Plant, points: Iterable[str]) -> dict[str, Address]:
    """Address of each of ``points`` that lives in an OPC UA server, in their order.

    Raises:
        FixError: lists those that are no node ids, cannot be simulated, or are used twice.
    """
    found: dict[str, Address] = {}
    taken: dict[Address, str] = {}
    wrong: list[str] = []
    for point in points:
        address = plant.points[point].address
        if not isinstance(address, OpcUaAddress):
            continue
        try:
            parsed = _parse(address.node)
        except (UaError, ValueError) as error:
            wrong.append(f"point {point!r}: node {address.node!r}: {error}")
            continue
        if parsed in taken:
            wrong.append(f"point {point!r}: node {address.node!r} is that of {taken[parsed]!r} already")
        taken.setdefault(parsed, point)
        found[point] = parsed
    if wrong:
        more = [f"… and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise FixError("addresses that cannot be served:\n  " + "\n  ".join(wrong[:_SHOWN] + more))
    return found


def _parse(text: str) -> Address:
    if text.startswith("nsu="):
        uri, _, rest = text[4:].partition(";")
        return Address(uri, _node(rest))
    node = _node(text)
    if not 0 < node.NamespaceIndex < _MOST_NAMESPACES:
        message = (
            f"no node of namespace {node.NamespaceIndex} can be simulated; name the namespace by its URI: nsu=…"
        )
        raise ValueError(message)
    return Address(None, node)


def _node(text: str) -> ua.NodeId:
    try:
        return ua.NodeId.from_string(text)
    except (UaError, ValueError) as error:
        message = "this is no node id; write it like nsu=urn:…;s=name"
        raise ValueError(message) from error
