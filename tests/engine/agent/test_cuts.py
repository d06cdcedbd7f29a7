"""Where long text is cut, no secret is cut in two with half of it shown."""

from __future__ import annotations

import time

import pytest

from tests.engine.agent import alone

_report, _mask = alone.load("report"), alone.load("mask")
LIMIT = 4 * 1024
TOKEN = "".join(f"{n * n * 7919 % 46656:04x}" for n in range(1, 31))
"""120 characters in which no eight repeat."""
LONGER = "".join(f"{n * 104729 % 1048576:05x}" for n in range(1, 2101))
"""Longer than any margin that is not made for it."""
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJ{TOKEN}.{TOKEN[::-1]}"
AROUND = {"known": ("", TOKEN), "jwt": ("", JWT), "header": ("Authorization: Bearer ", TOKEN)}


def cut(text: str, *secrets: str) -> tuple[str, str]:
    """What is shown of it, before and after the cut."""
    told: list[str] = []
    shown = _report.Reports(_mask.Mask(secrets))._text(text, LIMIT, "stdout", told)
    assert told == [f"stdout: {len(text) - 2 * LIMIT:,} characters in the middle"]
    head, _, tail = shown.partition("\n… ")
    return head, tail.partition(" …\n")[2]


def pieces(secret: str, shown: str) -> set[str]:
    """The pieces of eight characters of a secret that can be read."""
    return {secret[at : at + 8] for at in range(len(secret) - 7)} & {shown[at : at + 8] for at in range(len(shown) - 7)}


@pytest.mark.parametrize("offset", range(len(TOKEN) + 12))
@pytest.mark.parametrize("kind", AROUND)
def test_a_secret_at_every_place_around_both_cuts(kind: str, offset: int) -> None:
    before, secret = AROUND[kind]
    known = [secret] if kind == "known" else []
    line = f"{before}{secret}\n"
    start = "." * (LIMIT - offset) + "\n"
    end = "\n" + "." * (LIMIT - offset)
    head, tail = cut(f"{start}{line}{'-' * 4 * LIMIT}\n{line}{end}", *known)
    assert pieces(secret, head) == set() and pieces(secret, tail) == set()
    assert len(head) >= LIMIT - len(line) - 12 and len(tail) >= LIMIT - len(line) - 12


@pytest.mark.parametrize("offset", range(len(f"session 1000 of {TOKEN}\n") + 1))
def test_a_thousand_lines_with_a_token_in_each(offset: int) -> None:
    """Masking shortens them so far that what is kept of either end would reach the raw end of what was masked."""
    lines = "".join(f"session {n:04} of {TOKEN}\n" for n in range(1000))
    head, tail = cut("." * offset + lines + "." * offset, TOKEN)
    assert pieces(TOKEN, head + tail) == set()
    assert head.startswith("." * offset + "session 0000 of ‹masked›\nsession 0001") and "session 0028" in head
    assert tail.endswith("session 0999 of ‹masked›\n" + "." * offset) and "session 0972" in tail


@pytest.mark.parametrize("between", ["", " ", "\udc80" * 40])
@pytest.mark.parametrize("offset", range(0, len(TOKEN), 7))
def test_nothing_but_tokens(between: str, offset: int) -> None:
    """Also where masking makes the text longer: what can't be encoded takes six characters."""
    head, tail = cut("." * offset + (TOKEN + between) * 400 + "." * offset, TOKEN)
    assert pieces(TOKEN, head + tail) == set()
    assert head.count("‹masked›") > 20 and tail.count("‹masked›") > 20


@pytest.mark.parametrize("offset", range(0, len(LONGER), 501))
def test_a_secret_longer_than_the_margin(offset: int) -> None:
    start, end = "." * (LIMIT - offset % LIMIT), "." * (offset % LIMIT)
    head, tail = cut(start + LONGER + "-" * 4 * LIMIT + LONGER + end, LONGER)
    assert pieces(LONGER, head + tail) == set()


def test_what_has_no_secrets_keeps_all_of_both_ends() -> None:
    text = "".join(f"line {n}\n" for n in range(10_000))
    assert cut(text, TOKEN) == (text[:LIMIT], text[-LIMIT:])


def test_a_flood_is_cut_quickly() -> None:
    reports, text = _report.Reports(_mask.Mask([TOKEN])), f"{TOKEN} in a line\n" * 200_000
    began = time.process_time()
    reports._text(text, _report.SECTION_LIMIT, "stdout", [])
    assert time.process_time() - began < 0.5
