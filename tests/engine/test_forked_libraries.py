"""gRPC and numpy, the real ones: what their C code holds at import, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.host import Hosted, Told, make_project
from tests.engine.interpreters import with_native_threads

CALLS = """
    import os
    from concurrent.futures import ThreadPoolExecutor
    import grpc
    import pytest

    def serve():
        '''A server that says which process it is in, and where it listens.'''
        def say(request, context): return str(os.getpid()).encode()
        handlers = {"Say": grpc.unary_unary_rpc_method_handler(say)}
        server = grpc.server(ThreadPoolExecutor(1))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Small", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return server, port

    def call(channel): return int(channel.unary_unary("/Small/Say")(b"", timeout=20))
"""
IN_A_FIXTURE = """
    @pytest.fixture(scope="session")
    def channel():
        server, port = serve()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel: yield channel
        server.stop(None)

    def test_first(channel): assert call(channel) == os.getpid()
    def test_second(channel): assert call(channel) == os.getpid()
"""
AT_IMPORT = """
    SERVER, PORT = serve()
    CHANNEL = grpc.insecure_channel(f"127.0.0.1:{PORT}")
    assert call(CHANNEL) == os.getpid()

    def test_first(): assert call(CHANNEL) == os.getpid()
    def test_second(): assert call(CHANNEL) == os.getpid()
"""


@pytest.fixture(scope="module")
def python() -> str:
    return with_native_threads()


def kinds(told: Told) -> dict[str, bool]:
    """What the last collection has found, and whether it stands in the way of forking."""
    assert told.collected is not None
    return {finding.kind: finding.blocks for finding in told.collected.findings}


async def test_grpc_in_a_fixture_is_warm(tmp_path: Path, python: str) -> None:
    """A server and a channel for each worker and rerun, as in a process of its own."""
    project = make_project(tmp_path / "project", test_a=CALLS + IN_A_FIXTURE, test_b=CALLS + IN_A_FIXTURE)
    async with Hosted(project, python=python, workers=2) as hosted:
        await hosted.run()
        told = await hosted.rerun()
    assert set(told.outcomes().values()) == {"passed"}
    assert {len(test.attempts) for test in told.state.present()} == {2}
    assert told.state.cold_reason is None and kinds(told) == {"grpc": False}


async def test_a_grpc_channel_at_import_is_cold(tmp_path: Path, python: str) -> None:
    """Forked, the second call would never be answered."""
    project = make_project(tmp_path / "project", test_a=CALLS + AT_IMPORT, test_b=CALLS + AT_IMPORT)
    async with Hosted(project, python=python, workers=2) as hosted:
        await hosted.run()
        told = await hosted.rerun()
    assert set(told.outcomes().values()) == {"passed"}
    assert told.state.cold_reason is not None and "threads after collection" in told.state.cold_reason
    assert kinds(told)["threads"] and not kinds(told)["grpc"]


async def test_numpy_is_warm_without_threads_of_its_own_and_says_what_forks_share(
    tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its OpenBLAS has as many threads as the variable says that the advice names, its caller's among them."""
    project = make_project(
        tmp_path / "project",
        test_a="""
            import numpy
            numpy.random.seed(1)
            def test_a(): assert numpy.dot([1.0], [2.0]) == 2
        """,
    )
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    async with Hosted(project, python=python) as hosted:
        told = await hosted.run()
    assert set(told.outcomes().values()) == {"passed"}
    assert told.state.cold_reason == "2 threads after collection"
    assert kinds(told) == {"threads": True, "openblas": False}
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    async with Hosted(project, python=python) as hosted:
        told = await hosted.run()
    assert set(told.outcomes().values()) == {"passed"}
    assert told.state.cold_reason is None and kinds(told) == {"numpy": False}
    assert "all forked workers and reruns draw the same numbers" in told.notices()
