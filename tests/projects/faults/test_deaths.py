"""Tests that take their process with them, each followed by one that must not suffer."""

import os
import signal
import sys

import pytest


@pytest.mark.parametrize("code", [0, 3])
def test_exits(code):
    os._exit(code)


def test_after_exit():
    pass


def test_kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def test_after_kill():
    pass


def test_segmentation_fault():
    os.kill(os.getpid(), signal.SIGSEGV)


def test_after_segmentation_fault():
    pass


def test_recursion_in_c():
    sys.setrecursionlimit(10**8)
    nested = []
    for _ in range(10**6):
        nested = [nested]
    repr(nested)


def test_after_recursion():
    pass


def test_closes_all_descriptors():
    os.closerange(3, 1000)


def test_after_closed_descriptors():
    pass


def test_system_exit():
    raise SystemExit(4)


def test_keyboard_interrupt():
    raise KeyboardInterrupt


def test_after_interrupt():
    pass


def test_child_that_returns_into_pytest():
    if os.fork() == 0:
        return
    os.wait()


def test_after_child():
    pass
