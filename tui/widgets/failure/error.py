"""What went wrong: the sentence first, then the difference, the source, the calls, the rest."""

from __future__ import annotations

from tui.events import Evidence, Frame, without_exception
from tui.reports.amounts import many
from tui.reports.sentences import confirmation_words
from tui.state import Attempt, Test
from tui.widgets.document import BLANK, Piece, Row, heading, text_rows
from tui.widgets.failure.difference import NARROWEST, difference, difference_rows, explains
from tui.widgets.failure.source import source_rows
from tui.widgets.ink import Role
from tui.widgets.marks import MARKS, Glyphs


def error_rows(
    test: Test, attempt: Attempt, evidence: Evidence | None, width: int, glyphs: Glyphs, *, unfolded: bool
) -> list[Row]:
    """The whole of the Error tab. ``unfolded``: library frames one by one."""
    compared = [] if evidence is None else _compared(evidence.traceback)
    beside = difference(compared) if width >= NARROWEST else None
    rows = _sentence(attempt, width, whole=beside is None) + _warmth(test, attempt, width)
    if evidence is None:
        why = "what it left could not be kept" if attempt.has_evidence else "it left no output and no traceback"
        return [*rows, BLANK, Row((Piece(0, why, "faint"),))]
    if len(compared) > 1 and not _is_said(attempt.message, evidence.traceback):
        rows += [BLANK, heading("ASSERTION")]
        for line in compared if beside is None else beside[0]:
            rows += text_rows(line, width, _diff_role(line.lstrip()))
    if beside is not None:
        rows += [BLANK, heading("DIFFERENCE"), *difference_rows(beside[1], width)]
    if evidence.source is not None and evidence.source.lines:
        rows += [BLANK, *source_rows(evidence.source, glyphs.arrow if not glyphs.ascii else ">")]
    if evidence.frames:
        rows += [BLANK, *_calls(evidence.frames, width, unfolded)]
    if evidence.subtests:
        rows += [BLANK, heading("SUBTESTS", many(len(evidence.subtests), "subtest"))]
        for subtest in evidence.subtests:
            mark = MARKS[subtest.outcome]
            rows.append(Row((Piece(0, glyphs.of(mark), mark.role), Piece(2, subtest.name, "text"))))
            rows += text_rows(subtest.message, width, "muted", x=2) if subtest.message else []
    if evidence.stacks:
        rows += [BLANK, heading("STACKS", "of all threads"), *text_rows(evidence.stacks.rstrip("\n"), width)]
    if evidence.traceback:
        rows += [BLANK, heading("TRACEBACK", "as pytest prints it"), *_traceback(evidence.traceback, width)]
    if evidence.cut:
        rows += [BLANK, heading("SHORTENED")]
        for cut in evidence.cut:
            rows += text_rows(cut, width, "warn")
    return rows


def _sentence(attempt: Attempt, width: int, *, whole: bool) -> list[Row]:
    """``whole``: with the difference that it may end with, which else stands by itself."""
    signature = attempt.signature
    message = attempt.message or (signature.message if signature else "")
    rows: list[Row] = []
    if signature is not None and signature.exception:
        rows += text_rows(signature.exception, width, "bad", bold=True)
        message = without_exception(message, signature.exception)
    how = None if attempt.exit is None else attempt.exit.signal or f"exit code {attempt.exit.code}"
    if how is not None and how not in message:
        rows += text_rows(f"{attempt.outcome}: its process ended by {how}", width, "bad", bold=True)
    lines = message.split("\n")
    first, *more = lines if whole or (parted := difference(lines)) is None else parted[0]
    rows += text_rows(first, width, "strong", bold=True) if first else []
    for line in more:
        rows += text_rows(line, width, _diff_role(line.lstrip()))
    return rows or text_rows(attempt.outcome, width, "strong", bold=True)


def _warmth(test: Test, attempt: Attempt, width: int) -> list[Row]:
    """What the other way to run it has said, or has still to say."""
    rows = text_rows(words, width, "note") if (words := confirmation_words(attempt)) else []
    if attempt.contradicted is not None:
        how = f"[ shows what the fork did; once its cause is mended: stagewatch trust {test.path}"
        rows += text_rows(how, width, "muted")
    return rows


def _compared(traceback: str) -> list[str]:
    """Pytest's own comparison: the lines that it marks with an E, the first ones being the message."""
    lines = [line[1:] for line in traceback.splitlines() if line.startswith("E ")]
    start = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[start:] for line in lines]


def _is_said(message: str, traceback: str) -> bool:
    """Whether the message is all of what pytest compares already."""
    said = "".join(message.split())
    compared = "".join("".join(line[1:].split()) for line in traceback.splitlines() if line.startswith("E "))
    return bool(said) and compared in said


def _diff_role(line: str) -> Role:
    if line.startswith("+") and not explains(line):
        return "good"
    if line.startswith("-"):
        return "bad"
    return "warn" if line.startswith("?") else "text"


def _calls(frames: tuple[Frame, ...], width: int, unfolded: bool) -> list[Row]:
    """One's own frames first, the innermost on top; library frames below, folded."""
    own = [frame for frame in frames if frame.own]
    foreign = [frame for frame in frames if not frame.own]
    rest = "your code first, innermost on top"
    rows = [heading("CALLS", rest)]
    shown = [*reversed(own), *(reversed(foreign) if unfolded else ())]
    told = [frame for frame in shown if frame.locals]
    places = min(max((len(f"{f.path}:{f.line}") for f in shown), default=20), width * 2 // 5)
    names = min(max((len(f.function) for f in shown), default=10), 36)
    for frame in shown:
        rows.append(_call(frame, places, names, "text" if frame.own else "muted"))
        if frame.locals and (unfolded or frame is told[0]):
            rows += _locals(frame, width)
    if foreign and not unfolded:
        said = f"{many(len(foreign), 'library frame')} folded, u unfolds"
        more = sum(len(frame.locals) for frame in told[1:])
        said += f"; {many(more, 'local')} of the frames above too" if more else ""
        rows.append(Row((Piece(0, said, "faint"),)))
    elif len(told) > 1 and not unfolded:
        rows.append(Row((Piece(0, f"{many(sum(len(f.locals) for f in told[1:]), 'local')} more, u unfolds", "faint"),)))
    return rows


def _locals(frame: Frame, width: int) -> list[Row]:
    """Under their call, the names in a column."""
    column = min(24, max(len(name) for name, _ in frame.locals)) + 2
    rows = []
    for name, value in frame.locals:
        first, *more = text_rows(value, width, "text", x=2 + column)
        rows.append(Row((Piece(2, name[: column - 2], "muted"), *first.pieces)))
        rows += more[:2]
    return rows


def _call(frame: Frame, places: int, names: int, role: Role) -> Row:
    place = f"{frame.path}:{frame.line}"
    place = place if len(place) <= places else place[-places:]
    pieces = (
        Piece(0, place, role),
        Piece(places + 2, _end_off(frame.function, names), "muted"),
        Piece(places + names + 4, frame.code.strip(), role),
    )
    return Row(pieces)


def _end_off(name: str, most: int) -> str:
    return name if len(name) <= most else name[:most]


def _traceback(text: str, width: int) -> list[Row]:
    rows: list[Row] = []
    for line in text.rstrip("\n").splitlines():
        role: Role = "bad" if line.startswith("E") else "strong" if line.startswith(">") else "muted"
        rows += text_rows(line, width, role)
    return rows
