"""A file is saved, and the answer is there: watched or not, beside tests that run, and by tests themselves."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.e2e.user import GATED, User, until
from tui.events import SAVED
from tui.reports.sentences import WAITS
from tui.session.own_writes import IN_A_ROW

FAILING = {
    "price.py": "def price(): return 19\n",
    "test_price.py": "from price import price\n\ndef test_price(): assert price() == 20\n",
    "test_other.py": "def test_other(): pass\n",
}

LOOP = {
    "data.json": "0",
    "test_loop.py": """
from pathlib import Path

def test_counts():
    data = Path("data.json")
    data.write_text(str(int(data.read_text()) + 1))
    assert False
""",
}
"""Each of its passes is a save."""


def save(file: Path, text: str) -> None:
    """As editors do: through another file beside it."""
    beside = file.with_name(f".{file.name}.swp")
    beside.write_text(text)
    beside.replace(file)


def passes(user: User, root: Path) -> list[tuple[str, str, int]]:
    """Who asked for each that has ended, for what, and how many tests it had."""
    state = user.recorded(root)
    return [(one.by, one.what, len(one.tests)) for one in state.passes if one.ended is not None]


class TestASave:
    def test_reruns_what_failed_then_what_it_touches_with_nobody_watching(self, user: User) -> None:
        root = user.project("shop", FAILING)
        assert user.run("--headless", "--keep", "--on-save", cwd=root).code == 1

        save(root / "price.py", "def price(): return 20\n")
        until(lambda: len(passes(user, root)) == 2)
        assert passes(user, root)[1] == (f"{SAVED}price.py", "failed", 1)
        assert user.outcomes(root)["test_price"] == "passed"

        save(root / "test_other.py", "def test_other(): pass\n\ndef test_new(): assert False\n")
        until(lambda: len(passes(user, root)) == 3)
        assert passes(user, root)[2] == (f"{SAVED}test_other.py", "touched", 2)
        assert user.outcomes(root) == {"test_price": "passed", "test_other": "passed", "test_new": "failed"}

        save(root / "price.py", "def price(): return 21\n")
        until(lambda: (f"{SAVED}price.py", "touched", 1) in passes(user, root))
        assert user.outcomes(root)["test_price"] == "failed", "it imports it, and had passed"

        save(root / "test_other.py", "def test_other(: pass\n")
        until(lambda: user.outcomes(root).get("test_other.py") == "error")
        assert "rerun of 1 test (failed), saved: price.py, took" in user.type("report", cwd=root).out

    def test_waits_for_tests_that_run_and_says_so(self, user: User) -> None:
        root = user.project("gated", GATED)
        watching = user.begin("--headless", "--on-save", cwd=root)
        assert watching.stdout is not None
        until(lambda: user.outcomes(root).get("test_waits") == "running")
        save(root / "test_gated.py", GATED["test_gated.py"].replace("assert False", "pass"))
        told = []
        for line in watching.stdout:
            told.append(" ".join(line.split()))
            if line.startswith("saved"):
                user.open_gate()
            if line.startswith("pass 3") and "ended" in line:
                break
        told = [line for line in told if line.startswith(("saved ", "pass ", "on save "))]
        assert told[0].startswith("on save on: what failed runs again when a file is saved")
        assert told[1].startswith("pass 1 4 tests run")
        assert told[2] == f"saved test_gated.py: {WAITS}"
        assert told[3].startswith("pass 1 ended")
        assert told[4] == "pass 2 1 test runs again (failed), saved: test_gated.py"
        assert told[6] == "pass 3 3 tests run again (touched), saved: test_gated.py"
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=30)
        assert watching.returncode == 0, "nothing ran, and all has passed"
        assert not user.sessions(), "it stays for who watches it, and ends with them"


class TestTestsThatSave:
    def test_do_not_run_for_ever(self, user: User) -> None:
        root = user.project("loop", LOOP)
        assert user.run("--headless", "--keep", "--on-save", cwd=root).code == 1
        why = until(lambda: (saved := user.recorded(root).on_save) and saved.why_not)
        assert why.startswith(f"saved during each of {IN_A_ROW} passes in a row, so it is taken for the tests' own")
        assert (root / "data.json").read_text() == str(IN_A_ROW), "the run, and a rerun for all but the last save"
        assert len(passes(user, root)) == IN_A_ROW

        said = user.recorded(root).on_save
        save(root / "data.json", "100")
        until(lambda: user.recorded(root).on_save != said and user.recorded(root).on_save.why_not)  # type: ignore[union-attr]
        assert (root / "data.json").read_text() == "101", "a person's save counts; what it sets off is known by now"
        assert len(passes(user, root)) == IN_A_ROW + 1
