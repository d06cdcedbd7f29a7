"""What every screen with tests on it can run again: these, what failed, one of each group first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.protocol import Rerun
from tui.reports.amounts import many
from tui.screens.base import BaseScreen
from tui.widgets.footer.footer import Question

MANY = 10
"""Tests that run again without a question."""


class RerunningScreen(BaseScreen):
    """Few run at once; many are worth a question that says how many."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "rerun_failed", show=False),
        Binding("r", "rerun", show=False),
        Binding("c", "canary", show=False),
    ]

    def rerun(self, tests: Sequence[int], nothing: str, which: str = "these") -> None:
        """Run tests again, or say why not. ``which`` they are, for the question."""
        if why := self.why_not() or (None if tests else nothing):
            self.footer.say(why)
        elif len(tests) <= MANY:
            self._rerun(tests)
        else:
            asked = f"Run {which} {many(len(tests), 'test')} again?"
            self.footer.ask(Question(asked, (("y", "yes"),), lambda _: self._rerun(tests)))

    def _rerun(self, tests: Sequence[int]) -> None:
        self.order(Rerun("tests", tuple(tests), requested=self.view.clock()))
        self.reran()

    def reran(self) -> None:
        """Tests were asked for."""

    def action_rerun_failed(self) -> None:
        state = self.view.state
        count = len(state.failed)
        some = count or self.view.total.outcomes.get("blocked")
        if why := self.why_not() or (None if some else "nothing has failed"):
            self.footer.say(why)
        elif count <= MANY:
            self._rerun_failed()
        else:
            groups = len(self.view.groups)
            answers = (("y", "all"), ("c", f"one of each of {many(groups, 'group')} first"))
            self.footer.ask(
                Question(
                    f"Run {many(count, 'failed test')} again?",
                    answers if groups < count else answers[:1],
                    lambda key: self._rerun_failed(canary=key == "c"),
                )
            )

    def action_canary(self) -> None:
        if why := self.why_not() or (None if self.view.state.failed else "nothing has failed"):
            self.footer.say(why)
        else:
            self._rerun_failed(canary=True)

    def _rerun_failed(self, *, canary: bool = False) -> None:
        self.order(Rerun("failed", requested=self.view.clock(), canary=canary))
