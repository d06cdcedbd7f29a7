"""Does a session stay as small as it was? 1,000 reruns and 200 edits of one project, and what is left then.

    python benchmarks/memory.py [--project marshmallow] [--reruns 1000] [--edits 200] [--plot FILE.svg]

Memory is what the processes would give back if they ended (PSS: shared pages are counted once, in shares).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from kept_session import KeptSession, kept
from peers import about
from plot import Series, plot
from real_projects import CASES, cases, copy_of

_SAMPLES = 20


@dataclass(frozen=True)
class Sample:
    """At rest, after so many reruns. Megabytes, and counts over all processes."""

    reruns: int
    edits: int
    session: float
    engine: float
    processes: int
    descriptors: int
    temporary: int


def sample(session: KeptSession, folder: Path, reruns: int, edits: int) -> Sample:
    main = psutil.Process(session.record.pid)
    children = main.children(recursive=True)
    return Sample(
        reruns, edits, _megabytes(main), sum(map(_megabytes, children)), 1 + len(children),
        sum(map(_descriptors, [main, *children])), len(list(_entries(folder))),
    )  # fmt: skip


def _megabytes(process: psutil.Process) -> float:
    with suppress(psutil.Error):  # gone meanwhile
        return float(process.memory_full_info().pss) / 1e6
    return 0.0


def _descriptors(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return process.num_fds()
    return 0


def _entries(folder: Path) -> Iterator[Path]:
    """Whatever lies in the folder for temporary files, and a level below."""
    for path in folder.iterdir():
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from path.iterdir()


async def measure(folder: Path, options: argparse.Namespace) -> list[Sample]:
    [case] = cases([options.project])
    temporary = folder / "tmp"
    temporary.mkdir()
    copy = copy_of(case, folder, 1)
    copy.environment["TMPDIR"] = str(temporary)
    name = copy.failing[0].rpartition("::")[2].partition("[")[0]
    samples = []
    async with kept(copy, "-k", name) as session:
        failed = [session.id_of(copy.failing[0])]
        edits = 0
        for reruns in range(options.reruns + 1):
            if reruns:
                if edits < options.edits * reruns // options.reruns:
                    edits += 1
                    copy.edit(copy.tests if edits % 2 else copy.module)
                await session.rerun(failed)
            if reruns % max(1, options.reruns // _SAMPLES) == 0:
                await session.rest()
                samples.append(sample(session, temporary, reruns, edits))
                print(_row(samples[-1]), flush=True)
        mark = session.record.mark
    left = [process.info for process in psutil.process_iter(["pid", "name"]) if _bears(process, mark)]
    print(
        f"\nafter its end: {len(left)} processes {left or ''}, {len(list(_entries(temporary)))} entries in its folder"
    )
    print(f"for temporary files: {[str(path.relative_to(temporary)) for path in _entries(temporary)][:10]}")
    return samples


def _bears(process: psutil.Process, mark: str) -> bool:
    name, _, value = mark.partition("=")
    with suppress(psutil.Error):
        return process.environ().get(name) == value
    return False


def _row(one: Sample) -> str:
    cells = (one.reruns, one.edits, f"{one.session:.0f}", f"{one.engine:.0f}")
    return f"| {' | '.join(map(str, (*cells, one.processes, one.descriptors, one.temporary)))} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", default="marshmallow", choices=[case.name for case in CASES][:-1])
    parser.add_argument("--reruns", type=int, default=1000)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it, as SVG")
    options = parser.parse_args()
    print(f"{about()}; {options.project}\n")
    print("| reruns | edits | session, MB | collected processes, MB | processes | descriptors | temporary files |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
        samples = asyncio.run(measure(Path(folder), options))
    if options.plot:
        xs = [one.reruns for one in samples]
        drawn = plot(
            f"{options.project}: memory over {options.reruns:,} reruns and {options.edits} edits, MB", "reruns", xs,
            [
                Series("session", [one.session for one in samples]),
                Series("collected processes", [one.engine for one in samples]),
            ],
        )  # fmt: skip
        options.plot.write_text(drawn)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
