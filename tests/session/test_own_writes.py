"""Who writes in every pass is no person."""

from __future__ import annotations

from tui.session.own_writes import IN_A_ROW, MOST_IN_A_ROW, OwnWrites


def rounds(own: OwnWrites, *paths: str, most: int = 100) -> int:
    """How many follow one another when each saves these files, until none follows any more."""
    for number in range(most):
        counting = own.counting(paths, while_running=True)
        if not counting or own.begin_round(counting) == counting:
            return number
    return most


def test_a_file_that_every_pass_saves_is_soon_the_tests_own() -> None:
    own = OwnWrites()
    assert rounds(own, "data.json") == IN_A_ROW - 1
    assert str(IN_A_ROW) in own.why_not
    assert rounds(own, "data.json") == 0, "and stays so"
    assert own.counting(["data.json", "test_a.py"], while_running=True) == ["test_a.py"], "beside it others count"


def test_what_a_person_saves_counts_and_what_it_sets_off_does_not() -> None:
    own = OwnWrites()
    rounds(own, "data.json")
    assert own.counting(["data.json"], while_running=False) == ["data.json"]
    assert own.begin_round(["data.json"]) == []
    assert rounds(own, "data.json") == 0, "it is known by now"


def test_one_who_saves_beside_running_tests_and_rests_now_and_then_is_a_person() -> None:
    own = OwnWrites()
    for _ in range(20):
        for _ in range(IN_A_ROW - 1):
            assert own.begin_round(own.counting(["test_a.py"], while_running=True)) == []
        own.begin_round(own.counting(["test_a.py"], while_running=False))


def test_a_pass_in_between_that_saves_something_else_breaks_the_row() -> None:
    own = OwnWrites()
    for number in range(MOST_IN_A_ROW - 1):
        assert own.begin_round([f"test_{number % 2}.py"]) == []


def test_new_names_in_each_pass_are_no_persons_either() -> None:
    own = OwnWrites()
    for number in range(MOST_IN_A_ROW - 1):
        assert own.begin_round(own.counting([f"out-{number}.txt"], while_running=True)) == []
    assert own.begin_round(["out-last.txt"]) == ["out-last.txt"]
    assert str(MOST_IN_A_ROW) in own.why_not
