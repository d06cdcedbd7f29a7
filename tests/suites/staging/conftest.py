"""One healthy environment for all tests of a module that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.suites.staging.running import Running, running


@pytest.fixture(scope="module")
def environment() -> Iterator[Running]:
    with running() as started:
        yield started
