"""What local variables held: plain values in words, of other objects the class, of secrets nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.agent import alone

_values, _report, _mask = alone.load("local_values"), alone.load("report"), alone.load("mask")
MASKED: str = _mask.MASKED


class Deaf:
    """Nobody may ask it for anything."""

    def __repr__(self) -> str:
        raise AssertionError("its repr was asked for")

    __len__ = __iter__ = __str__ = __repr__  # type: ignore[assignment]


class Listed(list[int]):
    """A subclass may be anything."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        raise AssertionError("it was looked through")


def told(**variables: object) -> dict[str, str]:
    return dict(_values.local_values(variables, 1000))


def test_plain_values_are_told_as_python_writes_them() -> None:
    plain = {"n": 3, "x": 1.5, "t": (1,), "e": None, "s": "a\nb", "b": b"\x00", "d": {"k": [1, True]}}
    assert told(**plain) == {
        "n": "3", "x": "1.5", "t": "(1)", "e": "None", "s": "'a\\nb'", "b": "b'\\x00'", "d": "{'k': [1, True]}",
    }  # fmt: skip


def test_of_any_other_object_only_its_class_is_told_and_none_of_its_code_runs() -> None:
    here = __name__
    assert told(deaf=Deaf(), many=[Deaf()], listed=Listed([1])) == {
        "deaf": f"<{here}.Deaf>", "many": f"[<{here}.Deaf>]", "listed": f"<{here}.Listed>",
    }  # fmt: skip


def test_modules_functions_classes_and_pytests_own_names_are_left_out() -> None:
    assert _values.local_values({"math": math, "told": told, "Deaf": Deaf, "@py_assert1": 1, "__x__": 2}, 100) == []


@pytest.mark.parametrize("name", ["password", "API_KEY", "access_token", "clientSecret"])
def test_what_is_named_like_a_secret_is_not_told(name: str) -> None:
    assert told(**{name: "hunter2"}) == {name: f"'{MASKED}'"}
    assert told(**{name: [b"hunter2", 1234567]}) == {name: f"[b'{MASKED}', {MASKED}]"}
    assert told(**{name: None}) == {name: "None"}  # that there is none is no secret, and often the cause
    assert told(login={"user": "ann", name: "hunter2"}) == {"login": f"{{'user': 'ann', {name!r}: '{MASKED}'}}"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Bearer hunter2", f"'Bearer {MASKED}'"),
        (b"Basic aHVudGVyMg==", f"b'Basic {MASKED}'"),
        ('Digest username="u", response="hunter2"', f"'Digest {MASKED}'"),
        ("https://ann:hunter2@db/x?y=1", f"'https://ann:{MASKED}@db/x?y=1'"),
        (("authorization", "hunter2"), f"('authorization', '{MASKED}')"),
        (["curl", "--token", "hunter2", "https://db"], f"['curl', '--token', '{MASKED}', 'https://db']"),
        ([(b"cookie", b"a=hunter2"), (b"via", b"1.1 x")], f"[(b'cookie', b'{MASKED}'), (b'via', b'1.1 x')]"),
        ({"auth": {"user": "ann", "value": "hunter2"}}, f"{{'auth': {{'user': '{MASKED}', 'value': '{MASKED}'}}}}"),
        ("the token was wrong", "'the token was wrong'"),
        (["the key", "was wrong"], "['the key', 'was wrong']"),
    ],
)
def test_credentials_are_not_told_whatever_holds_them(value: object, shown: str) -> None:
    assert told(sent=value) == {"sent": shown}


def test_what_contains_itself_and_what_is_endless_has_an_end() -> None:
    mine: list[object] = []
    mine.append(mine)
    assert told(mine=mine, big=10**20_000, long=list(range(100)))["mine"] == "[[[<list of 1>]]]"
    assert told(big=10**20_000)["big"].startswith("<int of 66439 bits>")
    assert told(long=list(range(100)))["long"].endswith("19, … 80 more]")


@given(st.recursive(st.integers() | st.text() | st.binary(), lambda inner: st.lists(inner) | st.tuples(inner)))
def test_a_value_is_never_much_longer_than_what_is_looked_at(value: object) -> None:
    assert len(_values.in_words(value, 50)) < 50 + 10 * 50 + 100


@pytest.mark.parametrize("before", [0, 100, 8_100, 8_192, 16_000, 16_380])
@pytest.mark.parametrize("length", [40, 400, 20_000])
def test_wherever_a_secret_lies_no_piece_of_it_is_shown(before: int, length: int) -> None:
    secret = "".join(f"{n * 104729 % 1048576:05x}" for n in range(1, length // 5 + 1))
    reports = _report.Reports(_mask.Mask([secret]))
    [(_, text)] = _values.local_values({"body": "a" * before + secret + "z" * 50_000}, reports._looked_at)
    shown = reports._local(text)
    assert not any(secret[at : at + 8] in shown for at in range(0, len(secret) - 8, 4))
    assert len(shown) <= 200
