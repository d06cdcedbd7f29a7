"""Fresh processes, where forking is not safe: they collect by themselves, and may collect something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.host import finished, make_project, run_engine

COLD = "import os, socket\nimport pytest\nkept = socket.socket()\n"
PLAIN = "def test_{}(module): pass\n"
CHANGING = "@pytest.mark.parametrize('pid', [os.getpid()])\ndef test_{}(module, pid): pass\n"
MISSING = "a fresh process did not collect this test: its id changes from one collection to the next"
CONFTEST = """
    import os, pathlib, pytest

    @pytest.fixture(scope="module")
    def module(request):
        yield
        with open("../torn-down", "a") as file:
            print(request.module.__name__, file=file)
"""


@pytest.mark.parametrize(
    "modules",
    ["p", "c", "pc", "cp", "pcp", "pccp", "pcc p", "c p", "c c p", "pc cp pc", "p c p", "pcpc ccpcc p"],
)
def test_a_test_that_is_missing_there_is_an_error_and_all_others_run(tmp_path: Path, modules: str) -> None:
    """``p``: a test that is always there; ``c``: one whose id is another in each process."""
    sources = {
        f"test_{number}": COLD
        + "".join((PLAIN if kind == "p" else CHANGING).format(at) for at, kind in enumerate(kinds))
        for number, kinds in enumerate(modules.split())
    }
    told = run_engine(make_project(tmp_path / "project", conftest=CONFTEST, **sources))
    assert told.state.cold_reason is not None
    attempts = finished(told)
    kinds = modules.replace(" ", "")
    assert [attempt.outcome for attempt in attempts] == ["passed" if kind == "p" else "error" for kind in kinds]
    assert {attempt.message for attempt in attempts if attempt.outcome == "error"} <= {MISSING}
    torn_down = tmp_path / "torn-down"
    expected = [f"test_{number}" for number, kinds in enumerate(modules.split()) if "p" in kinds]
    assert (torn_down.read_text().split() if torn_down.exists() else []) == expected


def test_one_that_dies_before_it_has_heard_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is told is more than a socket holds: nobody waits for ever for it to be read."""
    site = make_project(
        tmp_path / "site", sitecustomize="import os\nif 'STAGEWATCH_WORKER_CHANNEL' in os.environ: os._exit(3)"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    many = "@pytest.mark.parametrize('n', [str(n) * 1000 for n in range(100, 300)])\ndef test_many(n): pass\n"
    told = run_engine(make_project(tmp_path / "project", test_a=COLD + many))
    assert "3 workers in a row ended before they ran a test" in told.notices()
    assert {test.outcome for test in told.state.present()} <= {"crashed", "not-run"}
