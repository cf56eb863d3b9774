"""The edge agent as a program: sources of the plant file, spool on disk, uplink to the platform's broker."""

from edge_agent.agent import Agent
from edge_agent.spool import Spool
from plant.model import Plant
from plant.settings import Settings
from plantwatch import wiring


async def run_agent(plant: Plant, settings: Settings, *, name: str) -> None:
    """Collect until cancelled.

    Args:
        plant: the plant file.
        settings: where the sources and the broker are.
        name: id of this agent: names its spool, its topic and its sessions.

    Raises:
        FixError: a source has no address, or a setting is wrong.
    """
    clock = wiring.clock(settings)
    sources = wiring.sources(plant, settings, name, clock)
    with Spool(wiring.folder(settings) / f"spool-{name}.db", name, clock) as spool:
        agent = Agent(plant, name, sources, spool, lambda: wiring.uplink(settings, f"{plant.id}-{name}"), clock)
        await agent.run()
