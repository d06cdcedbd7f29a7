"""Processes that outlive their test: none may outlive the run."""

import os
import subprocess
import threading
import time
from pathlib import Path


def _note(name, pid):
    with Path(os.environ["PIDS"]).open("a") as pids:
        pids.write(f"{name} {pid}\n")


def test_fork():
    pid = os.fork()
    if pid == 0:
        time.sleep(1000)
        os._exit(0)
    _note("fork", pid)


def test_own_session():
    child = subprocess.Popen(["sleep", "1001"], start_new_session=True)
    _note("session", child.pid)


def test_daemon_with_a_clean_environment():
    out, into = os.pipe()
    if os.fork() == 0:
        os.setsid()
        pid = os.fork()
        if pid:
            os.write(into, str(pid).encode())
            os._exit(0)
        os.execve("/bin/sleep", ["sleep", "1002"], {})
    os.wait()
    _note("daemon", int(os.read(out, 20)))


def test_thread():
    threading.Thread(target=threading.Event().wait).start()
