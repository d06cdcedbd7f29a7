"""How editors are told of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.editor import editor_command

FILE = Path("/srv/shop/tests/test it.py")


@pytest.mark.parametrize(
    "editor, expected",
    [
        ("vim", ["vim", "+7", str(FILE)]),
        ("/usr/bin/nano -w", ["/usr/bin/nano", "-w", "+7", str(FILE)]),
        ("hx", ["hx", f"{FILE}:7"]),
        ("code", ["code", "--wait", "--goto", f"{FILE}:7"]),
        ("code -w", ["code", "-w", "--goto", f"{FILE}:7"]),
        ("ed", ["ed", str(FILE)]),
    ],
)
def test_each_in_its_own_way(editor: str, expected: list[str]) -> None:
    assert editor_command({"EDITOR": editor}, FILE, 7) == expected


def test_visual_stands_before_editor_and_a_line_that_is_not_known_is_left_out() -> None:
    assert editor_command({"VISUAL": "vi", "EDITOR": "nano"}, FILE, 0) == ["vi", str(FILE)]


@pytest.mark.parametrize("environ", [{}, {"EDITOR": ""}, {"EDITOR": "  "}, {"EDITOR": "vi 'x"}])
def test_without_one_there_is_no_command(environ: dict[str, str]) -> None:
    assert editor_command(environ, FILE, 7) is None
