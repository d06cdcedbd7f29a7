"""What a run left behind is ended; what a zygote forks while that is looked for is not."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import psutil
import pytest

from tui.engine import orphans

ZYGOTE = """
import os, sys, time
for line in sys.stdin:
    if pid := os.fork():
        print(pid, flush=True)
    else:
        time.sleep(300)
"""
"""Forks a child for every line it reads, and says which."""


class Zygote:
    def __init__(self) -> None:
        self.mark = f"STAGEWATCH_SESSION=test-{uuid.uuid4().hex}"
        name, _, value = self.mark.partition("=")
        self._process = subprocess.Popen(
            [sys.executable, "-c", ZYGOTE],
            env={**os.environ, name: value}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.pid = self._process.pid

    def fork(self) -> psutil.Process:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        return psutil.Process(int(self._process.stdout.readline()))

    def close(self) -> None:
        for process in [*psutil.Process(self.pid).children(), self._process]:
            process.kill()
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@pytest.fixture
def zygote() -> Iterator[Zygote]:
    zygote = Zygote()
    yield zygote
    zygote.close()


def test_a_worker_that_is_forked_while_orphans_are_looked_for_is_none(
    zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = []
    look = orphans.marked

    def look_late(mark: str) -> list[psutil.Process]:
        workers.append(zygote.fork())
        return look(mark)

    monkeypatch.setattr(orphans, "marked", look_late)
    assert orphans.end_orphans(zygote.mark, (zygote.pid,)) == []
    assert [worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers] == [True]


def test_what_bears_the_mark_and_is_nobodys_child_is_ended(zygote: Zygote) -> None:
    name, _, value = zygote.mark.partition("=")
    left = subprocess.Popen(["sleep", "300"], env={**os.environ, name: value}, start_new_session=True)
    assert orphans.end_orphans(zygote.mark, (zygote.pid,)) == [f"sleep 300 ({left.pid})"]
    left.wait()  # it was buried by whoever ended it
    assert not psutil.pid_exists(left.pid)


def test_what_is_about_to_become_another_program_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Becoming:
        """Linux shows neither a command line nor an environment for it until its new memory is filled."""

        pid = 0
        looks = 0

        def cmdline(self) -> list[str]:
            self.looks += 1
            return ["sleep", "300"] if self.looks > 3 else []

        def environ(self) -> dict[str, str]:
            return {"MARK": "one"} if self.looks > 3 else {}

        def exe(self) -> str:
            return "/usr/bin/sleep"

    becoming = Becoming()
    monkeypatch.setattr(psutil, "process_iter", lambda: iter([becoming]))
    assert orphans.marked("MARK=one") == [becoming]
    assert orphans.marked("MARK=two") == []
