"""What a save has run again: what failed first, then what it touches, and nothing over tests that run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.scripted import Script
from tui import events as e
from tui.protocol import Accepted, Refused, Rerun
from tui.session import on_save
from tui.state import RunState, reduce

PATIENCE = 20.0
A, B = "test_a.py", "test_b.py"


class Run:
    """A session's part: a state that grows by events, and reruns that begin when they are asked for."""

    def __init__(self, root: Path, script: Script) -> None:
        self.state = script.state()
        self.asked: list[tuple[Rerun, str]] = []
        self.said: list[e.FilesSaved] = []
        self.answer: Callable[[Rerun], Accepted | Refused] | None = None
        self._changed = asyncio.Event()
        self.mode = on_save.OnSave(root, lambda: self.state, self._ask, self._quiet, self.tell)

    def tell(self, event: e.Event) -> None:
        reduce(self.state, event)
        if isinstance(event, e.FilesSaved):
            self.said.append(event)
        self._changed.set()
        self.mode.happened()

    def finish(self, *, cancelled: bool = False) -> None:
        """What runs passes, or is cancelled."""
        now = self.state.passes[-1]
        for test in now.tests:
            self.tell(e.TestStarted(self.state.now, test, 1))
            if not cancelled:
                self.tell(e.TestFinished(self.state.now, test, 1, 1, "passed", self.state.now, 0.1))
        self.tell(e.PassEnded(self.state.now, now.number, cancelled))

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def _quiet(self) -> None:
        return

    async def _ask(self, command: Rerun, who: str) -> Accepted | Refused:
        self.asked.append((command, who))
        if self.answer is not None:
            self._changed.set()
            return self.answer(command)
        tests = tuple(self.state.failed) if command.what == "failed" else command.tests
        number = len(self.state.passes) + 1 if tests else None
        if tests:
            self.tell(
                e.PassBegan(self.state.now, len(self.state.passes) + 1, tests, command.requested, who, command.what)
            )
        self._changed.set()
        return Accepted("", number)


@asynccontextmanager
async def turned_on(root: Path, script: Script) -> AsyncIterator[Run]:
    for name in (A, B):
        (root / name).touch()
    run = Run(root, script)
    answer = await run.mode.turn(True, "ann")
    assert isinstance(answer, Accepted)
    try:
        yield run
    finally:
        run.mode.close()


def ran(*outcomes: e.Outcome) -> Script:
    """A test in A, one in B, as far as there are outcomes for them; the pass ends where both have one."""
    script = Script()
    tests = [*script.found(f"{A}::test_one"), *script.found(f"{B}::test_two")]
    script.collected().asked(tests)
    for test, outcome in zip(tests, outcomes, strict=False):
        script.ran(test, outcome, "no" if outcome == "failed" else "")
    return script.pass_ended() if len(outcomes) == 2 else script


async def test_what_failed_runs_first_then_what_was_saved(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("failed", "passed")) as run:
        (tmp_path / B).write_text("# saved")
        await run.until(lambda: len(run.asked) == 1)
        assert (run.asked[0][0].what, run.asked[0][1]) == ("failed", f"saved: {B}")
        assert run.said == [e.FilesSaved(run.said[0].at, (B,), 1)]
        run.finish()
        await run.until(lambda: len(run.asked) == 2)
        assert (run.asked[1][0].what, run.asked[1][0].tests, run.asked[1][1]) == ("touched", (2,), f"saved: {B}")


async def test_what_failed_and_was_saved_runs_once(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("failed", "passed")) as run:
        (tmp_path / A).write_text("# saved")
        await run.until(lambda: run.asked)
        run.finish()
        (tmp_path / B).write_text("# saved")
        await run.until(lambda: len(run.asked) == 2)
        assert [(command.what, who) for command, who in run.asked] == [
            ("failed", f"saved: {A}"), ("touched", f"saved: {B}"),
        ]  # fmt: skip


async def test_nothing_begins_while_tests_run_and_that_is_said(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("failed")) as run:
        (tmp_path / A).write_text("# saved")
        await run.until(lambda: run.said)
        assert run.said[0].waits and run.state.on_save and run.state.on_save.waits
        (tmp_path / B).write_text("# saved too")
        await run.until(lambda: len(run.said) == 2)
        assert run.asked == []
        run.tell(e.TestStarted(run.state.now, 2, 1))
        run.tell(e.TestFinished(run.state.now, 2, 1, 1, "passed", run.state.now, 0.1))
        run.tell(e.PassEnded(run.state.now, 1))
        await run.until(lambda: run.asked)
        assert run.asked[0][1] == f"saved: {A}, {B}", "one round for all of it"
        assert not run.state.on_save.waits


async def test_saved_again_while_what_failed_runs_that_goes_first_again(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("failed", "failed")) as run:
        (tmp_path / A).write_text("# saved")
        await run.until(lambda: run.asked)
        (tmp_path / B).write_text("# saved")
        await run.until(lambda: len(run.said) == 2)
        run.tell(e.PassEnded(run.state.now, 2))
        await run.until(lambda: len(run.asked) == 2)
        assert (run.asked[1][0].what, run.asked[1][1]) == ("failed", f"saved: {A}, {B}")


async def test_who_cancels_what_failed_has_cancelled_the_rest(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("failed", "passed")) as run:
        (tmp_path / B).write_text("# saved")
        await run.until(lambda: run.asked)
        run.finish(cancelled=True)
        (tmp_path / A).write_text("# saved later")
        await run.until(lambda: len(run.asked) == 2)
        assert run.asked[1][1] == f"saved: {A}"


async def test_where_nothing_hangs_on_it_that_is_said(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("passed", "passed")) as run:
        assert not run.mode.is_used(within=60)
        (tmp_path / "module.py").write_text("# saved")
        await run.until(lambda: len(run.said) == 2)
        assert (run.asked[0][0].what, run.asked[0][0].tests) == ("touched", ())
        assert run.said[1].why_not == "nothing has failed, and no test is known to hang on it"
        assert run.mode.is_used(within=60), "who saves is there, though nobody watches"


async def test_a_refusal_is_said(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("passed", "passed")) as run:
        run.answer = lambda _: Refused("a rollout is under way")
        (tmp_path / A).write_text("# saved")
        await run.until(lambda: len(run.said) == 2)
        assert run.said[1].why_not == "a rollout is under way"


async def test_turned_off_nothing_is_watched_and_the_rest_of_a_round_is_dropped(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("failed", "passed")) as run:
        assert isinstance(await run.mode.turn(True, "bob"), Refused)
        (tmp_path / B).write_text("# saved")
        await run.until(lambda: run.asked)
        assert isinstance(await run.mode.turn(False, "bob"), Accepted)
        assert run.state.on_save is not None and (run.state.on_save.on, run.state.on_save.by) == (False, "bob")
        run.finish()
        assert isinstance(await run.mode.turn(True, "bob"), Accepted)
        (tmp_path / A).write_text("# saved")
        await run.until(lambda: len(run.asked) == 2)
        assert run.asked[1][1] == f"saved: {A}", "what was still to come for the save before is not"


async def test_the_next_iteration_knows_that_it_is_on(tmp_path: Path) -> None:
    async with turned_on(tmp_path, ran("passed", "passed")) as run:
        run.state = RunState()
        run.mode.tell_again()
        assert run.state.on_save is not None and run.state.on_save.by == "ann"
