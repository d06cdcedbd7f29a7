"""Tests that spoil what they share with the next one, without dying of it."""

import os
import signal
import sys


def test_closes_stdout_and_stderr():
    os.close(1)
    os.close(2)


def test_after_closed_output():
    pass


def test_changes_directory(tmp_path):
    os.chdir(tmp_path)


def test_in_another_directory():
    raise ValueError("its source is found all the same")


def test_removes_its_directory(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()


def test_without_directory():
    raise ValueError("still reported")


def test_replaces_stdout():
    sys.stdout = None


def test_after_replaced_stdout():
    pass


def test_handles_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGALRM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)


def test_after_handled_signals():
    pass


def test_prints_much():
    chunk = "x" * (1 << 20)
    for _ in range(300):
        sys.stdout.write(chunk)


def test_after_much_output():
    pass
