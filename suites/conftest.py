"""What every suite starts from: a target, and clients that have logged in to it as a user would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from suites.client import Admin, Client, Environment, Target, TargetMissing
from suites.client.admin import own_environment

pytest.register_assert_rewrite("suites.expect")

NewUser = Callable[..., Awaitable[Client]]
"""``await new_user(role="member", **limits)``: a client of a new user, in the tenant of ``STAGING_USER``."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Without a target there is nothing to verify: say so once, instead of 466 times."""
    if session.config.option.collectonly:
        return
    try:
        Target.of()
    except TargetMissing as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def target() -> Target:
    """The environment under test."""
    return Target.of()


@pytest.fixture(scope="session")
async def http(target: Target) -> AsyncIterator[httpx.AsyncClient]:
    """Connections, shared by all clients of this process. It follows no redirect."""
    async with httpx.AsyncClient(timeout=target.timeout, limits=httpx.Limits(max_connections=200)) as http:
        yield http


@pytest.fixture(scope="session")
async def client(target: Target, http: httpx.AsyncClient) -> Client:
    """``STAGING_USER``, the admin of its tenant. A test that ends or spoils a session logs in anew."""
    return await Client.login(target, http, target.user, target.password)


@pytest.fixture(scope="session")
async def second(target: Target, http: httpx.AsyncClient) -> Client:
    """``STAGING_SECOND_USER``, the admin of another tenant."""
    if not (target.second_user and target.second_password):
        pytest.skip("needs a second identity: STAGING_SECOND_USER and STAGING_SECOND_PASSWORD are not set")
    return await Client.login(target, http, target.second_user, target.second_password)


@pytest.fixture
async def new_user(client: Client) -> AsyncIterator[NewUser]:
    """Makes users; they are deleted when the test has ended."""
    made: list[str] = []

    async def make(role: str = "member", **limits: int) -> Client:
        user = await Client.login(client.target, client.http, *await client.new_user(role, **limits))
        made.append(user.user["id"])
        return user

    yield make
    for user in made:
        await client.delete(f"/users/{user}")


@pytest.fixture
async def member(new_user: NewUser) -> Client:
    """A new user with the role *member*."""
    return await new_user("member")


@pytest.fixture
async def viewer(new_user: NewUser) -> Client:
    """A new user with the role *viewer*."""
    return await new_user("viewer")


@pytest.fixture
async def thread(client: Client) -> AsyncIterator[dict[str, Any]]:
    """A new thread of ``client``."""
    thread = await client.create_thread()
    yield thread
    await client.delete(f"/threads/{thread['id']}")


@pytest.fixture(scope="session")
async def admin(target: Target, http: httpx.AsyncClient) -> Admin:
    """The environment's own admin endpoint."""
    admin = Admin(target, http)
    if not target.admin_key:
        pytest.skip("needs the environment's own admin endpoint: STAGING_ADMIN_KEY is not set")
    if (await admin.call("GET")).status_code == 404:
        pytest.skip("needs the environment's own admin endpoint, which this target does not have (/_staging: 404)")
    return admin


@pytest.fixture(scope="module")
async def own(admin: Admin) -> AsyncIterator[Environment]:
    """An environment of this module's own, to restart, exhaust or break."""
    async with own_environment(admin) as environment:
        yield environment


@pytest.fixture
async def own_client(own: Environment, http: httpx.AsyncClient) -> Client:
    """The admin of the first tenant of ``own``, newly logged in."""
    return await Client.login(own.target, http, own.target.user, own.target.password)
