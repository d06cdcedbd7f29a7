"""The rows that only make questions quick: written beside each event, and made again from the events alone.

They are no second truth: nothing is shown from them that a state could show, they only answer what
would need many iterations at once (usual durations, last outcomes, trends), and ``rebuild`` gives
the same rows.
"""

from __future__ import annotations

import hashlib
import sqlite3

import msgspec

from tui import events as e
from tui.journal.attempts import Attempts
from tui.state.stamping import Stamping

DECODER: msgspec.json.Decoder[e.Event] = msgspec.json.Decoder(e.Event)


class Derived:
    """Writes the rows of one iteration. Give it every event, in order, inside the transaction that writes the event."""

    def __init__(self, database: sqlite3.Connection, iteration: int) -> None:
        self._database = database
        self._iteration = iteration
        self._attempts = Attempts()
        self._found: dict[int, e.FoundTest] = {}
        self._gone: set[int] = set()
        self._ids: dict[int, int] = {}
        self._stamping = Stamping()
        self._sources = ""
        self._target_answers = True
        self._environments: dict[str, dict[str, str]] = {}
        self._known: dict[str, str] = {}

    def write(self, event: e.Event) -> tuple[int, int] | None:
        """Returns (test, attempt) for an event that is a result."""
        match event:
            case e.TestFinished():
                key = self._attempts.next(event.test)
                mixed = self._stamping.finish(event, key[1]).mixed
                return self._result(
                    key, "not-run" if mixed else event.outcome, event.duration, is_known=not event.unconfirmed
                )
            case e.RevisionRead():
                self._read(event)
            case e.Disagreed():
                self._trust((event.path,), event.at, trusted=False)
                self._compare_with_nothing(event.test)
            case e.Trusted():
                self._trust(event.paths, event.at, trusted=True)
            case e.TestsBlocked():
                for blocked in event.tests:
                    self._result(self._attempts.next(blocked), "blocked", 0.0)
            case e.TestsFound():
                for test in event.tests:
                    self._find(test)
            case e.CollectionFailed():
                self._find(event.test)
                return self._result(self._attempts.next(event.test.id), "error", 0.0)
            case e.TestsGone():
                for gone in event.tests:
                    self._gone.add(gone)
                    self._stand(gone, stands=False)
            case e.Collected():
                self._learn(event.digest, event.environments or self._environments)
            case e.PassBegan():
                self._learn(event.sources or self._sources, self._environments)
            case e.TargetUnreachable():
                self._target_answers = False
            case e.TargetAnswered():
                self._target_answers = True
            case e.TargetStarted():
                self._stamping.meet(event.target)
            case e.IterationBegan():
                self._stamping.begin(event)
                self._database.execute(
                    "UPDATE iteration SET began = ?, revision = ? WHERE number = ?",
                    (event.at, event.revision, self._iteration),
                )
            case e.IterationEnded():
                self._database.execute(
                    "UPDATE iteration SET ended = ?, state = ? WHERE number = ?",
                    (event.at, "interrupted" if event.interrupted else "finished", self._iteration),
                )
        return None

    def _read(self, event: e.RevisionRead) -> None:
        """A mixed attempt counts for nothing: its test has not run by it."""
        known = self._stamping.revision
        for one, stamp in self._stamping.read(event):
            if stamp.mixed:
                self._database.execute(
                    "UPDATE result SET outcome = 'not-run' WHERE iteration = ? AND test = ? AND attempt = ?",
                    (self._iteration, self._id(one.test), one.attempt),
                )
        if self._stamping.revision != known:
            self._known.clear()
            self._database.execute(
                "UPDATE iteration SET revision = ? WHERE number = ?", (self._stamping.revision, self._iteration)
            )

    def _trust(self, paths: tuple[str, ...], at: float, *, trusted: bool) -> None:
        self._database.executemany(
            "INSERT INTO warmth VALUES (?, ?, ?, ?)", [(self._iteration, path, at, trusted) for path in paths]
        )

    def _compare_with_nothing(self, test: int) -> None:
        """Its last result contradicts a fork's: that is a disagreement, and no flake."""
        last = "(SELECT max(attempt) FROM result WHERE iteration = :iteration AND test = :test)"
        self._database.execute(
            f"UPDATE result SET known = '' WHERE iteration = :iteration AND test = :test AND attempt = {last}",
            {"iteration": self._iteration, "test": self._id(test)},
        )

    def _find(self, test: e.FoundTest) -> None:
        self._found.setdefault(test.id, test)
        if test.id in self._gone:
            self._gone.discard(test.id)
            self._stand(test.id, stands=True)

    def _result(
        self, key: tuple[int, int], outcome: e.Outcome, duration: float, *, is_known: bool = True
    ) -> tuple[int, int]:
        """A warm failure that was to be confirmed makes no test flaky: it is compared with nothing."""
        test, attempt = key
        if attempt > 1:
            self._stand(test, stands=False)
        self._database.execute(
            "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._iteration,
                self._id(test),
                attempt,
                self._found[test].tier,
                outcome,
                duration,
                test not in self._gone,
                self._known_of(self._found[test].suite) if is_known else "",
            ),
        )
        return key

    def _learn(self, sources: str, environments: dict[str, dict[str, str]]) -> None:
        self._sources, self._environments = sources, environments
        self._known.clear()

    def _known_of(self, suite: str) -> str:
        """Names all that is known while a suite's test runs: equal for equal; nothing, when the target is down."""
        if not self._target_answers:
            return ""
        if suite not in self._known:
            declared = {**self._environments.get("", {}), **self._environments.get(suite, {})}
            facts = msgspec.json.encode((self._stamping.revision, self._sources, declared), order="deterministic")
            self._known[suite] = hashlib.blake2b(facts, digest_size=8).hexdigest()
        return self._known[suite]

    def _stand(self, test: int, *, stands: bool) -> None:
        """Whether a test's last result counts: an older one does not, nor does that of a test that is gone."""
        last = "(SELECT max(attempt) FROM result WHERE iteration = :iteration AND test = :test)"
        self._database.execute(
            f"UPDATE result SET stands = :stands WHERE iteration = :iteration AND test = :test AND attempt = {last}",
            {"iteration": self._iteration, "test": self._id(test), "stands": stands},
        )

    def _id(self, test: int) -> int:
        """The journal's number of a test, the same in every iteration; the run's own differs from run to run."""
        known = self._ids.get(test)
        if known is None:
            found = self._found[test]
            name = (found.node, found.ordinal)
            row = self._database.execute("SELECT id FROM test WHERE node = ? AND ordinal = ?", name).fetchone()
            if row is None:
                known = self._database.execute("INSERT INTO test (node, ordinal) VALUES (?, ?)", name).lastrowid
            else:
                known = row[0]
            assert known is not None
            self._ids[test] = known
        return known


def rebuild(database: sqlite3.Connection) -> None:
    """Throw all derived rows away and make them again from the events, in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute("DELETE FROM result")
        database.execute("DELETE FROM test")
        database.execute("DELETE FROM warmth")
        database.execute("UPDATE iteration SET began = NULL, ended = NULL, state = 'running', revision = NULL")
        for (number,) in database.execute("SELECT number FROM iteration ORDER BY number").fetchall():
            derived = Derived(database, number)
            for (body,) in database.execute("SELECT body FROM event WHERE iteration = ? ORDER BY seq", (number,)):
                derived.write(DECODER.decode(body))
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
