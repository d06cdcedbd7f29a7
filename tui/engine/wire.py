"""What the agent says, decoded: the one place where its rows and maps get names.

The agent is older than any of this may be (it runs in the tested project's interpreter), so its
messages are lists with a tag, and everything in them is data from a stranger: a message that does
not decode ends the connection.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from tui.events import Evidence, Frame, Outcome, Source, Subtest


class _Said(msgspec.Struct, frozen=True, array_like=True):
    pass


class Item(_Said, frozen=True):
    """A collected test. ``unit`` numbers what has to stay on one worker; ``suites`` are indexes into the plan's.

    ``selected``: the expressions of the run's selection hold for it.
    """

    node: str
    path: str
    line: int
    function: str
    classes: tuple[str, ...]
    markers: tuple[tuple[str, tuple[str, ...]], ...]
    unit: int
    suites: tuple[int, ...]
    selected: bool = True


class Explained(msgspec.Struct, frozen=True):
    """One attempt, or one failed collector, as ``report.Reports`` in the agent tells it."""

    outcome: Outcome = "error"
    started: float = 0.0
    duration: float = 0.0
    phases: tuple[float, float, float] | None = None
    message: str = ""
    exception: str = ""
    traceback: str = ""
    frames: tuple[tuple[str, int, str, str, bool, tuple[tuple[str, str], ...]], ...] = ()
    source: tuple[str, int, int, tuple[str, ...]] | None = None
    sections: tuple[tuple[str, str], ...] = ()
    subtests: tuple[tuple[str, Outcome, str], ...] = ()
    cut: tuple[str, ...] = ()

    @property
    def own_frame(self) -> str:
        """The innermost frame in the project, as ``path:function``; empty when there is none."""
        own = [frame for frame in self.frames if frame[4]]
        return f"{own[-1][0]}:{own[-1][2]}" if own else ""

    def evidence(self) -> Evidence | None:
        """What is kept apart from the event; None when there is nothing."""
        if not (self.traceback or self.frames or self.sections or self.subtests or self.cut):
            return None
        return Evidence(
            traceback=self.traceback,
            frames=tuple(Frame(*frame) for frame in self.frames),
            source=Source(*self.source) if self.source else None,
            sections=self.sections,
            subtests=tuple(Subtest(*subtest) for subtest in self.subtests),
            cut=self.cut,
        )


class Facts(msgspec.Struct, frozen=True):
    """Of a finished collection. ``digest`` and ``data`` name what the project's sources and data files hold.

    ``findings``: kind, what, where, and whether it stands in the way of forking; see ``events.Finding``.
    """

    python: str
    pytest: str
    root: str
    count: int
    digest: str
    data: str
    cold_reason: str | None
    findings: tuple[tuple[str, str, str, bool], ...] = ()


class Items(_Said, frozen=True, tag="items"):
    rows: tuple[Item, ...]


class Uncollected(_Said, frozen=True, tag="uncollected"):
    node: str
    explained: Explained


class Note(_Said, frozen=True, tag="note"):
    text: str


class Collected(_Said, frozen=True, tag="collected"):
    facts: Facts


class Started(_Said, frozen=True, tag="started"):
    worker: int
    pid: int


class Exited(_Said, frozen=True, tag="exited"):
    worker: int
    code: int | None
    signal: str | None
    stacks: str


class Checked(_Said, frozen=True, tag="checked"):
    """The answer to *check*: files that are no longer as they were collected, and a name for the data files' state."""

    token: int
    changed: tuple[str, ...]
    data: str


class Ready(_Said, frozen=True, tag="ready"):
    """A worker can run tests from now on: a fresh one has collected."""


class Pull(_Said, frozen=True, tag="pull"):
    """A worker is at the end of its last test and asks for more."""


class Done(_Said, frozen=True, tag="done"):
    """``more``: the same test goes on (a plugin runs it again)."""

    index: int
    explained: Explained
    more: bool


class Missing(_Said, frozen=True, tag="missing"):
    """A fresh process has not collected this test."""

    index: int


class Aborted(_Said, frozen=True, tag="aborted"):
    """A test ended its process from within: by ``pytest.exit`` (``exits``), an interrupt, or an error of a plugin."""

    index: int
    exception: str
    message: str
    exits: bool


class Stopping(_Said, frozen=True, tag="stopping"):
    """pytest in this worker wants the run to stop (-x, --maxfail, a plugin)."""

    reason: str


class Dropped(_Said, frozen=True, tag="dropped"):
    """A worker has left the rest of its unit, as it was told."""


FromZygote: TypeAlias = Items | Uncollected | Note | Collected | Started | Exited | Checked
FromWorker: TypeAlias = Ready | Pull | Done | Missing | Aborted | Stopping | Dropped

from_zygote = msgspec.json.Decoder(FromZygote)
from_worker = msgspec.json.Decoder(FromWorker)


def line(worker: int, *words: Any) -> bytes:
    """A message to a worker, or (0) to the zygote itself."""
    return b"%d " % worker + msgspec.json.encode(words) + b"\n"
