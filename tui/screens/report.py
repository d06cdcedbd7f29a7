"""The status report as it would be written now: the same text, to be read before it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.documents import write_document
from tui.errors import StagewatchError
from tui.reports.markdown import report
from tui.screens.searching import SearchingScreen
from tui.screens.slim import slim
from tui.widgets.document import Document, Piece, Row, heading, wrapped
from tui.widgets.footer.footer import Key, Question
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.ink import Role
from tui.widgets.view import View


class ReportScreen(SearchingScreen):
    """Live: made anew, at most once a second, while the run goes on."""

    NAME = "report"
    KEYS_HELP = (
        ("arrows, j k", "scroll; space, page up and down, home, end"),
        ("/", "find a text as you type; esc clears"),
        ("n", "the next hit"),
        ("N, p", "the hit before"),
        ("w", "write it to a file beside you, in Markdown (asks)"),
        ("esc, R", "back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace,R", "back", show=False),
        Binding("w", "write", show=False),
        Binding("n", "hit(1)", show=False),
        Binding("N,p", "hit(-1)", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._document = Document(view, "document")
        self._made: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._document
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._document)

    def arranged(self, width: int, height: int) -> Grid:
        return slim(width, height, progress=False)

    def offered(self) -> tuple[Key, ...]:
        return (Key("esc", "back"), Key("w", "write to a file"), *self.offered_search(), Key("?", "help", 2))

    def turn(self) -> None:
        width = self._document.size.width - 4
        state = self.view.state
        made = (state.iteration, state.seq, width, self.view.tick if state.is_running else 0)
        if width > 8 and made != self._made:
            self._made = made
            self._document.hold(_rows(self._text(), width))
        super().turn()

    def _text(self) -> str:
        return report(self.view.state, self.view.verdict, self.view.now)

    @property
    def searched(self) -> Document:
        return self._document

    def action_back(self) -> None:
        if not self.end_search():
            self.dismiss()

    def action_write(self) -> None:
        path = Path.cwd() / f"stagewatch-report-{self.view.state.iteration}.md"
        again = "Write over" if path.exists() else "Write"
        asked = f"{again} {path}?"
        self.footer.ask(Question(asked, (("y", "write it"),), lambda _: self._write(path), about=str(path)))

    def _write(self, path: Path) -> None:
        try:
            write_document(str(path), self._text().encode())
            self.footer.say(f"written: {path}", "run")
        except StagewatchError as error:
            self.footer.say(str(error), "warn")


def _rows(text: str, width: int) -> list[Row]:
    """Headings stand out, the rest is as it is written; a table's row is cut, a sentence is broken."""
    rows = []
    for line in text.splitlines():
        hashes, _, title = line.partition(" ")
        if hashes in {"#", "##", "###"}:
            rows.append(heading(title) if hashes == "##" else Row((Piece(0, title, "strong", True),)))
        elif line.startswith("|"):
            role: Role = "faint" if set(line) <= set("| -:") else "text"
            rows.append(Row((Piece(0, line, role),)))
        else:
            indent = len(line) - len(line.lstrip(" -"))
            parts = wrapped(line, width)
            rows += [Row((Piece(0 if not at else indent, part, "text"),)) for at, part in enumerate(parts)]
    return rows
