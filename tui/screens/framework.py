"""Everything that leans on Textual's private parts, in one place. Written against Textual 8.2.8.

- ``Thrift``: Textual sends the regions that were refreshed, not the cells that changed (a row of 160 costs 166 bytes
  when ten cells differ, a repaint 5 KB). This keeps what the terminal shows and sends only cells that differ. Set
  ``STAGEWATCH_CELL_DIFF=0`` to do without.
- ``_Driver``, ``PatientScreen``: Textual's writer thread queues 30 writes and then blocks the event loop, for as long
  as the terminal takes nothing (a dead line), and so does leaving. Here one frame is under way at a time; what changes
  meanwhile is drawn when the terminal has taken it, and who leaves a dead terminal is not kept by it.
- ``as_it_is_now``: two quick resizes can reach the app in the wrong order: Textual reads the size in a signal handler
  that the next signal may interrupt, and the last event then tells of the size before last.
- ``crash_of``: Textual keeps the exception that ended an app to itself, and prints it with all local variables.
- ``set_mouse``: Textual turns the mouse on for good or not at all, and then reports every motion, which an SSH line
  carries for nothing. Presses and the wheel are enough; what the driver is told makes it give the mouse back.
- ``name_of_character``: what Textual calls the key of a character (``?`` is ``question_mark``).
- ``Placed``: a layout by regions. Public, but a ``Layout`` of one's own is not documented.

``tests/screens/test_framework.py`` fails when one of these no longer fits the installed Textual.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from rich.cells import cell_len, get_character_cell_size
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.keys import _character_to_key
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import WorkerFailed

if TYPE_CHECKING:
    from rich.console import RenderableType

_Cell: TypeAlias = tuple[str, Style | None]

GAP = 4
"""Unchanged cells that are sent again rather than stepped over: a step costs eight bytes."""

LAST_WORDS = 30.0
"""Seconds that a terminal gets to take what it was sent, when the board is left: at 9600 baud it needs them."""


def name_of_character(character: str) -> str:
    return _character_to_key(character)


class Placed(Layout):
    """Children by id at the regions that a function of the size gives; a child without one is not shown."""

    name: ClassVar[str] = "placed"

    def __init__(self, regions: Callable[[Size], dict[str, Region]]) -> None:
        self._regions = regions

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        regions = self._regions(size)
        return [
            WidgetPlacement(regions[child.id], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in regions
        ]


class Thrift:
    """What the terminal shows, cell by cell."""

    def __init__(self) -> None:
        self._rows: list[list[_Cell]] = []

    def forget(self) -> None:
        """The terminal may show anything: send all of the next screen."""
        self._rows = []

    def changes(self, update: CompositorUpdate, size: Size) -> str:
        """What to send so that the terminal shows an update."""
        width, height = size
        if len(self._rows) != height or (self._rows and len(self._rows[0]) != width):
            self._rows = [[("", None)] * width for _ in range(height)]
        pen = _Pen()
        for y, x, strips in _strips(update):
            if 0 <= y < height and 0 <= x < width:  # an update may still be of the size before
                self._row(pen, y, x, [cell for strip in strips for cell in _cells(strip)][: width - x])
        return pen.text + "\x1b[0m" if pen.text else ""

    def _row(self, pen: _Pen, y: int, x: int, new: list[_Cell]) -> None:
        old = self._rows[y][x : x + len(new)]
        if old == new:
            return
        self._rows[y][x : x + len(new)] = new
        differ = [i for i, (was, now) in enumerate(zip(old, new, strict=True)) if was != now]
        if _is_delicate(old) or _is_delicate(new):
            differ = list(range(len(new)))  # terminals disagree on widths here: never begin in the middle
        start = 0
        for i in range(1, len(differ) + 1):
            if i == len(differ) or differ[i] - differ[i - 1] > GAP:
                first, last = differ[start], differ[i - 1]
                pen.go_to(y, x + first)
                pen.write(new[first : last + 1])
                start = i


class _Narrowed(CompositorUpdate):
    """An update that is narrowed when, and only if, it is really written."""

    def __init__(self, thrift: Thrift, update: CompositorUpdate, size: Size) -> None:
        self._thrift, self._update, self._size = thrift, update, size

    def render_segments(self, console: Console) -> str:
        return self._thrift.changes(self._update, self._size)


class _Sink:
    """What the writer thread writes to: the terminal. It tells when all of what it was given is taken."""

    def __init__(self, file: IO[str], taken: Callable[[], None]) -> None:
        self._file, self._taken = file, taken
        self.written = 0
        """Texts that were begun to be written."""
        self.taken = 0
        """How many of them the terminal has."""

    def write(self, text: str) -> None:
        self.written += 1
        with suppress(OSError):  # it is gone: nobody is left to read it
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()
        self.taken = self.written
        self._taken()

    def fileno(self) -> int:
        return self._file.fileno()


class _Driver(LinuxDriver):
    """Never waits for the terminal."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        assert isinstance(app, ThriftyApp)
        self._told = app.terminal_took
        self._given = 0
        self._sink = _Sink(cast("IO[str]", self._file), self._tell)
        self._file = self._sink  # type: ignore[assignment]  # all that is asked of it

    @property
    def is_behind(self) -> bool:
        return self._given > self._sink.taken

    @property
    def is_gone(self) -> bool:
        """Whether the other side has hung up: reading it gives nothing for ever, which Textual takes for a pipe."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))

    def start_application_mode(self) -> None:
        self._given = self._sink.taken = self._sink.written  # an editor may have had the terminal meanwhile
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            self._writer_thread._queue.maxsize = 0

    def write(self, data: str) -> None:
        self._given += 1
        super().write(data)

    def close(self) -> None:
        """The end of the board."""
        if (writer := self._writer_thread) is not None:
            writer._queue.put(None)
            writer.join(LAST_WORDS)
            if writer.is_alive():
                _give_up(writer)

    def suspend_application_mode(self) -> None:
        self.stop_application_mode()
        super().close()

    def _tell(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: the last words
            self._loop.call_soon_threadsafe(self._told)


def _give_up(writer: Thread) -> None:
    """The terminal takes nothing: nothing more is for it, and the write that waits is interrupted and repeated."""
    with Path(os.devnull).open("w") as nowhere:
        for stream in filter(os.isatty, (1, 2)):
            os.dup2(nowhere.fileno(), stream)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.pthread_kill(cast(int, writer.ident), signal.SIGUSR1)
    writer.join()


class PatientScreen(Screen[None], inherit_bindings=False):
    """A screen whose changes add up while the terminal is behind."""

    def _compositor_refresh(self) -> None:
        app = self.app
        if isinstance(app, ThriftyApp) and app.is_behind and self is app.screen:
            app.draw_later()
        else:
            super()._compositor_refresh()


class ThriftyApp(App[Any], inherit_bindings=False):
    """An app that sends only cells that changed, when the terminal takes them, and says what ended it."""

    def __init__(self) -> None:
        super().__init__(driver_class=_Driver, ansi_color=True)
        self.thrift = Thrift() if os.environ.get("STAGEWATCH_CELL_DIFF", "1") != "0" else None
        self._is_drawn_later = False

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not yet taken what was sent."""
        return isinstance(self._driver, _Driver) and self._driver.is_behind

    @property
    def terminal_is_gone(self) -> bool:
        """Whether it has hung up, which not every way to lose one tells by a signal."""
        return isinstance(self._driver, _Driver) and self._driver.is_gone

    def draw_later(self) -> None:
        """When the terminal has taken what it was sent."""
        self._is_drawn_later = True

    def terminal_took(self) -> None:
        """Something of what it was sent."""
        if self._is_drawn_later and not self.is_behind:
            self._is_drawn_later = False
            self.call_later(self._draw_now)

    def _draw_now(self) -> None:
        self.catch_up()
        if self.screen_stack:
            self.screen._compositor_refresh()

    def catch_up(self) -> None:
        """The terminal takes again what it is sent: see to what was not drawn meanwhile."""

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if self.thrift is not None and isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, _Narrowed(self.thrift, renderable, self.size))  # type: ignore[arg-type]  # as Textual's own
            return
        super()._display(screen, renderable)

    def _watch_app_focus(self, focus: bool) -> None:
        """The terminal's window gains or loses the focus. Textual would take it from the panel: nothing moves here."""

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()

    def forget_terminal(self) -> None:
        if self.thrift is not None:
            self.thrift.forget()

    def as_it_is_now(self, event: Resize) -> Resize:
        """The resize that the terminal has really had by now."""
        measure = None if self.is_headless else getattr(self._driver, "_get_terminal_size", None)
        size = event.size if measure is None else Size(*measure())
        return event if size == event.size else Resize(size, size)

    def set_mouse(self, on: bool) -> None:
        """Have the terminal report presses and the wheel, or leave the mouse to it again."""
        if (driver := self._driver) is not None:
            driver._mouse = on
            driver.write(f"\x1b[?1000{'h' if on else 'l'}\x1b[?1006{'h' if on else 'l'}")
            driver.flush()

    @property
    def crash(self) -> Exception | None:
        """What ended the app, if it was an exception."""
        error = self._exception
        return error.error if isinstance(error, WorkerFailed) and isinstance(error.error, Exception) else error


