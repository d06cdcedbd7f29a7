"""What the demo is asked for: which plan, with which faults, and how a mistake in that is answered."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from suites.staging.faults import FAULTS
from tui import demo
from tui.errors import MALFORMED, StagewatchError
from tui.plan.model import Selection
from tui.plan.selection import covered


def test_the_plan_is_the_bundled_one_and_starts_the_environment() -> None:
    plan = demo.plan_of(None, None, [])
    assert plan.source == str(demo.home() / "stagewatch.toml")
    assert plan.target.start == ("{python}", "-m", "suites.staging")


def test_a_scenario_is_a_plan_file() -> None:
    plan = demo.plan_of(None, "iteration-1", [])
    assert plan.source == str(demo.home() / "scenarios" / "iteration-1.toml")
    assert covered(plan, Selection()).suites == plan.run.suites != ()


def test_faults_go_to_the_start_command_by_their_whole_names() -> None:
    plan = demo.plan_of(None, None, ["e1", FAULTS[-1].name])
    assert plan.target.start[3:] == ("--fault", "E1-no-credential-sent", "--fault", FAULTS[-1].name)


def test_a_plan_of_ones_own(tmp_path: Path) -> None:
    remote = tmp_path / "remote.toml"
    remote.write_text('[target]\nname = "staging"\nbase_url = "https://staging.example.com"\n')
    assert demo.plan_of(str(remote), None, []).target.base_url == "https://staging.example.com"
    with pytest.raises(StagewatchError, match=r"remote\.toml starts no environment that could be given a fault"):
        demo.plan_of(str(remote), None, ["E1"])


@pytest.mark.parametrize(
    ("scenario", "faults", "said"),
    [
        ("no-such", [], "--scenario no-such: there is no such scenario; there are: iteration-1"),
        ("../stagewatch", [], "--scenario ../stagewatch: there is no such scenario"),
        (None, ["E1-no-credental-sent"], 'there is no such fault; did you mean "E1-no-credential-sent"?'),
        (None, ["Z99"], "--fault Z99: there is no such fault; `stagewatch demo --list-faults` lists them"),
    ],
)
def test_what_there_is_not_is_one_sentence(scenario: str | None, faults: list[str], said: str) -> None:
    with pytest.raises(StagewatchError) as caught:
        demo.plan_of(None, scenario, faults)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.exit_code == MALFORMED


def test_two_plans_are_one_too_many() -> None:
    with pytest.raises(StagewatchError, match="--plan and --scenario name a plan each"):
        demo.plan_of("x.toml", "iteration-1", [])


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "tui.demo.importlib.util.find_spec", lambda name: None if name in ("jwt", "uvicorn") else there(name)
    )
    with pytest.raises(StagewatchError) as caught:
        demo.refuse_without_extra()
    assert str(caught.value) == (
        "the demo needs PyJWT, uvicorn, which are not installed here: `pip install 'stagewatch[demo]'`"
    )  # fmt: skip


def test_the_list_names_every_fault_and_fits_80_columns() -> None:
    lines = list(demo.fault_lines())
    assert max(map(len, lines)) <= 80
    for fault in FAULTS:
        assert any(line.startswith(f"{fault.name}  ({fault.where}") for line in lines)
    words = " ".join(" ".join(lines).split())
    assert all(fault.seen in words and fault.breaks in words for fault in FAULTS)
