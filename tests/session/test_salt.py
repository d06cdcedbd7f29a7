"""A project's salt is one for all of its sessions, and nobody else's to read."""

from __future__ import annotations

from pathlib import Path

from tui.session.salt import salt_of


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = salt_of(tmp_path)
    assert len(first) == 32 and salt_of(tmp_path) == first
    assert (tmp_path / "salt").stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").mkdir()
    assert salt_of(tmp_path / "other") != first


def test_where_it_can_not_be_kept_there_is_none(tmp_path: Path) -> None:
    assert salt_of(tmp_path / "nowhere") == b""
    (tmp_path / "salt").write_bytes(b"short")
    assert salt_of(tmp_path) == b"", "one of a session alone would tell a change where there is none"
