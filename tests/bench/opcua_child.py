"""A real asyncua server in a process of its own: ``python -m tests.bench.opcua_child <config as JSON>``."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua

from tests.bench.children import cpu_seconds, say, words
from tests.bench.columns import NAMESPACE, names


async def main(config: dict[str, Any]) -> None:
    """Serve one variable for each point; at ``go`` write all of them once a tick."""
    wait = await words()
    server = Server()
    server.iserver.disabled_clock = True  # its loop would hold up the stop for a second
    await server.init()
    server.set_endpoint(config["url"])
    await _secure(server, config)
    namespace = await server.register_namespace(NAMESPACE)
    nodes = [ua.NodeId(name, namespace) for name in names(config["points"])]
    for node in nodes:
        await server.nodes.objects.add_variable(node, ua.QualifiedName(node.Identifier, namespace), 0.0)
    await server.start()
    say("ready")
    await wait("go")
    cpu = cpu_seconds()
    late = await _write(server, nodes, config["ticks"], config["interval"])
    say("written", cpu=cpu_seconds() - cpu, late=late)
    await wait("stop")
    await server.stop()


async def _secure(server: Server, config: dict[str, Any]) -> None:
    if config["certificate"] is None:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        return
    await server.set_application_uri(config["uri"])
    server.set_security_policy([ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt])
    await server.load_certificate(config["certificate"])
    await server.load_private_key(config["key"])


async def _write(server: Server, nodes: list[ua.NodeId], ticks: int, interval: float) -> float:
    """Value of tick n is n; how much later than planned a tick came at worst [s]."""
    loop = asyncio.get_running_loop()
    begin, late = loop.time(), 0.0
    for tick in range(1, ticks + 1):
        await asyncio.sleep(max(0.0, begin + tick * interval - loop.time()))
        late = max(late, loop.time() - begin - tick * interval)
        now = datetime.now(UTC)
        value = ua.DataValue(ua.Variant(float(tick)), ua.StatusCode(), now, now)
        for node in nodes:
            await server.write_attribute_value(node, value)
        # The publishing of what was written must get its turn even when the next tick is due already.
        await asyncio.sleep(0)
    return late


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
