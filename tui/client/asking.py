"""One thing asked of a session by somebody who does not stay to watch (``stop``, ``rerun``)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tui.client.live import LiveFeed
from tui.errors import StagewatchError
from tui.plan.model import Plan
from tui.protocol import Refused, Request


async def ask(socket: Path, command: Request, *, until_gone: bool = False) -> str:
    """Have a command carried out; returns what the session says to it. Raises StagewatchError when it refuses.

    ``until_gone``: return when the session has said goodbye.
    """
    feed = await LiveFeed.connect(socket, commands=True)

    async def read() -> None:
        async for _ in feed.updates():
            pass

    reading = asyncio.create_task(read())
    try:
        reply = await feed.send(command)
        if until_gone:
            await reading
        elif isinstance(reply, Refused):
            raise StagewatchError(reply.why)
        return "" if isinstance(reply, Refused) else reply.what
    finally:
        reading.cancel()
        await feed.close()


async def plan_of(socket: Path) -> Plan:
    """The plan that a session runs under, as it is recorded."""
    feed = await LiveFeed.connect(socket, commands=True)
    await feed.close()
    return feed.state.plan


async def is_running(socket: Path) -> bool:
    """Whether results are still to come, or an action runs."""
    feed = await LiveFeed.connect(socket, commands=True)
    running = feed.state.is_running or feed.state.goes_on or feed.state.current_action is not None
    await feed.close()
    return running
