"""Output of a command: whatever comes, however it is cut, a bounded part of it is told, masked, each line once."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tui.engine.masking import mask_for
from tui.session.output import AT_ONCE, LAST, LONGEST, WHOLE, Output

SECRET = "planted-secret-of-the-output"


def mask(text: str) -> str:
    return text.replace(SECRET, "‹masked›")


def all_of(output: Output) -> list[str]:
    output.end()
    return list(output.take(last=True))


def count(lines: list[str]) -> int:
    """How many lines of output these stand for."""
    left_out = [re.fullmatch(r"\((\d+) lines? left out\)", line) for line in lines]
    return sum(int(match[1]) if match else 1 for match in left_out)


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30)), st.data())
def test_lines_come_whole_however_the_bytes_are_cut(lines: list[str], data: st.DataObject) -> None:
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    sent = "".join(line + end for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    output, told = Output(mask), []
    for begin, stop in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        output.feed(sent[begin:stop])
        told += output.take()
    assert told + all_of(output) == lines


def test_what_has_no_end_is_a_line_at_the_end() -> None:
    output = Output(mask)
    output.feed(b"one\ntwo")
    assert output.take() == ("one",)
    assert all_of(output) == ["two"]
    assert output.take(last=True) == ()


def test_what_is_no_utf_8_is_spelled_out() -> None:
    output = Output(mask)
    output.feed(b"caf\xe9\n")
    assert output.take() == ("caf\\xe9",)


def test_a_secret_is_masked_also_where_bytes_are_cut_in_it() -> None:
    output = Output(mask)
    output.feed(f"token {SECRET[:9]}".encode())
    assert output.take() == ()
    output.feed(f"{SECRET[9:]}\n".encode())
    assert output.take() == ("token ‹masked›",)


def test_a_long_line_is_cut_after_it_was_masked() -> None:
    output = Output(mask)
    output.feed(("x" * (LONGEST - 20) + SECRET + "y" * 100 + "\n").encode())
    (line,) = output.take()
    assert len(line) == LONGEST and line.endswith("…") and SECRET[:6] not in line


def test_a_line_without_an_end_costs_no_memory_and_shows_no_part_of_a_secret() -> None:
    output = Output(mask)
    for _ in range(200):
        output.feed(SECRET.encode() * 1000)
    assert len(output._rest) < 20_000
    (line,) = all_of(output)
    assert len(line) <= LONGEST and SECRET[:6] not in line.replace("‹masked›", "")


def test_ten_thousand_lines_are_told_whole() -> None:
    output = Output(mask)
    output.feed(b"".join(b"line %d\n" % number for number in range(WHOLE + 500)))
    told = output.take()
    assert list(told[:WHOLE]) == [f"line {number}" for number in range(WHOLE)]
    assert told[WHOLE] == f"({500 - AT_ONCE} lines left out)"
    assert told[-1] == f"line {WHOLE + 499}"


def test_of_a_flood_the_newest_are_told_and_how_many_are_left_out() -> None:
    output, told = Output(mask), []
    chunk = b"".join(b"line %d\n" % number for number in range(10_000))
    for _ in range(20):
        output.feed(chunk)
        told += output.take()
    output.feed(b"the last")
    rest = all_of(output)
    assert count(told + rest) == 200_001
    assert len(told) <= 2 * WHOLE + 20 * (AT_ONCE + 1)
    assert rest == ["the last"]
    assert told[-AT_ONCE:] == [f"line {number}" for number in range(10_000 - AT_ONCE, 10_000)]


def test_of_a_flood_the_end_is_told_in_any_case() -> None:
    output = Output(mask)
    output.feed(b"x" * 5000 * 300)
    output.feed(b"\n" + b"".join(b"%d\n" % number for number in range(5000)))
    output.feed(b"".join(b"%d\n" % number for number in range(5000, 30_000)))
    told = all_of(output)
    assert told[-1] == "29999" and len(told) <= LAST + 1
    assert count(told) == 30_001


def test_the_agents_own_mask_takes_it_too() -> None:
    output = Output(mask_for([{"API_TOKEN": SECRET}], ()))
    output.feed(f"Authorization: Bearer abcdefghijklmnop1234567\n{SECRET}\n".encode())
    assert [SECRET in line or "abcdefghijklmnop" in line for line in output.take()] == [False, False]
