"""A bucket lets through what it holds, and is refilled evenly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from suites.staging.backend.limits import Buckets

NOW = 1_800_000_000.0


def taken(buckets: Buckets, size: int, now: float) -> bool:
    return buckets.of("usr_1", size, now).take()


def test_a_full_bucket_gives_its_size_and_no_more() -> None:
    buckets = Buckets()

    assert [taken(buckets, 3, NOW) for _ in range(4)] == [True, True, True, False]


def test_one_is_back_after_its_share_of_a_minute() -> None:
    buckets = Buckets()
    for _ in range(6):
        taken(buckets, 6, NOW)

    assert buckets.of("usr_1", 6, NOW).next_in == 10
    assert not taken(buckets, 6, NOW + 9.9)
    assert taken(buckets, 6, NOW + 10.1)
    assert not taken(buckets, 6, NOW + 10.2)


def test_it_says_when_it_is_full_again() -> None:
    buckets = Buckets()
    assert buckets.of("usr_1", 60, NOW).full_in == 0
    for _ in range(5):
        taken(buckets, 60, NOW)

    assert buckets.of("usr_1", 60, NOW).full_in == 5
    assert buckets.of("usr_1", 60, NOW + 5).remaining == 60


def test_users_do_not_share_one() -> None:
    buckets = Buckets()

    assert buckets.of("usr_1", 1, NOW).take()
    assert buckets.of("usr_2", 1, NOW).take()


def test_a_limit_that_changes_counts_at_once_and_forgets_nothing() -> None:
    buckets = Buckets()
    for _ in range(3):
        taken(buckets, 10, NOW)

    assert buckets.of("usr_1", 5, NOW).remaining == 2
    assert buckets.of("usr_1", 20, NOW).remaining == 17


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    buckets = Buckets()
    taken(buckets, 10, NOW)

    assert buckets.of("usr_1", 10, NOW - 3600).remaining == 9


@given(st.integers(1, 100), st.lists(st.floats(0, 5), max_size=200))
def test_it_never_lets_through_more_than_its_size_and_the_refill(size: int, pauses: list[float]) -> None:
    buckets, now, through = Buckets(), NOW, 0
    for pause in pauses:
        now += pause
        through += taken(buckets, size, now)
    assert through <= size + (now - NOW) * size / 60 + 1e-6
