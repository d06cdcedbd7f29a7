"""One environment for all tests of this folder: each restart is over when its test goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from suites.client import Admin, Environment
from suites.client.admin import own_environment


@pytest.fixture(scope="package")
async def own(admin: Admin) -> AsyncIterator[Environment]:
    """An environment of this folder's own."""
    async with own_environment(admin) as environment:
        yield environment
