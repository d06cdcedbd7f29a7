"""Whether a folder lies on a network file system, where SQLite's write-ahead log does not work.

The log's index is memory shared between processes, which no network file system shares between
machines: two hosts with one home folder would spoil the journal. So it is refused, not risked.
"""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|afs|ncpfs|lustre|gpfs|beegfs|(fuse\.)?(ceph\w*|gluster\w*|sshfs|s3fs|rclone|juicefs)"
)


def network_type(folder: Path, mounts: str | None = None) -> str | None:
    """The network file system's type that a folder lies on (``nfs4``); None for a local or unknown one.

    ``mounts`` is the text of ``/proc/self/mounts``, read if not given; elsewhere than on Linux nothing is known.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    parents = {str(parent) for parent in (folder.resolve(), *folder.resolve().parents)}
    found, longest = "", -1
    for line in mounts.splitlines():
        _, place, kind, *_ = line.split(" ")
        place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), place)
        # Of mounts on one place the last hides the others.
        if place in parents and len(place) >= longest:
            found, longest = kind, len(place)
    return found if _NETWORK.fullmatch(found) else None
