"""How far somebody has seen a project's runs."""

from __future__ import annotations

from pathlib import Path

from tui.client.looks import Look, keep_look, last_look

LOOK = Look(7, 266, 1_757_244_252.0)


def test_it_is_each_person_s_own(tmp_path: Path) -> None:
    keep_look(tmp_path, "ann from 10.0.0.7", LOOK)
    assert last_look(tmp_path, "ann from 10.0.0.7") == LOOK
    assert last_look(tmp_path, "ann") is None
    keep_look(tmp_path, "ann from 10.0.0.7", Look(8, 1, 0.0))
    assert last_look(tmp_path, "ann from 10.0.0.7") == Look(8, 1, 0.0)


def test_what_is_garbled_or_can_not_be_written_is_no_look(tmp_path: Path) -> None:
    keep_look(tmp_path, "ann", LOOK)
    next((tmp_path / "looks").iterdir()).write_bytes(b"\x00{")
    assert last_look(tmp_path, "ann") is None
    (tmp_path / "file").write_text("")
    keep_look(tmp_path / "file", "ann", LOOK)
    assert last_look(tmp_path / "file", "ann") is None
