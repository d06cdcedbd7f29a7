"""The one line of a started target: what it may say, and that it is never repeated where it is wrong."""

from __future__ import annotations

import json

import pytest

from tui.errors import MALFORMED, StagewatchError
from tui.plan.model import Target
from tui.target.ready import read_ready

TARGET = Target(name="staging", base_url="http://plan.example", version_url="http://plan.example/version")


def test_what_it_says_takes_the_place_of_the_plans_and_the_rest_stays() -> None:
    line = json.dumps({"target": {"base_url": "http://127.0.0.1:1", "ws_url": None}, "env": {"A": "b"}, "more": 1})
    target, env = read_ready(line.encode(), TARGET)
    assert (target.base_url, target.ws_url, target.version_url) == ("http://127.0.0.1:1", None, TARGET.version_url)
    assert env == {"A": "b"}
    assert read_ready(b"{}\n", TARGET) == (TARGET, {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"Listening on hunter2\n", "found something else first"),
        (b'["hunter2"]', "found an array"),
        (b'{"target": "hunter2"}', "found a string as its target"),
        (b'{"target": {"base_url": "ftp://hunter2"}}', "as its base_url, which is to be"),
        (b'{"target": {"ws_url": 5}}', "as its ws_url, which is to be"),
        (b'{"env": {"PASSWORD": ["hunter2"]}}', "found an array in its env (PASSWORD)"),
        (b'{"env": {"A=hunter2": "b"}}', "in its env"),
        (b'{"env": {"A": "\\ud800hunter2"}}', "found text in its env that is not UTF-8"),
        (b"\xff\xfe", "found something else first"),
        (b"[" * 60_000, "found something else first"),
    ],
)
def test_what_is_something_else_is_one_sentence(line: bytes, said: str) -> None:
    with pytest.raises(StagewatchError) as caught:
        read_ready(line, TARGET)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value).replace("(A=hunter2)", "")
    assert caught.value.exit_code == MALFORMED
