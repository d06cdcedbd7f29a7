"""Steps that several of the priority suites take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from suites.client import Client

T = TypeVar("T")

_LOOK_AGAIN = 0.01


async def refused_handshake(client: Client, **options: Any) -> Response:
    """Open a socket that must be refused; returns the HTTP answer to its handshake."""
    with pytest.raises(InvalidStatus) as refusal:
        async with client.connect(**options):
            pass
    return refusal.value.response


async def settles(read: Callable[[], Awaitable[T]], value: T, *, within: float) -> T:
    """Read again and again until it is ``value``, for at most ``within`` seconds; returns what was read last."""
    until = asyncio.get_running_loop().time() + within
    while (last := await read()) != value and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(_LOOK_AGAIN)
    return last
