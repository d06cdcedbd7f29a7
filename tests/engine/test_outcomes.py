"""Every outcome that pytest knows, from one project and one run; the numbers of pytest itself are the judge."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.engine.host import Told, copy_of, make_project, plain_pytest, run_engine

EXPECTED = {
    "test_plain.py::test_passed": "passed",
    "test_plain.py::test_failed": "failed",
    "test_plain.py::test_setup_error": "error",
    "test_plain.py::test_teardown_error": "error",
    "test_plain.py::test_fails_and_teardown_error": "failed",
    "test_plain.py::test_skip_decorator": "skipped",
    "test_plain.py::test_skip_call": "skipped",
    "test_plain.py::test_xfailed": "xfailed",
    "test_plain.py::test_xpassed": "xpassed",
    "test_plain.py::test_xpassed_strict": "failed",
    "test_plain.py::test_xfail_raises_other": "failed",
    "test_plain.py::test_imperative_xfail": "xfailed",
    "test_plain.py::test_unknown_fixture": "error",
    "test_plain.py::test_fail_without_trace": "failed",
    "test_plain.py::test_keyboard_interrupt_of_its_own": "passed",
    "test_scopes.py::TestClass::test_first": "passed",
    "test_scopes.py::TestClass::test_last": "error",
    "test_scopes.py::test_module_first": "passed",
    "test_scopes.py::test_module_last": "error",
    "test_broken.py": "error",
    "test_unittest.py::TestCase::test_passed": "passed",
    "test_unittest.py::TestCase::test_failed": "failed",
    "test_unittest.py::TestCase::test_skipped": "skipped",
    "test_unittest.py::TestCase::test_expected_failure": "xfailed",
    "test_unittest.py::TestCase::test_unexpected_success": "failed",
    "test_unittest.py::TestCase::test_subtests": "failed",
    "test_unittest.py::TestSetUpClass::test_never": "error",
    "test_unittest.py::TestAsync::test_awaits": "passed",
    "test_subtests.py::test_all_pass": "passed",
    "test_subtests.py::test_one_fails": "failed",
    "test_subtests.py::test_fails_outside_too": "failed",
    "test_async.py::test_asyncio": "passed",
    "test_async.py::test_asyncio_fails": "failed",
    "test_async.py::test_anyio": "passed",
    "test_async.py::test_anyio_fails": "failed",
    "pkg/documented.py::pkg.documented.double": "passed",
    "pkg/documented.py::pkg.documented.triple": "failed",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of("outcomes", tmp_path_factory.mktemp("outcomes"))


@pytest.fixture(scope="module")
def told(project: Path) -> Told:
    return run_engine(project)


def test_each_test_has_the_outcome_that_pytest_gives_it(told: Told) -> None:
    assert told.outcomes() == EXPECTED


def test_two_workers_come_to_the_same_outcomes(project: Path) -> None:
    assert run_engine(project, workers=2).outcomes() == EXPECTED


def test_pytest_itself_comes_to_the_same_numbers(project: Path) -> None:
    """Its summary counts phases (a failed call with a failed teardown is two); a unittest's subtest counts apart."""
    summary = plain_pytest(project, "--continue-on-collection-errors", "-q", "-rA").stdout
    for word, outcome in (("PASSED", "passed"), ("FAILED", "failed"), ("ERROR", "error"), ("XFAIL", "xfailed")):
        named = set(re.findall(rf"^{word} (\S+)", summary, re.MULTILINE))
        ours = {node for node, got in EXPECTED.items() if got == outcome} - {
            "test_unittest.py::TestCase::test_subtests"
        }
        assert ours <= named, word


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("test_plain.py::test_failed", "AssertionError: two is not three\nassert 2 == 3"),
        ("test_plain.py::test_setup_error", "RuntimeError: setup broke"),
        ("test_plain.py::test_teardown_error", "RuntimeError: teardown broke"),
        ("test_plain.py::test_fails_and_teardown_error", "ValueError: the call is what counts"),
        ("test_plain.py::test_skip_decorator", "by decorator"),
        ("test_plain.py::test_skip_call", "by call"),
        ("test_plain.py::test_xfailed", "known"),
        ("test_plain.py::test_xpassed", "better than known"),
        ("test_plain.py::test_unknown_fixture", "fixture 'no_such_fixture' not found"),
        ("test_plain.py::test_fail_without_trace", "in one line"),
        ("test_broken.py", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("TestCase::test_skipped", "unittest skips"),
        ("TestSetUpClass::test_never", "RuntimeError: setUpClass broke"),
        ("test_fails_outside_too", "KeyError: 'outside'"),
    ],
)
def test_the_message_says_why(told: Told, name: str, message: str) -> None:
    assert message in told.message(name)


def test_a_failed_call_keeps_the_teardown_error_in_its_evidence(told: Told) -> None:
    evidence = told.evidence_of("test_fails_and_teardown_error")
    assert "the call is what counts" in evidence.traceback
    assert "teardown broke" in evidence.traceback


def test_a_failed_subtest_is_told_with_its_own_words_and_traceback(told: Told) -> None:
    assert told.message("test_one_fails") == "AssertionError: one is bad\nassert 1 != 1"
    assert "assert number != 1" in told.evidence_of("test_one_fails").traceback
    both = told.evidence_of("test_fails_outside_too").traceback
    assert "KeyError: 'outside'" in both and "also [inside]" in both and "ValueError: inside" in both
    assert "contains" not in both


def test_a_session_fixture_that_fails_at_its_teardown_fails_the_last_test(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        conftest="""
            import pytest

            @pytest.fixture(scope="session")
            def session():
                yield
                raise RuntimeError("session teardown")
        """,
        test_a="def test_uses_it(session): pass",
        test_b="def test_comes_last(): pass",
    )
    assert run_engine(project).outcomes() == {
        "test_a.py::test_uses_it": "passed",
        "test_b.py::test_comes_last": "error",
    }


def test_captured_sections_are_those_of_pytest(told: Told) -> None:
    assert told.evidence_of("test_plain.py::test_passed").sections == (
        ("Captured stdout call", "said on stdout\n"),
        ("Captured stderr call", "said on stderr\n"),
    )


@pytest.mark.parametrize(
    ("name", "subtests"),
    [
        ("test_all_pass", {"[counting] (number=0)": "passed"}),
        ("test_one_fails", {"[counting] (number=0)": "passed", "[counting] (number=1)": "failed"}),
        ("TestCase::test_subtests", {"[counting] (number=1)": "failed"}),
        ("test_fails_outside_too", {"[inside]": "failed"}),
    ],
)
def test_subtests_are_told_by_name(told: Told, name: str, subtests: dict[str, str]) -> None:
    got = {subtest.name: subtest.outcome for subtest in told.evidence_of(name).subtests}
    assert subtests.items() <= got.items()


def test_a_failure_shows_its_source_and_frames(told: Told) -> None:
    evidence = told.evidence_of("test_plain.py::test_failed")
    assert evidence.source is not None and evidence.source.path == "test_plain.py"
    assert any("assert got == 3" in line for line in evidence.source.lines)
    assert evidence.frames[-1].own and evidence.frames[-1].function == "test_failed"
    assert ("got", "2") in evidence.frames[-1].locals
