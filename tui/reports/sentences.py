"""The single lines of the stream: what is said of a result, a pass, a notice, a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.events import FAILING, SAVED, Exit, FilesSaved, Signature
from tui.gate import Verdict
from tui.reports.amounts import clock, many, took
from tui.reports.summary import STANDINGS, failure_words
from tui.shown import line
from tui.state import Attempt, OnSave, Pass, RunState, Test
from tui.state.colours import turn_as_it_came

_MOST_NAMES = 5
WAITS = "waits for the tests that run"
"""What a save does while tests run."""


def say(word: str, text: str) -> str:
    """A line: a word that says what it is about, and the rest, all of it fit to be printed."""
    return line(f"{word:<10} {text}")


def exit_words(exit: Exit) -> str:
    """How a process ended."""
    if exit.signal:
        return f"ended by {exit.signal}"
    return f"ended with exit code {exit.code}" if exit.code is not None else "ended"


def warmth_words(attempt: Attempt) -> str:
    """Whether it ran in a fork, of which generation and how old that was, or why not."""
    if attempt.cold_reason:
        return f"cold: {attempt.cold_reason}"
    return "warm" if attempt.age is None else f"warm, generation {attempt.generation}, {took(attempt.age)} old"


def confirmation_words(attempt: Attempt) -> str:
    """What a fresh process has to say, or has said, of what a fork did; empty where none was asked."""
    if attempt.unconfirmed:
        return "counts when a fresh process confirms it"
    return "" if attempt.contradicted is None else f"disagrees: {disagreement(attempt)}"


def disagreement(cold: Attempt) -> str:
    """Of a cold attempt that said the opposite of the warm one before it."""
    return f"{cold.contradicted} when warm, {cold.outcome} when cold, which counts"


def result(state: RunState, test: Test, index: int) -> Iterator[str]:
    """A result's line; for one that did not pass, what it said is on the next."""
    attempt = test.attempts[index]
    notes = list(_notes(state, test, index))
    aside = f"  ({', '.join(notes)})" if notes else ""
    yield say(attempt.outcome, f"{took(attempt.duration):>8}  {test.node}{aside}")
    said = failure_words(attempt.signature, attempt.message)
    if said and attempt.outcome != "passed":
        frame = attempt.signature.frame if attempt.signature else ""
        yield say("", f"{said}  at {frame}" if frame else said)


def is_blocked(attempt: Attempt) -> bool:
    """Whether nothing ran: many tests at once, for one cause, and told in one line."""
    return attempt.outcome == "blocked" and not attempt.worker


def blocked(count: int, why: str) -> str:
    return say("blocked", f"{many(count, 'test')}: {why}")


def iteration_words(number: int, revision: str | None) -> str:
    """``iteration 3 (revision r7)``."""
    return f"iteration {number} (revision {revision})" if revision else f"iteration {number}"


def flaky_words(test: Test) -> str:
    """How often it was flaky before."""
    return f"flaky in {test.flaky_before} of the {test.flaky_of} iterations before"


def target_words(state: RunState) -> str:
    """How the target stands, as far as there is something to say of it besides its name."""
    target = state.plan.target
    if state.unreachable is not None:
        sentence = state.unreachable.sentence
        return sentence.removeprefix("the target ")
    if state.starting:
        return f"is being started: {' '.join(target.start)}"
    if target.start and target.base_url:
        return "  ".join(fact for fact in (target.name or "", target.base_url) if fact)
    return ""


def _notes(state: RunState, test: Test, index: int) -> Iterator[str]:
    attempt = test.attempts[index]
    if test.collection:
        yield "can't be collected"
    if attempt.outcome in FAILING:
        yield test.tier
        if not index and test.last is not None:
            yield "failed last time too" if test.last in FAILING else f"new, {test.last} last time"
        if not index and test.failing_since is not None:
            yield f"since {iteration_words(test.failing_since, test.failing_revision)}"
        if not index and test.flaky_before:
            yield flaky_words(test)
    if attempt.exit is not None:
        yield exit_words(attempt.exit)
    if attempt.subtests is not None:
        passed, failed = attempt.subtests
        yield f"{passed} of {many(passed + failed, 'subtest')} passed"
    if index and not test.collection:
        yield f"attempt {index + 1}"
        yield warmth_words(attempt)
    if attempt.unconfirmed:
        yield confirmation_words(attempt)
    if (turned := turn_as_it_came(state, test, index)) is not None:
        yield turned.words


def running_time(test: Test, now: float) -> str:
    """How long a test has run by now, and how long it usually takes."""
    elapsed = now - (test.started or now)
    if test.usual is None:
        return f"{took(elapsed):>8}"
    late = f", {elapsed / test.usual:.1f}x" if test.usual and elapsed > test.usual else ""
    return f"{took(elapsed):>8} (usual {took(test.usual)}{late})"


def selection(state: RunState) -> str:
    """What of the project the run was asked to cover."""
    chosen = state.selection
    parts = [
        *chosen.paths,
        *(f"tier {tier}" for tier in chosen.tiers),
        *(f"suite {suite}" for suite in chosen.suites),
        *([f"-k {chosen.keyword!r}"] if chosen.keyword else []),
        *([f"-m {chosen.markers!r}"] if chosen.markers else []),
        *chosen.pytest_args,
    ]
    return "  ".join(parts) + ("  (only a part of the plan)" if state.partial else "")


def names_of(names: Sequence[str], count: int = 0) -> str:
    """The first few, and how many more there are (of ``count``, where not all are named)."""
    more = max(count, len(names)) - _MOST_NAMES
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(names[:_MOST_NAMES]) + rest


def sentence(signature: Signature) -> str:
    """A signature in one line."""
    if not signature.exception or signature.message.startswith(signature.exception):
        return signature.message or signature.exception or "no message"
    return f"{signature.exception}: {signature.message}" if signature.message else signature.exception


def asked_by(by: str) -> str:
    """Who asked for a pass, or which save did, for the end of a sentence."""
    if not by:
        return ""
    return f", {by}" if by.startswith(SAVED) else f", asked by {by}"


def on_save_words(on_save: OnSave) -> str:
    by = f", asked by {on_save.by}" if on_save.by else ""
    if not on_save.on:
        return f"off: a save has nothing run any more{by}"
    return f"on: what failed runs again when a file is saved, then what the save touches{by}"


def saved_words(saved: OnSave | FilesSaved) -> str:
    """Of a save, what is to be said beside the pass that it asks for; empty where that is nothing."""
    why = WAITS if saved.waits else saved.why_not
    return f"{names_of(saved.paths, saved.count)}: {why}" if why else ""


def pass_began(one: Pass) -> str:
    again = " again" if one.number > 1 else ""
    what = f" ({one.what})" if one.what else ""
    by = asked_by(one.by)
    verb = "runs" if len(one.tests) == 1 else "run"
    return say(f"pass {one.number}", f"{many(len(one.tests), 'test')} {verb}{again}{what}{by}")


def pass_ended(one: Pass) -> str:
    how = "cut off by a rollout, to run again in the next iteration," if one.goes_on else "ended"
    if one.cancelled:
        how = f"cancelled by {one.cancelled_by}" if one.cancelled_by else "cancelled"
    return say(f"pass {one.number}", f"{how} after {clock((one.ended or one.began) - one.began)}")


def notice(text: str, serious: bool) -> str:
    return say("attention" if serious else "notice", text)


def verdict_line(found: Verdict) -> str:
    return say("verdict", f"{found.answer}, {STANDINGS[found.standing]}: {found.reasons[0]}")
