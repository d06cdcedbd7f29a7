"""A target that is deployed anew while it is verified: no verdict is about two revisions."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.user import User, until
from tests.support import environment

SCRIPT = Path(environment.__file__)
TESTS = """
import os, pathlib, time
HERE = pathlib.Path(__file__).parent

def test_quick(): pass

def test_waits():
    (HERE / "waiting").touch()
    until = time.monotonic() + 60
    while not (HERE / "gate").exists():
        assert time.monotonic() < until, "the gate was never opened"
        time.sleep(0.01)

def test_fails(): assert (HERE / "mended").exists()
"""


def project(user: User, *revisions: str, tests: str = TESTS) -> Path:
    root = user.project("shop", {"test_shop.py": tests})
    deploy(root, *revisions)
    command = json.dumps(["{python}", str(SCRIPT), str(root)])
    (root / "stagewatch.toml").write_text(
        f'[target]\nname = "staging"\nstart = {command}\n[[tier]]\nid = "P1"\n[[suite]]\nid = "s"\ntier = "P1"\n'
    )
    return root


def deploy(root: Path, *revisions: str) -> None:
    """Have the target say that it is of this revision; of several: one an answer, in turn."""
    new = root / "version.new"
    new.write_text("\n".join(revisions))
    new.rename(root / "version")


def opened(root: Path) -> None:
    for name in ("gate", "mended"):
        (root / name).touch()


def test_results_are_stamped_and_the_iteration_is_about_what_was_read(user: User) -> None:
    root = project(user, "r1")
    opened(root)
    ended = user.run("--headless", "--revision", "r0", "--json", "-", cwd=root)
    assert ended.code == 0, ended
    assert ended.document["target"]["revision"] == "r1"
    assert "notice     the version URL says r1, --revision says r0: what was read counts" in ended.err
    stamps = [attempt["stamp"] for test in ended.document["tests"] for attempt in test["attempts"]]
    assert stamps == [{"before": "r1", "after": "r1", "mixed": False}] * 3


def test_a_deploy_while_nothing_runs_voids_the_verdict(user: User) -> None:
    root = project(user, "r1")
    opened(root)
    ended = user.run("--headless", "--keep", cwd=root)
    assert ended.code == 0, ended
    assert user.type("gate", cwd=root).code == 0
    deploy(root, "r2")
    until(lambda: user.recorded(root).stamping.is_superseded)
    judged = user.type("gate", "--json", "-", cwd=root)
    assert judged.code == 6
    assert judged.document["reasons"][0] == "revision r2 is deployed, this is about r1; it was go"


def test_a_version_url_that_does_not_answer_leaves_results_without_a_stamp(user: User) -> None:
    root = project(user, "r1", tests=TESTS + "\ndef test_takes_it_down(): (HERE / 'version').unlink()\n")
    opened(root)
    ended = user.run("--headless", "--json", "-", cwd=root)
    assert ended.code == 6, ended
    [line] = ended.document["not_checked"]
    assert line["what"] == "unstamped" and line["why"].endswith(
        "no stamp (the version URL does not answer: it answers 503)"
    )
    assert "revision   the version URL does not answer: it answers 503" in ended.err


def test_a_rollout_under_a_run_is_waited_for_and_all_of_it_runs_in_the_next_iteration(user: User) -> None:
    root = project(user, "r1")
    viewer = user.begin("--headless", "--json", str(user.home / "x.json"), cwd=root)
    until(lambda: (root / "waiting").exists() and user.recorded(root).tests[1].attempts[0].after)
    deploy(root, "r1", "r2")  # both are served
    until(lambda: len(user.recorded(root).stamping.readings) > 2)
    deploy(root, "r2")
    until(lambda: user.recorded(root).stamping.deployed == "r2")
    opened(root)
    out, err = viewer.communicate(timeout=40)
    assert (viewer.returncode, err) == (0, ""), out

    first, second = user.recorded(root, 1), user.recorded(root, 2)
    assert (first.revision, second.revision) == ("r1", "r2")
    assert {test.name: test.outcome for test in first.present()} == {
        "test_quick": "passed", "test_waits": "not-run", "test_fails": "not-run",
    }  # fmt: skip
    assert [len(test.attempts) for test in first.present()] == [1, 1, 0], "what waited was not begun"
    assert first.ended is not None and not first.interrupted and first.goes_on
    assert {(a.before, a.after) for test in second.present() for a in test.attempts} == {("r2", "r2")}
    assert [test.last for test in second.present()] == ["passed", None, None], "a mixed result says nothing"
    assert (second.tests[1].carried_from, second.tests[1].carried_revision) == (1, "r1")

    document = json.loads((user.home / "x.json").read_text())
    assert (document["iteration"], document["verdict"], document["counts"]["passed"]) == (2, "go", 3)
    assert "pass 1     cut off by a rollout, to run again in the next iteration, after" in out
    assert out.count("ended      iteration 1: revision r2 is deployed") == 1
    assert out.count("iteration  2 of shop") == 1
    judged = user.type("gate", "1", cwd=root)
    assert judged.code == 6
    assert "1 test ran while another revision was being deployed" in judged.out


def test_a_rerun_on_a_new_revision_opens_the_next_iteration_and_carries_the_rest(user: User) -> None:
    root = project(user, "r1")
    (root / "gate").touch()
    ended = user.run("--headless", "--keep", cwd=root)
    assert ended.code == 1, ended
    (root / "mended").touch()
    deploy(root, "r2")
    again = user.type("rerun", "--failed", "--headless", "--json", "-", cwd=root)
    assert again.code == 5, again
    document = again.document
    assert (document["iteration"], document["target"]["revision"], document["verdict"]) == (2, "r2", "inconclusive")
    assert document["counts"] | {"passed": 1, "not-run": 2} == document["counts"]
    assert [line["what"] for line in document["not_checked"]] == ["carried"]
    assert [test["carried"] for test in document["tests"]] == [True, True, False]
    assert user.session().iteration == 2

    everything = user.type("rerun", "test_shop.py", "--headless", cwd=root)
    assert everything.code == 0, everything
    assert user.recorded(root).iteration == 2


def test_a_board_follows_into_the_next_iteration(user: User) -> None:
    root = project(user, "r1")
    viewer = user.begin("--headless", "--keep", cwd=root)
    until(lambda: (root / "waiting").exists())
    watching = user.start("attach", "--headless", cwd=root)
    deploy(root, "r2")
    until(lambda: user.recorded(root).stamping.is_superseded)
    opened(root)
    for process in (viewer, watching):
        out, err = process.communicate(timeout=40)
        assert (process.returncode, err) == (0, ""), out
        assert "iteration  2 of shop" in out
        assert out.rstrip().endswith(f"come back: stagewatch attach {user.session().name}")
