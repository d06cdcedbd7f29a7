"""What modules hold when they are forked: each worker's own, as in a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.engine.host import Hosted, make_project, plain_pytest, run_engine

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
    @pytest.mark.parametrize("way", ["fork", "spawn"])
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
    assert "18 passed" in plain.stdout
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


def test_numpys_random_state_is_noticed(tmp_path: Path) -> None:
    """A package of that name will do: it is told by what is imported."""
    project = make_project(
        tmp_path / "project", numpy____init__="", numpy__random="", test_a="import numpy.random\ndef test_a(): pass\n"
    )
    assert "numpy's random state was made during collection" in run_engine(project).notices()
