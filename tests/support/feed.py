"""A feed without a session: a test says what happens, and sees what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from tui.client.feed import Company
from tui.errors import StagewatchError
from tui.events import Event, Evidence
from tui.protocol import Accepted, Act, Cancel, GiveKeys, OnSave, Refused, Request, Rerun, WantKeys
from tui.queries import IterationSummary, summary
from tui.state import RunState, reduce
from tui.state.past import Past

Command = Request


class ScriptedFeed:
    """``tell`` it events; ``sent`` holds what the board asked for; ``answer`` makes the answers."""

    def __init__(self, events: Iterable[Event] = (), evidence: dict[tuple[int, int], Evidence] | None = None) -> None:
        self.state = RunState()
        self.session = "shop-1"
        self.read_only: str | None = None
        self.farewell: str | None = None
        self.company = Company()
        self.sent: list[Command] = []
        self.wanted: list[tuple[int, int]] = []
        self.answer: Callable[[Command], Accepted | Refused] = lambda command: Accepted(_words(command))
        self._evidence = evidence or {}
        self.archive = ScriptedArchive()
        self._batches: asyncio.Queue[Sequence[Event] | None] = asyncio.Queue()
        self._add(list(events))

    def _add(self, events: Sequence[Event]) -> None:
        for event in events:
            reduce(self.state, event)
            self.state.seq += 1

    def tell(self, *events: Event) -> None:
        """Let things happen."""
        self._add(events)
        self._batches.put_nowait(events)

    def renew(self, state: RunState) -> None:
        """Another state altogether, as after a resync."""
        self.state = state
        self._batches.put_nowait(())

    def end(self, why: str) -> None:
        """Nothing follows."""
        self.farewell = why
        self._batches.put_nowait(None)

    async def updates(self) -> AsyncIterator[Sequence[Event]]:
        while (batch := await self._batches.get()) is not None:
            yield batch

    async def send(self, command: Command) -> Accepted | Refused:
        self.sent.append(command)
        return self.answer(command)

    async def evidence(self, test: int, attempt: int) -> Evidence | None:
        self.wanted.append((test, attempt))
        return self._evidence.get((test, attempt))


class ScriptedArchive:
    """Old iterations that a test makes up; the pasts are theirs to fill in too."""

    def __init__(self) -> None:
        self.states: list[RunState] = []
        self.pasts: dict[tuple[str, int], Past] = {}

    async def iterations(self, newest: int) -> list[IterationSummary]:
        return [summary(state) for state in self.states[-newest:]]

    async def iteration(self, number: int, until: int | None = None) -> RunState:
        found = [state for state in self.states if state.iteration == number and until in (None, state.seq)]
        if not found:
            raise StagewatchError(f"there is no iteration {number}")
        return found[0]

    async def past(self, node: str, ordinal: int) -> Past:
        return self.pasts.get((node, ordinal), Past(node, ordinal, ()))

    async def evidence(self, number: int, test: int, attempt: int) -> Evidence | None:
        return Evidence(f"of iteration {number}, test {test}")


def _words(command: Command) -> str:
    match command:
        case Rerun(what="tests", tests=tests):
            return f"{len(tests)} test{'s' * (len(tests) != 1)} run again"
        case Rerun(what=what):
            return f"{what} run again"
        case OnSave(on=on):
            return f"rerun on save is {'on' if on else 'off'}"
        case Act(key=key):
            return f"{key} is running"
        case Cancel(action=True):
            return "the action is being ended"
        case Cancel(test=None):
            return "the run is being cancelled"
        case Cancel():
            return "the test is being ended"
        case WantKeys():
            return "ann@pts/3 is asked for the keys"
        case GiveKeys(yes=yes):
            return "bob@pts/4 drives now" if yes else "you keep the keys"
    return "the session ends"
