"""The status report of an iteration in Markdown: everything the screen says, to be sent to people who don't see it.

Pure: the same state, verdict and time give the same text. What comes from the tested project is
inert in it (``inert``); times are UTC.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence

from tui.events import FAILING
from tui.gate import Verdict
from tui.plan.model import Value
from tui.reports import impact
from tui.reports.actions import command_words, ended_words
from tui.reports.amounts import clock, many, percent
from tui.reports.inert import cell, code, text
from tui.reports.next_steps import next_steps
from tui.reports.sentences import asked_by, disagreement, flaky_words, iteration_words, selection
from tui.reports.summary import STANDINGS, count_words, failure_words, override_words
from tui.state import Group, RunState, Tally, Test, duration, groups, ordered_tiers, tallies, total
from tui.state.colours import turn
from tui.state.derived import failing_since, suite_tallies
from tui.state.warmth import disagreements

_MOST_NODES = 25
"""Failing tests of one group that are named; the JSON results have all of them."""


def report(state: RunState, verdict: Verdict, now: float) -> str:
    """The whole document. ``now``: seconds since the epoch, when it was made."""
    sections = [
        _head(state, verdict, now),
        _section("Summary", _summary(state)),
        _section("Breakdown by suite", _breakdown(state)),
        _section("Failing tests", _failing(state)),
        _section("Warm and cold disagree", _disagreed(state)),
        _section("Changed colour", _turned(state)),
        _section("Root cause analysis", _causes(state)),
        _section("Business impact", _impact(state)),
        _section("Next steps", (f"{n}. {_prose(step)}" for n, step in enumerate(next_steps(state, verdict), 1))),
        _section("Progress", _progress(state)),
        _section("Not checked", (f"- {text(entry.why)}" for entry in verdict.not_checked)),
        _section("What was done", _done(state)),
    ]
    return "\n".join(line for section in sections for line in section) + "\n"


def _head(state: RunState, verdict: Verdict, now: float) -> list[str]:
    target = state.plan.target
    environment = " ".join(filter(None, [target.name and text(target.name), target.base_url and code(target.base_url)]))
    lines = [
        f"# Iteration {state.iteration} of {text(state.project)}: status report",
        "",
        f"- **Verdict**: {verdict.answer.upper()}, {STANDINGS[verdict.standing]}"
        + (f": {text(verdict.reasons[0])}" if verdict.reasons else ""),
        *(f"  - and: {text(reason)}" for reason in verdict.reasons[1:]),
        *([f"- **Override**: {text(override_words(verdict.override))}"] if verdict.override else []),
        *([] if verdict.valid_until is None else [f"- **Valid until**: {_time(verdict.valid_until)}"]),
        f"- **Date**: {_time(state.began)}, took {clock(duration(state))}; this report: {_time(now)}",
        f"- **Environment**: {environment or 'none is declared'}",
        f"- **Revision**: {code(state.revision) if state.revision else 'unknown'}",
    ]
    everything = total(state)
    if not state.selection.is_everything and everything.ran < everything.total:
        lines.append(f"- **Selection**, when it was started: {text(selection(state))}")
    return lines


def _section(title: str, lines: Iterator[str] | Sequence[str]) -> list[str]:
    body = list(lines)
    return ["", f"## {title}", "", *body] if body else []


def _summary(state: RunState) -> Iterator[str]:
    everything = total(state)
    judged = _judged(everything)
    yield f"- Tests run so far: **{everything.ran}** of {everything.total} planned"
    rate = everything.rate
    if rate is None:
        yield "- Pass rate: nothing passed or failed yet"
    else:
        good = round(rate * judged)
        yield f"- Pass rate: {good} of {judged} = **{percent(rate)}**"
    if everything.flaky:
        yield f"- Flaky: {everything.flaky}"
    for tier in ordered_tiers(state):
        tally = tallies(state)[tier.id]
        if tally.total:
            title = f" {text(tier.title)}" if tier.title and tier.title.casefold() != tier.id.casefold() else ""
            yield f"- **{text(tier.id)}**{title}: {_counted(tally)}"


def _breakdown(state: RunState) -> Iterator[str]:
    kinds: dict[str, list[tuple[str, Tally]]] = {"Passing": [], "Failing": [], "Not finished": []}
    for id, tally in suite_tallies(state).items():
        if tally.total:
            kind = "Failing" if tally.failing else "Passing" if _all_passed(tally) else "Not finished"
            kinds[kind].append((id, tally))
    first = True
    for kind, suites in kinds.items():
        if not suites:
            continue
        count = sum(tally.total for _, tally in suites)
        yield from ([] if first else [""])
        first = False
        yield f"### {kind}: {many(len(suites), 'suite')}, {many(count, 'test')}"
        yield ""
        yield "| suite | tier | passed | share | of them |"
        yield "| --- | --- | ---: | ---: | --- |"
        for id, tally in suites:
            suite = state.suites.get(id)
            title = suite.title if suite and suite.title else id
            tier = suite.tier if suite else ""
            numbers = f"{_passed(tally)} of {tally.total} | {_share(tally)} | {text(count_words(tally))}"
            yield f"| {cell(title)} | {cell(tier)} | {numbers} |"


def _failing(state: RunState) -> Iterator[str]:
    for number, group in enumerate(groups(state), 1):
        said = failure_words(group.signature, group.signature.message)
        yield from ([""] if number > 1 else [])
        yield f"### {number}. {many(len(group.tests), 'test')}: {code(said)}"
        yield ""
        yield f"- **Priority**: {_priority(state, group)}"
        if group.signature.frame:
            yield f"- **Place**: {code(group.signature.frame)}"
        for test in group.tests[:_MOST_NODES]:
            yield f"- {code(test.node)}: {test.outcome}{_again(test)}{_words(test, said)}{_before(state, test)}"
        if len(group.tests) > _MOST_NODES:
            yield f"- and {many(len(group.tests) - _MOST_NODES, 'more test')}"


def _disagreed(state: RunState) -> Iterator[str]:
    """Tests that said one thing in a fork and the opposite in a fresh process, whose word counts."""
    found = list(disagreements(state))
    for test, cold in found[:_MOST_NODES]:
        yield f"- {code(test.node)}: {disagreement(cold)}"
    if len(found) > _MOST_NODES:
        yield f"- and {many(len(found) - _MOST_NODES, 'more test')}"


def _turned(state: RunState) -> Iterator[str]:
    """Tests whose last result is of another colour than the one before, by what is known to have changed."""
    found: dict[str, list[Test]] = {}
    for test in state.present():
        if test.has_run and (turned := turn(state, test, len(test.attempts) - 1)) is not None:
            found.setdefault(turned.words, []).append(test)
    for words, tests in found.items():
        colour, _, known = words.partition(": ")
        yield f"- **{colour.capitalize()}** ({text(known)}): {many(len(tests), 'test')}"
        for test in tests[:_MOST_NODES]:
            yield f"  - {code(test.node)}, attempt {len(test.attempts)}"
        if len(tests) > _MOST_NODES:
            yield f"  - and {many(len(tests) - _MOST_NODES, 'more test')}"


def _priority(state: RunState, group: Group) -> str:
    among = {test.tier for test in group.tests}
    tiers = [tier for tier in ordered_tiers(state) if tier.id in among]
    named = ", ".join(f"{text(tier.id)} {text(tier.title)}".strip() for tier in tiers)
    suites = {test.suite for test in group.tests}
    at_stake = [
        f"{_amount(value.amount, value.currency)} a {text(value.period)} ({_source(value)})"
        for value in [
            *(tier.value for tier in tiers),
            *(suite.value for id, suite in state.suites.items() if id in suites),
        ]
        if value is not None
    ]
    stake = f"; at stake: {', '.join(at_stake)}" if at_stake else ""
    return f"tier {named}{stake}" if tiers else "unknown"


def _causes(state: RunState) -> Iterator[str]:
    for number, group in enumerate(groups(state), 1):
        yield f"{number}. {code(failure_words(group.signature, group.signature.message))}: cause not examined."
        for fact in _in_common(state, group):
            yield f"   - {fact}"


def _in_common(state: RunState, group: Group) -> Iterator[str]:
    if len(group.tests) == 1:
        test = group.tests[0]
        yield f"one test, in suite {code(_suite_title(state, test.suite))}"
    else:
        suites = Counter(_suite_title(state, test.suite) for test in group.tests)
        where = ", ".join(f"{code(title)} ({count})" for title, count in suites.most_common())
        yield f"the {len(group.tests)} tests are in {where}"
    if group.signature.frame:
        yield f"{'they' if len(group.tests) > 1 else 'it'} failed at {code(group.signature.frame)}"
    others = _siblings(state, group)
    if others:
        yield f"in the same files {others}"
    last = Counter(test.last for test in group.tests)
    known = sum(count for outcome, count in last.items() if outcome is not None)
    if known:
        failed = sum(count for outcome, count in last.items() if outcome in FAILING)
        yield f"in the iteration before, {failed} of {known} failed too"


def _siblings(state: RunState, group: Group) -> str:
    files = {test.node.partition("::")[0] for test in group.tests}
    mine = {test.id for test in group.tests}
    rest = Counter(
        test.outcome for test in state.present() if test.id not in mine and test.node.partition("::")[0] in files
    )
    return ", ".join(f"{count} {outcome}" for outcome, count in rest.most_common())


def _impact(state: RunState) -> Iterator[str]:
    found = impact.stakes(state)
    for sums in impact.totals(found):
        for standing in ("protected", "at risk", "unverified"):
            amount = sums.amounts.get(standing, 0.0)
            if amount or standing == "protected":
                yield f"- **{standing.capitalize()}**: {_amount(amount, sums.currency)} a {text(sums.period)}"
    for stake in found:
        within = f", within {text(stake.within)}" if stake.within else ""
        value = stake.value
        yield (
            f"  - {text(stake.title)}: {_amount(value.amount, value.currency)} a {text(value.period)} "
            f"{stake.standing} ({stake.why}{within}; {_source(value)})"
        )
    if unpriced := _unpriced(state):
        yield f"- At risk without a declared value: {unpriced}"
    elif not found:
        yield "- The plan declares no value for any tier or suite."


def _unpriced(state: RunState) -> str:
    valued_tiers = {tier.id for tier in state.tiers.values() if tier.value is not None}
    names = [
        f"{text(suite.title or id)} ({tally.failing} of {tally.total} fail)"
        for id, tally in suite_tallies(state).items()
        if tally.failing and (suite := state.suites.get(id)) and suite.value is None and suite.tier not in valued_tiers
    ]
    return ", ".join(names)


def _progress(state: RunState) -> Iterator[str]:
    everything = total(state)
    if everything.total:
        share = percent(everything.ran / everything.total)
        ran = f"{everything.ran} of {everything.total} planned tests have run ({share})"
        yield f"{ran}, {_passed(everything)} as expected, {everything.failing} failing."


def _done(state: RunState) -> Iterator[str]:
    """Passes, actions and overrides, in the order of time."""
    done = [*_passes(state), *_actions(state)]
    if state.override is not None:
        done.append((state.override.at, f"override: {text(override_words(state.override))}"))
    for at, what in sorted(done, key=lambda item: item[0]):
        yield f"- {_time(at)}: {what}"


def _passes(state: RunState) -> Iterator[tuple[float, str]]:
    for one in state.passes:
        by = text(asked_by(one.by))
        what = f" ({text(one.what)})" if one.what else ""
        ended = ""
        if one.ended is not None:
            who = f" by {text(one.cancelled_by)}" if one.cancelled_by else ""
            ended = f", cancelled{who}" if one.cancelled else f", took {clock(one.ended - one.began)}"
        kind = "run" if one.number == 1 else "rerun"
        yield one.began, f"{kind} of {many(len(one.tests), 'test')}{what}{by}{ended}"


def _actions(state: RunState) -> Iterator[tuple[float, str]]:
    for run in state.actions:
        by = f", asked by {text(run.by)}" if run.by else ""
        ended = text(ended_words(run)) or ("not ended with the iteration" if state.ended else "still running")
        took = "" if run.ended is None or run.exit is None else f", took {clock(run.ended - run.began)}"
        yield run.began, f"action {text(run.title)} ({code(command_words(run.command))}){by}, {ended}{took}"


def _judged(tally: Tally) -> int:
    return _passed(tally) + tally.failing


def _passed(tally: Tally) -> int:
    return sum(tally.outcomes.get(outcome, 0) for outcome in ("passed", "xfailed", "xpassed"))


def _all_passed(tally: Tally) -> bool:
    return _passed(tally) == tally.total


def _share(tally: Tally) -> str:
    return percent(_passed(tally) / tally.total)


def _counted(tally: Tally) -> str:
    rate = "" if tally.rate is None else f", {percent(tally.rate)}"
    return f"{_passed(tally)} of {tally.total}{rate} ({text(count_words(tally))})"


def _suite_title(state: RunState, id: str) -> str:
    suite = state.suites.get(id)
    return suite.title if suite and suite.title else id


def _again(test: Test) -> str:
    return f", attempt {len(test.attempts)}" if len(test.attempts) > 1 else ""


def _before(state: RunState, test: Test) -> str:
    """What earlier iterations say of a failing test."""
    known = []
    since = failing_since(state, test)
    if since is not None and since.iteration != state.iteration:
        known.append(f"fails since {iteration_words(since.iteration, since.revision)}")
    if test.flaky_before:
        known.append(flaky_words(test))
    return "".join(f", {text(one)}" for one in known)


def _words(test: Test, said: str) -> str:
    attempt = test.attempts[-1]
    own = failure_words(attempt.signature, attempt.message)
    return "" if own == said else f", {code(own)}"


def _amount(amount: float, currency: str) -> str:
    return f"{amount:,.0f} {text(currency)}" if amount == int(amount) else f"{amount:,.2f} {text(currency)}"


def _source(value: Value) -> str:
    return f"as of {value.as_of.isoformat()}, {text(value.source)}"


def _prose(step: str) -> str:
    """A sentence of ours in which a command stands between backticks."""
    parts = [part.strip() for part in step.split("`")]
    told = [code(part) if index % 2 else text(part) for index, part in enumerate(parts) if part]
    return " ".join(told).replace("` ,", "`,")


def _time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
