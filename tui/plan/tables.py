"""What the tables of a plan hold: each key with the check of its value. The whole schema is here.

``docs/configuration.md`` says the same to people, and a test compares the two.
"""

from __future__ import annotations

from tui.plan import expressions, keys
from tui.plan import values as v
from tui.plan.values import Check


class Later:
    """A key that is published but not supported by this version: said so, rather than passed over."""


LATER = Later()

GATE: dict[str, Check | Later] = {
    "pass_rate": v.share,
    "least": v.whole(0),
    "flaky": v.whole(0),
    "skipped": v.whole(0),
    "longest": v.duration,
}
QUARANTINE: dict[str, Check | Later] = {
    "test": v.text,
    "until": v.date,
    "reason": v.text,
}
VALUE: dict[str, Check | Later] = {
    "amount": v.number,
    "currency": v.text,
    "period": v.text,
    "owner": v.text,
    "as_of": v.date,
    "source": v.text,
}
TARGET: dict[str, Check | Later] = {
    "name": v.text,
    "base_url": v.url("http", "https"),
    "ws_url": v.url("ws", "wss"),
    "version_url": v.url("http", "https"),
    "health_url": v.url("http", "https"),
    "credentials": v.references,
    "never": v.texts,
    "start": v.command,
    "start_timeout": v.duration,
}
RUN: dict[str, Check | Later] = {
    "tiers": v.texts,
    "suites": v.texts,
    "keyword": expressions.keyword,
    "markers": expressions.markers,
}
WHOLE_RUN: dict[str, Check | Later] = {**RUN, "confirm": v.one_of("always", "never", "when-disagreed")}
GENERAL_GATE: dict[str, Check | Later] = {**GATE, "valid_for": v.duration}
TIER: dict[str, Check | Later] = {
    "id": v.identifier,
    "title": v.text_or_empty,
    "order": v.whole(-(10**9)),
}
SUITE: dict[str, Check | Later] = {
    "id": v.identifier,
    "title": v.text_or_empty,
    "tier": v.identifier,
    "paths": v.texts,
    "markers": expressions.markers,
    "keyword": expressions.keyword,
    "env": v.environment,
    "env_file": v.text,
    "timeout": v.duration,
    "workers": v.whole(1, 256),
    "spread": v.one_of("module", "tests"),
    "exclusive": v.flag,
}
ACTION: dict[str, Check | Later] = {
    "key": keys.key,
    "title": v.identifier,
    "command": v.command,
    "confirm": v.flag,
    "timeout": v.duration,
    "then": v.one_of("rerun-failed", "rerun-all"),
}
