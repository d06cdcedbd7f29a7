"""Source as it was when the test ran, quietly coloured, the failing line banded."""

from __future__ import annotations

from tui.events import Source
from tui.widgets.document import Piece, Row, heading
from tui.widgets.ink import Role

NUMBER = 6


def source_rows(source: Source, pointer: str) -> list[Row]:
    """A heading and the lines."""
    rows = [heading("SOURCE", source.path)]
    coloured = _coloured(source.lines)
    for number, pieces in enumerate(coloured, source.first):
        failing = number == source.line
        label = f"{number:>{NUMBER}}"
        if failing:
            text = "".join(text for text, _ in pieces)
            made = (Piece(0, pointer, "bad"), Piece(1, label[1:], "bad", True), Piece(NUMBER + 2, text, "strong", True))
            rows.append(Row(made, on="badbg"))
            continue
        x = NUMBER + 2
        parts = [Piece(0, label, "faint")]
        for text, role in pieces:
            parts.append(Piece(x, text, role))
            x += len(text)
        rows.append(Row(tuple(parts)))
    return rows


def _coloured(lines: tuple[str, ...]) -> list[list[tuple[str, Role]]]:
    """The lines in pieces. Pygments is imported only when somebody looks at a failure."""
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]  # pygments ships no types
    from pygments.token import Comment, Keyword, Literal, String  # type: ignore[import-untyped]  # as above

    rows: list[list[tuple[str, Role]]] = [[]]
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    for kind, text in lexer.get_tokens("\n".join(line.expandtabs(4) for line in lines)):
        role: Role = "text"
        if kind in Comment or kind in Literal.String.Doc:
            role = "faint"
        elif kind in String:
            role = "good"
        elif kind in Keyword:
            role = "run"
        first, *more = text.split("\n")
        rows[-1].append((first, role))
        for part in more:
            rows.append([(part, role)])
    return rows[: max(1, len(lines))]
