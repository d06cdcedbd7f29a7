"""Every mistake in a plan is answered by one sentence: file, line, key, what was expected, what was found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.errors import MALFORMED, StagewatchError
from tui.plan.file import read_plan
from tui.plan.model import Plan

SUITE = '[[tier]]\nid = "P1"\n[[suite]]\nid = "ws"\ntier = "P1"\n'
PAGE = Path(__file__).with_name("mistakes.md").read_text()
CASES = re.findall(r"^## (.+)\n\n```toml\n((?:(?!```).*\n)*)```\n\n> (.+)$", PAGE, re.MULTILINE)


def test_every_case_of_the_page_is_read() -> None:
    assert len(CASES) == PAGE.count("\n## ") > 40


@pytest.mark.parametrize(("text", "sentence"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stagewatch.toml").write_text(text)
    with pytest.raises(StagewatchError) as caught:
        read_plan(Path("stagewatch.toml"))
    assert str(caught.value) == sentence
    assert caught.value.exit_code == MALFORMED


def test_in_pyproject_the_lines_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text('[project]\nname = "x"\n\n[[tool.stagewatch.tier]]\nid = "P1"\ntitel = "x"\n')
    with pytest.raises(StagewatchError) as caught:
        read_plan(Path("pyproject.toml"))
    assert str(caught.value) == 'pyproject.toml:6: unknown key "titel" in tier "P1"; did you mean "title"?'


SECRET = "hunter2-correct-horse"


@pytest.mark.parametrize(
    "text",
    [
        f'[target]\ncredentials = {{ password = "{SECRET}" }}\n',
        f'[target.credentials]\nuser = "env:OK"\npassword = "env:{SECRET}"\n',
        f'[target]\ncredentials = "{SECRET}"\n',
        f'[target]\ncredentials = ["{SECRET}"]\n',
        f'[target]\ncredential = {{ password = "{SECRET}" }}\n',
        f'[target]\nbase_url = "https://user:{SECRET}@staging.example.com"\n',
        f'[target]\nbase_url = "user:{SECRET}@staging.example.com"\n',
        f'[target]\nws_url = "https://staging.example.com/?token={SECRET}"\n',
        f'[target]\nname = ["{SECRET}"]\n',
        f'{SUITE}env = {{ TOKEN = ["{SECRET}"] }}\n',
        f'{SUITE}env = "{SECRET}"\n',
        f'{SUITE}password = "{SECRET}"\n',
        f'password = "{SECRET}"\n',
        f'[target]\ncredentials = {{ password = "{SECRET} }}\n',
        f"[target]\ncredentials = {{ password = {SECRET} }}\n",
    ],
)
def test_a_secret_is_never_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text(text)
    with pytest.raises(StagewatchError) as caught:
        read_plan(path)
    assert SECRET not in str(caught.value)


def test_the_answer_to_a_literal_credential_says_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stagewatch.toml").write_text(f'[target]\n[target.credentials]\n\npassword = "{SECRET}"\n')
    with pytest.raises(StagewatchError) as caught:
        read_plan(Path("stagewatch.toml"))
    assert str(caught.value) == (
        'stagewatch.toml:4: credentials.password of [target]: expected a reference, "env:NAME" or "file:PATH" '
        "(never the credential itself), found something else (not shown, it may be a secret)"
    )


@pytest.mark.parametrize("text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000, "order = 1e999"])
def test_toml_beyond_reason(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text(text)
    with pytest.raises(StagewatchError):
        read_plan(path)


_WORDS = st.sampled_from(
    ["[target]\n", "[gate]\n", "[[tier]]\n", "[[suite]]\n", "id = ", "tier = ", "gate = ", "paths = ", "timeout = ",
     "order = ", "env = ", "value = ", "credentials = ", "markers = ", '"P1"\n', '"env:X"\n', "1\n", "-1e400\n",
     "nan\n", "{ a = 1 }\n", "[]\n", '["a", 1]\n', "true\n", "2025-09-01\n", "07:00:00\n", "'' = 1\n", '"\\u0000"\n',
     '"not ("\n', "9" * 400 + "\n"]
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_WORDS, max_size=9))
def test_whatever_is_written_gives_a_plan_or_a_sentence(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text("".join(words))
    try:
        assert isinstance(read_plan(path), Plan)
    except StagewatchError as error:
        assert str(error).isprintable()
