"""One row: the keys of this screen; or an answer; or a question that wants a key; or a search being typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.widgets.ink import Role
from tui.widgets.line import Line
from tui.widgets.panel import Panel
from tui.widgets.view import View

STAYS = 8.0
"""Seconds that an answer stays when no key is pressed."""


@dataclass(frozen=True)
class Key:
    """A key and what it does, in a word. ``need``: of how little use it is where there is little room."""

    key: str
    word: str
    need: int = 0


@dataclass(frozen=True)
class Question:
    """A question, the keys that answer it with their words, and what to do with the answer. Escape is always *no*.

    ``about``: the whole of what the question may have no room for.
    """

    text: str
    answers: tuple[tuple[str, str], ...]
    then: Callable[[str], None]
    no: str = "no"
    about: str = ""


class Footer(Panel, can_focus=False):
    """Takes the keys while a question or a search is open."""

    class Typed(Message):
        """The search changed. ``done``: enter; ``dropped``: escape."""

        def __init__(self, text: str, *, done: bool = False, dropped: bool = False) -> None:
            super().__init__()
            self.text, self.done, self.dropped = text, done, dropped

    def __init__(self, view: View, id: str, keys: Callable[[], tuple[Key, ...]]) -> None:
        super().__init__(view, id)
        self._keys = keys
        self._message: tuple[str, Role, float] | None = None
        self.question: Question | None = None
        self.typing: str | None = None
        self._hint, self._prompt = "", "/"

    def say(self, text: str, role: Role = "text") -> None:
        """Answer a key, in one line."""
        self._message = (text, role, self.view.clock() + STAYS)
        self.turn()

    def hush(self) -> None:
        self._message = None

    def ask(self, question: Question) -> None:
        self._message, self.question = None, question
        self.turn()

    def type(self, text: str, hint: str = "", prompt: str = "/") -> None:
        """Open the search with a text in it. ``hint``: what can be done, where tests are not what is found."""
        self._message, self.typing, self._hint, self._prompt = None, text, hint, prompt
        self.turn()

    @property
    def takes_keys(self) -> bool:
        return self.question is not None or self.typing is not None

    def take(self, event: events.Key) -> None:
        """A key, while ``takes_keys``."""
        if self.question is not None:
            self._answer(self.question, event)
        elif self.typing is not None:
            self._edit(self.typing, event)
        self.turn()

    def paste(self, text: str) -> None:
        if self.typing is not None:
            self._typed(self.typing + text.partition("\n")[0])

    def _answer(self, question: Question, event: events.Key) -> None:
        pressed = event.character or event.key
        if pressed in {key for key, _ in question.answers}:
            self.question = None
            question.then(pressed)
        elif event.key in {"escape", "n", "ctrl+c", "q"}:
            self.question = None

    def _edit(self, typed: str, event: events.Key) -> None:
        if event.key in {"escape", "ctrl+c"}:
            self.typing = None
            self.post_message(self.Typed("", dropped=True))
        elif event.key in {"enter", "down", "tab"}:
            self.typing = None
            self.post_message(self.Typed(typed, done=True))
        elif event.key in {"backspace", "ctrl+h"}:
            self._typed(typed[:-1])
        elif event.key in {"ctrl+u", "ctrl+w"}:
            self._typed("" if event.key == "ctrl+u" else typed.rstrip().rpartition(" ")[0])
        elif event.character and event.is_printable:
            self._typed(typed + event.character)

    def _typed(self, text: str) -> None:
        self.typing = text
        self.turn()
        self.post_message(self.Typed(text))

    def rows(self, width: int, height: int) -> list[Strip]:
        line = self.line()
        x = 2 if self.view.grid.mode == "wide" else 1
        if self.question is not None:
            answers = (*self.question.answers, ("esc", self.question.no))
            room = width - x - 1 - sum(len(key) + len(word) + 4 for key, word in answers)
            line.put(x, self.question.text, "strong", bold=True, width=max(12, room), cut="middle")
            for key, word in answers:
                line.put(line.at + 3, key, "run", bold=True)
                line.put(line.at + 1, word, "text")
        elif self.typing is not None:
            line.put(x, self._prompt, "run", bold=True)
            line.put(line.at + 1, self.typing, "strong", width=max(8, width - 40))
            line.put(line.at, self.view.glyphs.select, "run")
            wrong = "" if self._hint else self.view.search(self.typing).wrong
            words = "failing P1 suite:name changed flaky" if width >= 100 else "failing P1 flaky"
            known = self._hint or f"enter to the list  esc clears  words: {words}"
            line.put(line.at + 3, wrong or known, "warn" if wrong else "faint", width=width - line.at - 4)
        elif self._message is not None and self.view.clock() < self._message[2]:
            mode = self._mode()
            line.put(x, self._message[0], self._message[1], bold=True, width=width - x - 1 - _room(mode))
            self._put_mode(line, mode, x)
        else:
            self._put_keys(line, x)
        return [line.strip()]

    def _put_keys(self, line: Line, x: int) -> None:
        """As many keys as fit; those of least need go first."""
        edge, keys, mode = x, list(self._keys()), self._mode()
        room = self.size.width - 2 * x - _room(mode)
        while len(keys) > 1 and _width(keys, 2) > room:
            keys.remove(max(keys, key=lambda key: key.need))
        gap = 3 if _width(keys, 3) <= room else 2
        for key in keys:
            line.put(x, key.key, "strong", bold=True)
            x = line.put(line.at + 1, key.word, "muted") + gap
        self._put_mode(line, mode, edge)

    def _mode(self) -> Key | None:
        """What is on, and the key that turns it off: no offer, so it stands apart, at the edge, at every size."""
        on_save = self.view.state.on_save
        is_live = self.view.state.ended is None and self.view.feed.farewell is None
        return Key("W", "on save") if is_live and on_save is not None and on_save.on else None

    def _put_mode(self, line: Line, mode: Key | None, edge: int) -> None:
        if mode is not None:
            line.put(self.size.width - edge - _width([mode], 0), mode.key, "strong", bold=True)
            line.put(line.at + 1, mode.word, "run", bold=True)


def _room(mode: Key | None) -> int:
    return 0 if mode is None else _width([mode], 0) + 3


def _width(keys: list[Key], gap: int) -> int:
    return sum(len(key.key) + 1 + len(key.word) + gap for key in keys) - gap
