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
