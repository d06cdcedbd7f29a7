"""Which revision of the target is deployed: what its version URL says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tui.plan.model import Target
from tui.target.http import Answer, NoAnswer, certificates_of, get, may_be_asked, within_time

KEYS = ("revision", "version", "commit", "sha", "build")
"""Of a JSON object: the first that has something to say says it."""
HEADER = "x-revision"
LONGEST = 200
"""Characters of a revision; a text that is longer is something else."""
_LARGEST = 64 * 1024
"""Bytes of an answer that are read."""


class Unread(Exception):
    """There is no revision to be had; in a few words, why."""


class VersionUrl:
    """Who can be asked. ``mask``: an answer may hold what nobody shall see."""

    def __init__(self, url: str, environment: Mapping[str, str], mask: Callable[[str], str], *, allowed: bool) -> None:
        self._url = url
        self._certificates = certificates_of(environment)
        self._mask = mask
        self._allowed = allowed

    async def read(self) -> tuple[str | None, str]:
        """The revision; None, and why there is none."""
        if not self._allowed:
            return None, "its host is one that must never be asked (never of [target])"
        try:
            answer = await within_time(lambda: get(self._url, self._certificates, _LARGEST + 1), "version")
            return self._mask(revision_in(answer)), ""
        except (NoAnswer, Unread) as trouble:
            return None, str(trouble)


def version_url_of(target: Target, environment: Mapping[str, str], mask: Callable[[str], str]) -> VersionUrl | None:
    """None where the target has none. One that must not be asked is no reason to do without: it has no answer."""
    url = target.version_url
    return None if url is None else VersionUrl(url, environment, mask, allowed=may_be_asked(url, target))


def revision_in(answer: Answer) -> str:
    """What an answer says. Raises Unread."""
    if not 200 <= answer.status < 300:
        raise Unread(f"it answers {answer.status}")
    if len(answer.body) > _LARGEST:
        raise Unread(f"its answer is longer than {_LARGEST // 1024} KiB")
    found = _in_body(answer.body) or _plain(answer.headers.get(HEADER) or "")
    if not found:
        raise Unread("its answer names no revision")
    return found


def _in_body(body: bytes) -> str:
    text = body.decode("utf-8-sig", "replace")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return _plain(text)
    if isinstance(said, dict):
        return next((found for key in KEYS if (found := _value(said.get(key)))), "")
    return _value(said)


def _value(said: object) -> str:
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return ""
    return _plain(str(said))


def _plain(text: str) -> str:
    """A short line; empty where it is none. What can't be sent on (a lone surrogate) is spelled out."""
    text = text.strip().encode("utf-8", "backslashreplace").decode()
    is_one = text and len(text) <= LONGEST and len(text.splitlines()) == 1 and not text.startswith("<")
    return text if is_one else ""
