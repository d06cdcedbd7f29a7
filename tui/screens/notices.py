"""What reaches somebody who looks elsewhere: the terminal's title, and its bell at the first failure of the first tier
and when the verdict is decided.

``STAGEWATCH_BELL=0`` and ``STAGEWATCH_TITLE=0`` turn either off. Nothing else is sent (no OSC 9: terminals make of it
what they like).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from tui import shown
from tui.gate import Verdict
from tui.state import RunState, Tally, tallies
from tui.widgets.head.flag import GLYPHS

KEEP_TITLE = "\x1b[22;2t"
GIVE_TITLE_BACK = "\x1b[23;2t"
BELL = "\a"
_LONGEST = 80


class Notices:
    """Remembers what was sent: each bell rings once an iteration, a title is sent when it is another one."""

    def __init__(self, environ: Mapping[str, str], *, ascii: bool) -> None:
        self._bell = environ.get("STAGEWATCH_BELL", "1") != "0"
        self._title = environ.get("STAGEWATCH_TITLE", "1") != "0"
        self._ascii = ascii
        self._sent = ""
        self._iteration = (-1, 0.0)
        self._rung: set[str] = set()

    def begin(self) -> str:
        """What to send before anything is drawn."""
        return KEEP_TITLE if self._title else ""

    def end(self) -> str:
        """What to send when all is over: the title is the user's again."""
        return GIVE_TITLE_BACK if self._title else ""

    def due(self, state: RunState, verdict: Verdict, total: Tally) -> str:
        """What to send now; most often nothing."""
        found = ""
        title = title_of(state, verdict, total, ascii=self._ascii)
        if self._title and title != self._sent:
            self._sent = title
            found += f"\x1b]2;{title}\x1b\\"
        return found + (BELL if self._rings(state, verdict) and self._bell else "")

    def _rings(self, state: RunState, verdict: Verdict) -> bool:
        """One that was already so when this viewer came is no news."""
        now = {
            name
            for name, is_so in (
                ("failure", _fails_first(state)),
                ("end", verdict.standing != "so far" and not state.is_running),
            )
            if is_so
        }
        if (state.iteration, state.began) != self._iteration:
            is_news = self._iteration[0] >= 0 and state.iteration == self._iteration[0] + 1
            self._iteration = (state.iteration, state.began)
            self._rung = set() if is_news else now
        if not state.is_running and "end" not in now:
            return False
        new = now - self._rung
        self._rung = (self._rung | now) - ({"end"} if state.is_running else set())
        return bool(new)


def title_of(state: RunState, verdict: Verdict, total: Tally, *, ascii: bool) -> str:
    """``✗ 3 · P1 24/25 · 62%``: how many fail, how the first tier stands, how far it is."""
    mark = GLYPHS[verdict.answer][ascii]
    dot = "-" if ascii else "·"
    parts = [f"{mark} {total.failing}" if total.failing else mark]
    for tier, tally in islice(tallies(state).items(), 1):
        parts.append(f"{tier} {tally.outcomes.get('passed', 0)}/{tally.total}")
    if total.total:
        parts.append(f"{total.ran * 100 // total.total}%")  # no tenths: each change is sent
    return shown.line(f" {dot} ".join(parts))[:_LONGEST]


def _fails_first(state: RunState) -> bool:
    first = next(iter(tallies(state)), None)
    return any(state.tests[test].tier == first for test in state.failed)
