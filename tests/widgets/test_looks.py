"""Marks, colours, letters, grids: what must hold of each of them."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from rich.cells import cell_len

from tui import events as e
from tui.gate import Answer
from tui.plan.model import Tier
from tui.state import Attempt, Tally, Test
from tui.widgets.grid import arrange
from tui.widgets.head.flag import WORDS, flag, letters
from tui.widgets.ink import Ground, Ink, Role, depth_of
from tui.widgets.marks import DISAGREED, FLAKY, MARKS, glyphs, locale_wants_ascii
from tui.widgets.search import Search
from tui.widgets.tiers.standing import TierWord, shown_tiers, tier_word

# Marks


def test_every_status_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == {*get_args(e.Outcome), "running", "waiting"}
    for chosen in ("glyph", "ascii", "word"):
        of = [getattr(mark, chosen) for mark in (*MARKS.values(), FLAKY, DISAGREED)]
        assert len(set(of)) == len(of)


def test_glyphs_are_one_cell_and_ascii_is_ascii() -> None:
    for mark in (*MARKS.values(), FLAKY, DISAGREED):
        assert cell_len(mark.glyph) == len(mark.ascii) == 1
        assert mark.ascii.isascii()
    drawn = glyphs(True)
    assert all(value.isascii() for value in vars(drawn).values() if isinstance(value, str))


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"LANG": "en_US.UTF-8"}, (False, False)),
        ({"LANG": "C.UTF-8"}, (False, False)),
        ({"LANG": "C"}, (True, True)),
        ({}, (True, True)),
        ({"LANG": "ja_JP.UTF-8"}, (True, False)),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "de_DE.ISO-8859-1"}, (True, True)),
    ],
)
def test_locales(environ: dict[str, str], wanted: tuple[bool, bool]) -> None:
    assert locale_wants_ascii(environ) == wanted


# Colours


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, "none"),
        ({"COLORTERM": "truecolor", "TERM": "xterm"}, "true"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "linux"}, "16"),
    ],
)
def test_depths(environ: dict[str, str], depth: str) -> None:
    assert depth_of(environ) == depth


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_roles_can_be_read_on_their_ground(theme: str) -> None:
    ink = Ink(theme, "true")  # type: ignore[arg-type]  # a Theme
    least = {"hair": 1.2, "faint": 3.0, "goodq": 3.5, "muted": 4.2}
    for role in get_args(Role):
        style = ink.style(role)
        assert style.color and style.bgcolor
        light, dark = sorted((_luminance(style.color.triplet), _luminance(style.bgcolor.triplet)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least.get(role, 4.5), role


def _luminance(triplet: tuple[int, int, int] | None) -> float:
    assert triplet
    linear = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in triplet]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("depth", ["true", "256", "16", "none"])
def test_every_role_on_every_ground_is_a_style(theme: str, depth: str) -> None:
    ink = Ink(theme, depth)  # type: ignore[arg-type]  # a Theme and a Depth
    for role, ground in itertools.product(get_args(Role), get_args(Ground)):
        style = ink.style(role, on=ground)
        if depth == "none":
            assert style.color is None and style.bgcolor is None
        if depth == "256":
            assert style.color and style.color.number is not None


# Letters


@pytest.mark.parametrize("answer", get_args(Answer))
def test_the_flag_is_a_block(answer: Answer) -> None:
    rows = letters(answer)
    assert len({len(row) for row in rows}) == 1
    assert len({len(row) for row in flag(answer, ascii=False, room=60)}) == 1
    spaced = flag(answer, ascii=True, room=60)
    assert " ".join(WORDS[answer]) in spaced[1]


# Grids


@pytest.mark.parametrize("zoomed", [False, True])
def test_panels_never_overlap_or_stand_outside(zoomed: bool) -> None:
    for width, height in itertools.product((40, 60, 79, 80, 120, 139, 140, 160, 240), range(12, 70)):
        for tiers, workers in ((1, 1), (4, 2), (12, 4), (40, 16)):
            grid = arrange(width, height, tiers, workers, zoomed)
            taken: set[tuple[int, int]] = set()
            for name, region in grid.regions.items():
                assert region.width > 0, name
                assert region.height > 0, (name, width, height, tiers, workers)
                assert region.right <= width and region.bottom <= height, (name, width, height, tiers, workers)
                cells = {(x, y) for y in region.line_range for x in (region.x, region.right - 1)}
                assert not cells & taken, (name, width, height, tiers, workers)
                taken |= cells


def test_the_comfortable_size_is_the_picture() -> None:
    regions = arrange(160, 45, 12, 4).regions
    names = ("head", "progress", "tiers", "failures", "running", "footer")
    assert [regions[name].y for name in names] == [0, 5, 8, 22, 38, 44]
    assert regions["tests"].x == 103


# Tiers


def tally(**statuses: int) -> Tally:
    named = {name.replace("_", "-"): count for name, count in statuses.items()}
    outcomes = {name: count for name, count in named.items() if name not in {"running", "waiting"}}
    return Tally(sum(named.values()), 0, named, outcomes)  # type: ignore[arg-type]  # statuses and outcomes


def test_what_matters_most_of_a_tier_is_its_word() -> None:
    assert tier_word(tally(failed=1, running=1)).word == "FAILING"
    assert tier_word(tally(passed=1, running=1, waiting=1)).word == "running"
    assert tier_word(tally(passed=1, waiting=1)).word == "waiting"
    assert tier_word(tally(passed=1, not_run=1)).word == "not run"
    assert tier_word(tally(passed=1, cancelled=1)).word == "stopped"
    assert tier_word(tally(skipped=2)).word == "skipped"
    assert tier_word(tally(passed=2, skipped=1)).word == "passed"
    assert tier_word(Tally()).word == "waiting"
    assert tier_word(tally(passed=2), blocks=True).word == "BLOCKS"
    assert tier_word(tally(failed=1), blocks=True).word == "FAILING"


def test_passed_tiers_fold_first_and_the_chosen_one_never() -> None:
    tiers = {f"P{n}": tally(passed=1) for n in range(6)} | {"bad": tally(failed=1), "late": tally(waiting=1)}

    def word(id: str) -> TierWord:
        return tier_word(tiers[id], blocks=id == "P1")

    shown, folded = shown_tiers(tiers, 5, "P3", word)
    assert shown == ["P1", "P3", "bad", "late"], "what blocks does not fold either"
    assert folded == ["P0", "P2", "P4", "P5"]
    over = {**tiers, "gone": Tally()}
    assert "gone" in shown_tiers(over, 5, "gone", lambda id: tier_word(over[id], over=True))[0], "also one of no test"
    assert shown_tiers(tiers, 8, None, word) == (list(tiers), [])


# Search


def test_words_of_a_search_mean_text_states_and_tiers() -> None:
    test = Test(1, "tests/a.py::test_Token[eu]", 0, "P1", "s", "", 0, None, None)
    test.attempts.append(Attempt("failed", 1, 1, 0.0, 1.0))
    tiers = {"P1": Tier("P1"), "P2": Tier("P2")}
    for found in ("", "token", "TOKEN a.py", "failed", "failing p1", "fail token", '"a.py'):
        assert Search(found, tiers).finds(test), found
    for missed in ("nothing", "passed", "p2", "failed nothing", "flaky", '"failed'):
        assert not Search(missed, tiers).finds(test), missed


def test_a_search_may_say_outright_what_it_means() -> None:
    test = Test(1, "tests/a.py::test_token", 0, "P1", "auth", "", 0, None, last="passed")
    test.attempts.append(Attempt("failed", 1, 1, 0.0, 1.0))
    tiers, suites = ("P1", "P2"), ("auth", "billing")
    for found in ("is:failed", "is:changed", "changed", "tier:p1 suite:auth token", "suite:AUTH", "tier:p1 tier:p2"):
        assert Search(found, tiers, suites).finds(test), found
    for missed in ("is:passed", "tier:p2", "suite:billing", "suite:auth tier:p2"):
        assert not Search(missed, tiers, suites).finds(test), missed
    assert Search("::test_token", tiers, suites).words == ["::test_token"]


def test_a_test_has_changed_once_it_ran_and_ended_unlike_the_last_time() -> None:
    test = Test(1, "tests/a.py::test_token", 0, "P1", "auth", "", 0, None, last="failed")
    assert not Search("changed", ()).finds(test)
    test.attempts.append(Attempt("failed", 1, 1, 0.0, 1.0))
    assert not Search("changed", ()).finds(test)
    test.attempts.append(Attempt("passed", 1, 1, 0.0, 1.0))
    assert Search("changed", ()).finds(test)


def test_a_search_says_what_there_is_instead_of_what_there_is_not() -> None:
    test = Test(1, "tests/a.py::test_token", 0, "P1", "auth", "", 0, None, None)
    for text, says in (
        ("tier:p9", "tier: is one of P1 P2"), ("tier:p", "tier: P1 P2"), ("suite:x", "suite: is one of auth"),
        ("is:br", "is: is one of failing"), ("is:fa", "is: failing failed"),
    ):  # fmt: skip
        search = Search(text, ("P1", "P2"), ("auth",))
        assert search.wrong.startswith(says) and not search.finds(test), text
    assert Search("suite:x", ("P1",)).wrong == "there is no suite here"
    assert not Search("is:failed tier:P1", ("P1",)).wrong
