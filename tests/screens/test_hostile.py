"""Node ids, messages and output are data: shown, measured, never obeyed."""

from __future__ import annotations

import pytest

from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import BEGAN, NOW
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.plan.model import Plan, Selection, Tier

HOSTILE = (
    "t.py::test[/]", "t.py::test[admin]", "t.py::test[$(touch x)]", "t.py::test[a\nb]", "t.py::test[\x1b[2J]",
    "t.py::test[\u202egnp.exe]", "t.py::test[日本語テスト]", "t.py::test[🎉🎉]", "t.py::test[e\u0301\u200b]",
    "t.py::" + "x" * 4000,
    "t.py::test[" + "宽" * 2000 + "]", "t.py::test[[bold red]x[/bold red]]", "t.py::test[\t\r\x00]", "",
    "t.py::test[❤\ufe0f👨\u200d👩]", "t.py::test[\U0001f1e9\U0001f1ea]",
)  # fmt: skip


def hostile() -> ScriptedFeed:
    """Each of them fails, with itself as message, in a tier of such a name."""
    plan = Plan(tiers=(Tier("[/]P1\x1b[31m", "日本\n語"), Tier("x" * 300)))
    events: list[e.Event] = [
        e.IterationBegan(BEGAN, e.VERSION, 1, "[/]\x1bshop", "/", plan, Selection(), 2, revision="\u202e[b]"),
        e.TestsFound(BEGAN, tuple(e.FoundTest(i, n, plan.tiers[i % 2].id, "s") for i, n in enumerate(HOSTILE))),
        e.Collected(BEGAN, 1, "", "", len(HOSTILE), 1.0),
        e.WorkerStarted(BEGAN, 1, 1, 1, "cold [/] \x1b"),
        e.PassBegan(BEGAN, 1, tuple(range(len(HOSTILE))), BEGAN),
    ]
    evidence = {}
    for id, node in enumerate(HOSTILE[:-1]):
        events += [
            e.TestStarted(BEGAN, id, 1),
            e.TestFinished(
                NOW, id, 1, 1, "failed", BEGAN, 1.0, message=node, signature=e.Signature("[/]E", node, node),
                has_evidence=True,
            ),
        ]  # fmt: skip
        evidence[id, 1] = e.Evidence(
            node, (e.Frame(node, 1, node, node, True),), e.Source(node, 1, 2, (node, node)), ((node, node),),
            (e.Subtest(node, "failed", node),), node, (node,),
        )  # fmt: skip
    events.append(e.TestStarted(NOW - 1, len(HOSTILE) - 1, 1))
    return ScriptedFeed(events, evidence)


def is_clean(text: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("size", [WIDE, MIDDLE, SMALL, (160, 12), (20, 3)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_every_screen_stands(size: tuple[int, int], ascii: bool) -> None:
    async with board(hostile(), size, ascii=ascii) as seen:
        for key in (
            "enter",
            "pagedown",
            "escape",
            "tab",
            "tab",
            "n",
            "enter",
            "2",
            "3",
            "u",
            "end",
            "n",
            "n",
            "1",
            "end",
        ):
            await seen.press(key)
            assert is_clean(seen.text)
            for strip in seen.app.screen._compositor.render_strips():
                assert strip.cell_length == size[0]


async def test_they_are_shown_and_not_obeyed() -> None:
    async with board(hostile(), (160, 60)) as seen:
        await seen.press("enter")
        for shown in ("test[/]", "test[\\x1b[2J]", "test[$(touch x)]", "\\u202egnp"):
            assert shown in seen.text


async def test_long_names_lose_their_middle() -> None:
    async with board(hostile(), (160, 60)) as seen:
        await seen.press("enter")
        assert "宽]" in seen.text


async def test_without_utf8_everything_is_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C")
    feed = hostile()
    from tests.support.board import StagewatchApp, text_of

    app = StagewatchApp(feed, theme="dark", clock=lambda: NOW)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        app.turn()
        await pilot.pause()
        assert text_of(app).isascii()
