"""What a plan declares to be in the environment of a suite's tests, and what of it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project
from tui.engine.environments import SURROUNDINGS, Environments
from tui.errors import StagewatchError
from tui.plan.model import Plan, Suite, Tier


class Learned(set[str]):
    def learn(self, secrets: Iterable[str]) -> None:
        self.update(secrets)


def made(tmp_path: Path, *suites: Suite, salt: bytes = b"salt", learned: Learned | None = None) -> Environments:
    (tmp_path / "session").mkdir(exist_ok=True)
    return Environments(suites, tmp_path, tmp_path / "session", salt, (Learned() if learned is None else learned).learn)


def test_suites_that_declare_the_same_are_a_group(tmp_path: Path) -> None:
    environments = made(
        tmp_path,
        Suite("a", "P1"),
        Suite("b", "P1", env={"A": "1"}),
        Suite("c", "P1", env={"A": "1"}),
        Suite("d", "P1", env={"A": "1"}, env_file="x.env"),
    )
    assert environments.groups == [0, 1, 1, 2]
    environments.read()
    assert environments.current == [{}, {"A": "1"}, {"A": "1"}]


def test_a_file_stands_over_env_and_a_name_alone_takes_it_away(tmp_path: Path) -> None:
    learned = Learned()
    suite = Suite("a", "P1", env={"KEPT": "k", "OVER": "old", "AWAY": "w"}, env_file="{session}/x.env")
    environments = made(tmp_path, suite, learned=learned)
    environments.read()
    before = environments.current
    assert before[1] == {"KEPT": "k", "OVER": "old", "AWAY": "w"}, "the file need not be there"
    (tmp_path / "session" / "x.env").write_text(
        "# a comment\n\n  OVER=new = 'er'\nAWAY\nNEVER_THERE\nEMPTY=\nTHE_TOKEN=opensesame\n"
    )
    environments.read()
    assert environments.current[1] == {"KEPT": "k", "OVER": "new = 'er'", "EMPTY": "", "THE_TOKEN": "opensesame"}
    assert environments.changed(before) == ("environment of suite a: AWAY, EMPTY, OVER, THE_TOKEN",)
    assert environments.changed(environments.current) == ()
    assert learned == {"opensesame"}


@pytest.mark.parametrize(
    "content, said",
    [
        (b"A=1\nno name\n", "env_file x.env, line 2: expected NAME=value, NAME alone"),
        (b"=1\n", "line 1: expected NAME=value"),
        (b"1A=1\n", "line 1: expected NAME=value"),
        (b"A=\0\n", "it has a NUL character or over 64 KiB"),
        (b"A=" + b"x" * 70_000, "it has a NUL character or over 64 KiB"),
        (b"A=\xff\n", "is no text in UTF-8"),
    ],
)
def test_a_file_of_something_else_is_refused_without_a_value(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.env").write_bytes(content)
    environments = made(tmp_path, Suite("a", "P1", env={"A": "1"}, env_file="x.env"))
    with pytest.raises(StagewatchError) as refused:
        environments.read()
    assert said in str(refused.value) and "no name" not in str(refused.value)
    assert environments.current == [{}, {}], "as it was"


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StagewatchError, match=r"env_file session can't be read: Is a directory"):
        made(tmp_path, Suite("a", "P1", env_file="session")).read()


def test_digests_tell_what_is_the_same_and_hold_no_value(tmp_path: Path) -> None:
    suites = (Suite("a", "P1", env={"X": "secret", "Y": "1"}), Suite("b", "P1", env={"X": "other", "Y": "1"}))
    environments, others = made(tmp_path, *suites), made(tmp_path, *suites, salt=b"pepper")
    environments.read()
    others.read()
    digests = environments.digests({"URL": "u"})
    assert digests == environments.digests({"URL": "u"})
    assert {suite: set(names) for suite, names in digests.items()} == {
        SURROUNDINGS: {"URL"}, "a": {"X", "Y"}, "b": {"X", "Y"},
    }  # fmt: skip
    assert digests["a"]["X"] != digests["b"]["X"] and digests["a"]["Y"] == digests["b"]["Y"]
    assert digests["a"]["X"] != digests["a"]["Y"], "the name is part of it"
    assert digests["a"]["X"] != others.digests({})["a"]["X"], "without the salt nobody can look it up"
    assert "secret" not in str(digests)
    assert made(tmp_path, *suites, salt=b"").digests({"URL": "u"}) == {}


def test_a_changed_file_is_in_force_at_the_next_rerun_and_named(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        test_it="""
            import os
            def test_mode(): assert os.environ["MODE"] == "right"
        """,
    )
    plan = Plan(
        source="stagewatch.toml",
        tiers=(Tier("P1"),),
        suites=(Suite("s", "P1", paths=(".",), env={"MODE": "wrong"}, env_file="x.env"),),
    )

    async def run() -> None:
        async with Hosted(project, plan=plan) as hosted:
            assert (await hosted.run()).outcome("test_mode") == "failed"
            (project / "x.env").write_text("MODE=right\n")
            told = await hosted.rerun("test_mode")
            assert told.outcome("test_mode") == "passed"
            assert told.state.changed == ("environment of suite s: MODE",)
            (project / "x.env").write_text("not a line\n")
            with pytest.raises(StagewatchError, match="line 1"):
                await hosted.rerun("test_mode")
            (project / "x.env").unlink()
            assert (await hosted.rerun("test_mode")).outcome("test_mode") == "failed", "nothing was lost"

    asyncio.run(run())
