"""What viewer and session say to each other: one JSON document a line, over a unix socket.

A viewer says ``Hello`` and gets ``Welcome``, then a ``Snapshot``, then ``Events`` from there on;
between them it may send any ``Command``. A viewer that reads too slowly gets a ``Snapshot`` again
instead of the events it missed. Nothing here is trusted more than a stranger's text would be:
a line that does not decode ends the connection. ``id`` is a viewer's number for a command, and
stands in the answer to it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from tui.events import Evidence, Recorded

VERSION = 2


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say"):
    pass


class Hello(_Message, frozen=True, tag="hello"):
    """A viewer's first line. ``who``: login, tty and SSH client address, as others shall see it.

    ``commands``: it only wants to ask for one thing (``stagewatch rerun``): its commands are taken
    whoever drives.
    """

    version: int
    who: str
    read_only: bool = False
    commands: bool = False


class Rerun(_Message, frozen=True, tag="rerun"):
    """Run again: tests (by the run's ids, or by node ids), all that failed, or everything.

    ``requested``: when the user asked, in seconds since the epoch. ``canary``: one of each group of failures first, and
    the rest only if these pass. *touched*: these tests, of which there may be none, and what an edit brings.
    """

    what: Literal["failed", "all", "tests", "touched"]
    tests: tuple[int, ...] = ()
    nodes: tuple[str, ...] = ()
    requested: float = 0.0
    canary: bool = False
    id: int = 0


class OnSave(_Message, frozen=True, tag="on-save"):
    """Have tests run again when a file of the project is saved, or (``on`` is False) no longer."""

    on: bool
    id: int = 0


class Cancel(_Message, frozen=True, tag="cancel"):
    """End one running test, or (``test`` is None) all that is left of the pass; or the action that runs."""

    test: int | None = None
    action: bool = False
    id: int = 0


class WantEvidence(_Message, frozen=True, tag="want-evidence"):
    test: int
    attempt: int


class Stop(_Message, frozen=True, tag="stop"):
    """End the session and all that it started."""

    id: int = 0


class Override(_Message, frozen=True, tag="override"):
    """Let the deploy go on whatever the verdict is; recorded with who asks, and why."""

    why: str
    id: int = 0


class Trust(_Message, frozen=True, tag="trust"):
    """Have the tests of these modules run warm again, where warm and cold have disagreed."""

    paths: tuple[str, ...]
    id: int = 0


class Act(_Message, frozen=True, tag="act"):
    """Run an action of the plan, by its key."""

    key: str
    id: int = 0


class WantKeys(_Message, frozen=True, tag="want-keys"):
    """A viewer that watches would drive. The driver is told who asks; where nobody drives, it does from now on."""

    id: int = 0


class GiveKeys(_Message, frozen=True, tag="give-keys"):
    """The driver's answer to whoever asks for the keys: it drives from now on, or (``yes`` is False) is told no."""

    yes: bool = True
    id: int = 0


Request: TypeAlias = Rerun | OnSave | Cancel | Act | Override | Trust | Stop | WantKeys | GiveKeys
"""What a person asks for: answered by ``Accepted`` or ``Refused``."""
Command: TypeAlias = Request | WantEvidence
FromViewer: TypeAlias = Hello | Command


class Welcome(_Message, frozen=True, tag="welcome"):
    """``drives``: this viewer's commands are taken; otherwise ``driver`` says whose are. Sent again when that changes.

    ``watchers``: who else watches. ``asking``: to the driver, who asks for the keys. ``told``: what has just been
    decided, in a sentence.
    """

    version: int
    session: str
    drives: bool
    driver: str = ""
    watchers: tuple[str, ...] = ()
    asking: str = ""
    told: str = ""


class Snapshot(_Message, frozen=True, tag="snapshot"):
    """The whole state after the event ``seq``: a ``state.RunState`` in JSON."""

    seq: int
    state: msgspec.Raw


class Events(_Message, frozen=True, tag="events"):
    events: tuple[Recorded, ...]


class EvidenceReply(_Message, frozen=True, tag="evidence"):
    """``evidence`` is None when none was kept."""

    test: int
    attempt: int
    evidence: Evidence | None = None


class Refused(_Message, frozen=True, tag="refused"):
    """A command that can't be done now, and why, in one sentence."""

    why: str
    id: int = 0


class Accepted(_Message, frozen=True, tag="accepted"):
    """What a command set going, in one sentence ("3 tests run again"); ``number``: of the pass, or of the action."""

    what: str
    number: int | None = None
    id: int = 0


class Farewell(_Message, frozen=True, tag="farewell"):
    """The session ends; nothing follows. ``exit_code``: when it ends because it could not do what it was asked."""

    why: str
    exit_code: int | None = None


FromSession: TypeAlias = Welcome | Snapshot | Events | EvidenceReply | Refused | Accepted | Farewell
