"""docs/faults.md is of today's catalogue, and says of every fault that some test notices it."""

from __future__ import annotations

import re
from pathlib import Path

from suites.staging.faults import FAULTS

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()


def test_the_page_has_every_fault_with_what_the_catalogue_says_of_it() -> None:
    sections = dict(re.findall(r"^## (\S+)\n\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
    assert list(sections) == [fault.name for fault in FAULTS], "make faults"
    for fault in FAULTS:
        assert f"{fault.breaks} Seen: {fault.seen}" in sections[fault.name], f"make faults: {fault.name}"


def test_every_fault_is_noticed_and_no_token_is_repeated() -> None:
    counts = [int(count) for count in re.findall(r"^(\d+) tests fail\.", PAGE, re.MULTILINE)]
    assert len(counts) == len(FAULTS) and min(counts) > 0
    assert "eyJ" not in PAGE
