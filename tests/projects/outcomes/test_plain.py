"""One test for each outcome that pytest knows."""

import sys

import pytest


@pytest.fixture
def broken():
    raise RuntimeError("setup broke")


@pytest.fixture
def breaks_later():
    yield
    raise RuntimeError("teardown broke")


def test_passed():
    sys.stdout.write("said on stdout\n")
    sys.stderr.write("said on stderr\n")


def test_failed():
    got = 2
    assert got == 3, "two is not three"


def test_setup_error(broken):
    pass


def test_teardown_error(breaks_later):
    pass


def test_fails_and_teardown_error(breaks_later):
    raise ValueError("the call is what counts")


@pytest.mark.skip(reason="by decorator")
def test_skip_decorator():
    pass


def test_skip_call():
    pytest.skip("by call")


@pytest.mark.xfail(reason="known")
def test_xfailed():
    raise AssertionError


@pytest.mark.xfail(reason="better than known")
def test_xpassed():
    pass


@pytest.mark.xfail(strict=True, reason="must fail")
def test_xpassed_strict():
    pass


@pytest.mark.xfail(raises=KeyError)
def test_xfail_raises_other():
    raise ValueError("not a KeyError")


def test_imperative_xfail():
    pytest.xfail("gave up")


def test_unknown_fixture(no_such_fixture):
    pass


def test_fail_without_trace():
    pytest.fail("in one line", pytrace=False)


def test_keyboard_interrupt_of_its_own():
    with pytest.raises(KeyboardInterrupt):
        raise KeyboardInterrupt
