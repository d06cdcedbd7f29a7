"""What modules hold when they are forked: each worker's own, as in a process of its own."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project, plain_pytest, run_engine
from tui.events import Finding


@contextmanager
def http_server() -> Iterator[str]:
    """Answers with the header ``Who`` of each request, over connections that stay open."""

    class Echo(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            said = self.headers["Who"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


CONFTEST = """
    import http.server, logging, threading
    import pytest

    LOG = logging.getLogger("kept")
    LOG.setLevel("INFO")
    LOG.addHandler(logging.FileHandler("kept.log"))

    @pytest.fixture(scope="session")
    def server():
        class Hello(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"hello")
            def log_message(self, *args): pass
        serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()
        thread.join()
        serving.server_close()
"""
MODULE = """
    import asyncio, multiprocessing, os, signal, sqlite3
    import httpx, pytest
    from conftest import LOG

    GOT = []
    signal.signal(signal.SIGUSR1, lambda *_: GOT.append(os.getpid()))
    CLIENT = httpx.Client(trust_env=False)
    MEMORY = sqlite3.connect(":memory:")
    MEMORY.execute("create table kept(a)")
    async def nothing(): return 1
    DONE = asyncio.run(nothing())

    def double(n): return 2 * n

    def test_signal():
        os.kill(os.getpid(), signal.SIGUSR1)
        assert GOT == [os.getpid()]
    def test_client(server): assert CLIENT.get(server).text == "hello"
    def test_client_again(server): assert CLIENT.get(server).text == "hello"
    def test_memory():
        MEMORY.execute("insert into kept values (1)")
        assert MEMORY.execute("select count(*) from kept").fetchone() == (1,)
    def test_loop(): assert asyncio.run(nothing()) == DONE
    def test_log(): LOG.info("%s %s", __name__, os.getpid())
    def test_folder(tmp_path):
        assert not list(tmp_path.iterdir())
        (tmp_path / "left").touch()
        print("folder", tmp_path)
    @pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
    def test_pool(way):
        with multiprocessing.get_context(way).Pool(1) as pool:
            assert pool.map(double, [1, 2]) == [2, 4]
"""


async def test_what_a_module_made_at_import_is_each_workers_own(tmp_path: Path) -> None:
    """Warm, on two workers, and warm again: what plain pytest says, and nothing that one does reaches another."""
    project = make_project(
        tmp_path / "project", conftest=CONFTEST, test_a=MODULE, test_b=MODULE.replace("SIGUSR1", "SIGUSR2")
    )
    log = project / "kept.log"
    plain = plain_pytest(project)
    assert "20 passed" in plain.stdout
    log.write_text("")
    folders = []
    async with Hosted(project, workers=2) as hosted:
        await hosted.run()
        for told in (hosted.told, await hosted.rerun()):
            assert {test.outcome for test in told.state.present()} == {"passed"}
            assert {attempt.cold_reason for test in told.state.present() for attempt in test.attempts} == {None}
        for (id, _), evidence in hosted.told.evidence.items():
            if hosted.told.state.tests[id].name == "test_folder":
                folders += [text.strip() for _, text in evidence.sections if text.startswith("folder ")]
    assert sorted(line.split()[0] for line in log.read_text().splitlines()) == ["test_a"] * 2 + ["test_b"] * 2
    assert len(folders) == len(set(folders))


COLD = {
    "test_loop": """
        import asyncio, threading
        LOOP = asyncio.new_event_loop()
        threading.Thread(target=LOOP.run_forever, daemon=True).start()
        async def double(n): return 2 * n
        def test_loop(): assert asyncio.run_coroutine_threadsafe(double(2), LOOP).result(20) == 4
    """,
    "test_client": """
        import os, httpx
        CLIENT = httpx.Client(trust_env=False)
        def who(name): return CLIENT.get(os.environ["SERVER"], headers={"Who": name}).text
        assert who("import") == "import"
        def test_client(): assert [who(str(n)) for n in range(20)] == [str(n) for n in range(20)]
    """,
    "test_logging": """
        import logging, logging.handlers, queue
        RECORDS, HANDLED = queue.Queue(), []
        class Kept(logging.Handler):
            def emit(self, record): HANDLED.append(record.getMessage())
        LISTENER = logging.handlers.QueueListener(RECORDS, Kept())
        LISTENER.start()
        LOG = logging.getLogger("queued")
        LOG.addHandler(logging.handlers.QueueHandler(RECORDS))
        def test_logging():
            LOG.warning("said")
            LISTENER.stop()
            assert HANDLED == ["said"]
    """,
    "test_memory": """
        from multiprocessing import shared_memory
        SHARED = shared_memory.SharedMemory(create=True, size=8)
        def test_memory():
            assert SHARED.buf[0] == 0
            SHARED.buf[0] = 1
            SHARED.close()
            SHARED.unlink()
    """,
    "test_folder": """
        import pathlib, tempfile
        KEPT = tempfile.TemporaryDirectory()
        def test_folder(): assert pathlib.Path(KEPT.name).is_dir()
    """,
    "test_process": """
        import atexit, subprocess
        SERVER = subprocess.Popen(["sleep", "300"])
        atexit.register(SERVER.kill)
        def test_process(): assert SERVER.poll() is None
    """,
}
"""Forked, the first would wait for ever, the second get another's answers, the third lose what it logs, the workers of
the fourth write into one another's memory; the folder would be gone with the first worker that ends, and the process
would seem to have ended, and be killed by it."""


async def test_what_can_not_be_shared_is_each_workers_own_in_a_fresh_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What plain pytest says, twice; and each is named with the module that it is of."""
    project = make_project(tmp_path / "project", **COLD)
    with http_server() as url:
        monkeypatch.setenv("SERVER", url)
        assert "6 passed" in plain_pytest(project).stdout
        async with Hosted(project, workers=2) as hosted:
            await hosted.run()
            told = await hosted.rerun()
    assert {(test.outcome, len(test.attempts)) for test in told.state.present()} == {("passed", 2)}
    assert told.collected is not None
    found = {(finding.kind, finding.where) for finding in told.collected.findings if finding.blocks}
    assert found == {
        ("threads", "test_logging.py, test_loop.py"), ("event-loop", "test_loop.py"), ("socket", "test_loop.py"),
        ("socket", "test_client.py"), ("pipe", "test_memory.py"), ("process", "test_memory.py"),
        ("folder", "test_folder.py"), ("process", "test_process.py"),
    }  # fmt: skip
    assert "cold: 3 threads after collection" in told.notices()


def test_what_forks_share_without_harm_to_any_process_is_named(tmp_path: Path) -> None:
    """A package of that name will do: numpy is told by what is imported. A log, which is appended to, loses nothing."""
    project = make_project(
        tmp_path / "project",
        numpy____init__="",
        numpy__random="",
        test_a="""
            import atexit, logging, numpy.random
            atexit.register(lambda: open("ended.txt", "a").write("once"))
            KEPT = open("written.txt", "w")
            logging.FileHandler("log.txt")
            def test_a(): pass
        """,
    )
    told = run_engine(project)
    assert told.collected is not None and told.state.cold_reason is None
    assert told.collected.findings == (
        Finding("file", "a file opened for writing during collection (written.txt)", "test_a.py", blocks=False),
        Finding("at-exit", "something was registered to be done at exit (atexit)", "test_a.py", blocks=False),
        Finding("numpy", "numpy's random state was made during collection", blocks=False),
    )
    assert "numpy's random state was made during collection" in told.notices()
    assert (project / "ended.txt").read_text() == "once"
