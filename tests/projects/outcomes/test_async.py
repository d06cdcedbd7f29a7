import anyio
import pytest


@pytest.mark.asyncio
async def test_asyncio():
    await anyio.sleep(0)


@pytest.mark.asyncio
async def test_asyncio_fails():
    raise ValueError("in a coroutine")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_anyio():
    await anyio.sleep(0)


@pytest.mark.anyio
async def test_anyio_fails():
    raise ValueError("in a task")