def _strips(update: CompositorUpdate) -> Iterable[tuple[int, int, list[Strip]]]:
    """Rows, first columns and strips of an update."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, list(strips)
    elif isinstance(update, ChopsUpdate):
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x < last and end > first:
                    yield y, x, [strip]


def _cells(strip: Strip) -> Iterable[_Cell]:
    for text, style, control in strip:
        if control:
            continue
        if _is_plain(text):
            blank = _blank(style)
            for character in text:
                yield (character, style) if character != " " else (" ", blank)
        else:
            yield text, style
            for _ in range(cell_len(text) - 1):
                yield "", style


def _is_delicate(cells: list[_Cell]) -> bool:
    return any(len(text) > 1 or (not text and style is not None) for text, style in cells)


@lru_cache(4096)
def _is_plain(text: str) -> bool:
    """Whether every character is one cell, in every terminal."""
    return text.isascii() or (cell_len(text) == len(text) and all(get_character_cell_size(c) == 1 for c in text))


class _Pen:
    """What the terminal writes with, so that only what changes of it is sent."""

    def __init__(self) -> None:
        self.text = ""
        self._style: Style | None = None
        self._at: tuple[int, int] | None = None
        """Where the terminal's cursor is; None where it is not known, or terminals disagree."""

    def go_to(self, y: int, x: int) -> None:
        row, column = self._at or (-1, 0)
        if row == y and x > column:
            self.text += f"\x1b[{x - column}C"
        elif (row, column) != (y, x):
            self.text += f"\x1b[{y + 1};{x + 1}H"
        self._at = (y, x)

    def write(self, cells: list[_Cell]) -> None:
        out: list[str] = []
        for text, style in cells:
            if style is not self._style and not (text == " " and _blank(self._style) == style):
                out.append(_change(self._style, style or Style.null()))
                self._style = style
            out.append(text)
        self.text += "".join(out)
        if self._at is not None:
            y, x = self._at
            self._at = None if _is_delicate(cells) else (y, x + len(cells))


_OFF = ("22", "27", "39", "49")
"""What takes back each of what ``_codes`` tells."""


@lru_cache(4096)
def _change(old: Style | None, new: Style) -> str:
    """The shortest sequence that turns one style into another."""
    codes = _codes(new)
    if old is None:
        sent = ["0", *(code for code in codes if code)]
    else:
        sent = [code or default for was, code, default in zip(_codes(old), codes, _OFF, strict=True) if was != code]
    return f"\x1b[{';'.join(sent)}m" if sent else ""


@lru_cache(1024)
def _codes(style: Style) -> tuple[str, str, str, str]:
    """Bold, reverse, foreground and background of a style, as the terminal is told them."""
    fore, back = style.color, style.bgcolor
    return (
        "1" if style.bold else "",
        "7" if style.reverse else "",
        ";".join(fore.get_ansi_codes(foreground=True)) if fore is not None else "",
        ";".join(back.get_ansi_codes(foreground=False)) if back is not None else "",
    )


@lru_cache(1024)
def _blank(style: Style | None) -> Style | None:
    """The style of a blank: its ink can't be seen."""
    return style if style is None or style.reverse else Style(bgcolor=style.bgcolor)
