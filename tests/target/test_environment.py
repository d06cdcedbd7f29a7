"""What tests find of the target in their environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.errors import MALFORMED, StagewatchError
from tui.plan.model import Plan, Target
from tui.target.environment import resolve, variables


def plan(**credentials: str) -> Plan:
    return Plan(source="stagewatch.toml", target=Target(name="staging", credentials=credentials))


def test_urls_and_credentials_stand_under_the_targets_name() -> None:
    target = Target(name="eu-staging 2", base_url="http://a", ws_url="ws://a", health_url="http://a/health")
    assert variables(target, {"user": "ann", "second_user": "bob"}) == {
        "EU_STAGING_2_BASE_URL": "http://a", "EU_STAGING_2_WS_URL": "ws://a",
        "EU_STAGING_2_USER": "ann", "EU_STAGING_2_SECOND_USER": "bob",
    }  # fmt: skip


def test_what_is_not_known_is_not_there() -> None:
    assert variables(Target(name="staging"), {}) == {}
    assert variables(Target(base_url="http://a"), {"user": "ann"}) == {}


def test_credentials_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    found = resolve(plan(user="env:WHO", password="file:password"), {"WHO": "ann"}, tmp_path)
    assert found == {"user": "ann", "password": "correct horse"}


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:NOT_SET", "NOT_SET is not set"),
        ("env:EMPTY", "EMPTY is empty"),
        ("env:BROKEN", "BROKEN is not text in UTF-8"),
        ("file:missing", "missing can't be read (No such file or directory)"),
        ("file:.", "can't be read (Is a directory)"),
        ("file:/dev/zero", "/dev/zero is no credential"),
        ("file:blank", "blank is empty"),
    ],
)
def test_one_that_is_missing_is_one_sentence(tmp_path: Path, reference: str, said: str) -> None:
    (tmp_path / "blank").write_text("\n")
    with pytest.raises(StagewatchError) as caught:
        resolve(plan(password=reference), {"EMPTY": "", "BROKEN": "\udcff"}, tmp_path)
    assert str(caught.value).startswith("stagewatch.toml: credentials.password of [target]: ")
    assert said in str(caught.value)
    assert caught.value.exit_code == MALFORMED
