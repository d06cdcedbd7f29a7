"""What a failure takes is prepared by the zygote when nothing runs, for the next fork in which the test fails."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tests.engine.host import PATIENCE, Hosted, make_project

_CONFTEST = """
    import ast, os
    from pathlib import Path

    parse = ast.parse

    def told(text, *how, **more):
        if how[:1] == ("source",):  # for a traceback
            line = os.open(Path(__file__).with_name("parsed"), os.O_WRONLY)
            os.write(line, b"%d\\n" % os.getpid())
            os.close(line)
        return parse(text, *how, **more)

    ast.parse = told
"""


async def test_the_file_of_a_failed_test_is_parsed_before_it_runs_again(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", conftest=_CONFTEST, test_a="def test_a():\n    assert 1 == 2\n")
    os.mkfifo(project / "parsed")
    with (project / "parsed").open("r+b", buffering=0) as parsed:

        async def next_line() -> int:
            async with asyncio.timeout(PATIENCE):
                return int(await asyncio.to_thread(parsed.readline))

        async with Hosted(project) as hosted:
            told = await hosted.run()
            worker = next(event.pid for event in told.events if hasattr(event, "pid"))
            assert await next_line() == worker
            assert await next_line() not in (worker, os.getpid())
            told = await hosted.rerun("test_a")
            assert told.outcome("test_a") == "failed"
            assert "assert 1 == 2" in told.evidence_of("test_a").traceback
            parsed.write(b"0\n")
            assert await next_line() == 0
