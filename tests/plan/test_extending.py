"""A plan that says only what is different from another, and mistakes in it that name its own lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.errors import StagewatchError
from tui.plan.file import read_plan

BASE = """
[target]
name = "staging"
base_url = "https://staging.example"

[gate]
flaky = 0

[[tier]]
id = "P1"

[[tier]]
id = "P2"

[[suite]]
id = "a"
tier = "P1"
paths = ["a.py"]

[[suite]]
id = "b"
tier = "P2"
paths = ["b.py"]
"""


def extending(tmp_path: Path, own: str) -> Path:
    (tmp_path / "base.toml").write_text(BASE)
    plan = tmp_path / "own.toml"
    plan.write_text(f'extends = "base.toml"\n{own}')
    return plan


def test_tables_stand_over_those_of_the_plan_below_key_by_key(tmp_path: Path) -> None:
    own = '[target]\nname = "other"\n[[suite]]\nid = "b"\nenv = { X = "1" }\n[[suite]]\nid = "c"\ntier = "P1"\n'
    plan = read_plan(extending(tmp_path, own))
    assert (plan.target.name, plan.target.base_url, plan.gate.flaky) == ("other", "https://staging.example", 0)
    assert [(suite.id, suite.paths, suite.env) for suite in plan.suites] == [
        ("a", ("a.py",), {}), ("b", ("b.py",), {"X": "1"}), ("c", (), {}),
    ]  # fmt: skip
    assert plan.source == str(tmp_path / "own.toml")


def test_what_says_nothing_more_is_the_plan_below(tmp_path: Path) -> None:
    plan = read_plan(extending(tmp_path, ""))
    assert plan.suites == read_plan(tmp_path / "base.toml").suites


@pytest.mark.parametrize(
    ("own", "answer"),
    [
        ('[[suite]]\nid = "b"\ntier = "P9"\n', ":4: tier of suite 'b': expected the id of a [[tier]]"),
        ('[[suite]]\nid = "new"\n', ":2: tier of suite 'new': expected one, found none"),
        ('[[suite]]\nid = "b"\nworkers = 0\n', ":4: workers of suite 'b'"),
        ("[gate]\nflaky = -1\n", ":3: flaky of [gate]"),
    ],
)
def test_a_mistake_names_the_line_of_the_plan_that_makes_it(tmp_path: Path, own: str, answer: str) -> None:
    with pytest.raises(StagewatchError, match=r"own\.toml") as caught:
        read_plan(extending(tmp_path, own))
    assert answer in str(caught.value).replace('"', "'")


@pytest.mark.parametrize(
    ("named", "answer"),
    [('"none.toml"', "there is no"), ("3", "expected a file name"), ('"own.toml"', "extends this plan itself")],
)
def test_a_plan_that_can_not_be_extended_is_one_sentence(tmp_path: Path, named: str, answer: str) -> None:
    plan = tmp_path / "own.toml"
    plan.write_text(f"extends = {named}\n")
    with pytest.raises(StagewatchError, match=r"own\.toml:1: extends of the plan") as caught:
        read_plan(plan)
    assert answer in str(caught.value)


def test_a_mistake_in_the_plan_below_is_told_of_that_one(tmp_path: Path) -> None:
    plan = extending(tmp_path, "")
    (tmp_path / "base.toml").write_text(BASE + "[gate2]\n")
    with pytest.raises(StagewatchError, match=r"base\.toml:\d+: unknown key"):
        read_plan(plan)
