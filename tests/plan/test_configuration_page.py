"""docs/configuration.md against the schema: it names every key and no other, and its example is a plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui.plan import model, tables
from tui.plan.file import read_plan

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
SECTIONS = dict(re.findall(r"^##+ `(\S+)`[^\n]*\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
SCHEMA = {
    "[target]": (model.Target, set(tables.TARGET)),
    "[run]": (model.Cover, set(tables.RUN)),
    "[gate]": (model.GatePolicy, set(tables.GATE)),
    "[[tier]]": (model.Tier, {*tables.TIER, "gate", "value"}),
    "[[quarantine]]": (model.Quarantined, set(tables.QUARANTINE)),
    "value": (model.Value, set(tables.VALUE)),
    "[[suite]]": (model.Suite, {*tables.SUITE, "value"}),
    "[[action]]": (model.Action, set(tables.ACTION)),
}


@pytest.mark.parametrize("section", SCHEMA)
def test_page_schema_and_model_know_the_same_keys(section: str) -> None:
    struct, known = SCHEMA[section]
    documented = re.findall(r"^\| `(\w+)` \|", SECTIONS[section], re.MULTILINE)
    assert sorted(documented) == sorted(known) == sorted(struct.__struct_fields__)


def test_what_comes_later_is_named() -> None:
    later = {key for key, check in tables.GENERAL_GATE.items() if isinstance(check, tables.Later)}
    assert all(f"`{key}`" in SECTIONS["[gate]"] for key in later)


def test_the_example_is_a_plan_with_every_key(tmp_path: Path) -> None:
    example = "".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
    path = tmp_path / "stagewatch.toml"
    path.write_text(example)
    plan = read_plan(path)
    assert [suite.id for suite in plan.suites] == ["payments", "ws-events"]
    for _, known in SCHEMA.values():
        for key in known - {"value"}:
            assert re.search(rf"\b{key} =", example), key
