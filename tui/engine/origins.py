"""Where generations come from: the snapshots that each group's last launch has left behind, or else a launch."""

from __future__ import annotations

import msgspec

from tui.engine.generation import CONFTESTS, PLUGINS, Generation, Order
from tui.engine.snapshots import Snapshot


class _Origin(msgspec.Struct):
    """What was launched by ``order``, and the snapshots of it: ``conftests`` has loaded more than ``plugins``."""

    order: Order
    plugins: Snapshot
    conftests: Snapshot


class Origins:
    """Owns the snapshots of all groups."""

    def __init__(self) -> None:
        self._of: dict[int, _Origin] = {}
        self._snapshots: list[Snapshot] = []
        """Those that are there, and those that were and may be on their way out."""

    @property
    def pids(self) -> list[int]:
        """The process ids of snapshots that are not known to have ended."""
        self._snapshots = [snapshot for snapshot in self._snapshots if snapshot.is_open]
        return [snapshot.pid for snapshot in self._snapshots if snapshot.pid]

    def _snapshot(self) -> Snapshot:
        made = Snapshot()
        self._snapshots = [snapshot for snapshot in self._snapshots if snapshot.is_open] + [made]
        return made

    async def fork(self, generation: Generation, order: Order, changed: tuple[str, ...]) -> bool:
        """Start a generation from the snapshot that had come farthest of those that hold nothing that was edited."""
        origin = self._of.get(generation.group)
        if origin is None or origin.order != order:
            return False
        if await generation.fork(origin.conftests, changed):
            return True
        conftests = self._snapshot()
        is_forked = await generation.fork(origin.plugins, changed, next=conftests)
        conftests.given()
        origin.conftests.close()
        origin.conftests = conftests
        return is_forked

    async def launch(self, generation: Generation, order: Order, changed: tuple[str, ...]) -> None:
        """Start a generation, and have it leave snapshots behind. Raises OSError when that can't be done."""
        self.close(generation.group)
        origin = _Origin(order, self._snapshot(), self._snapshot())
        snapshots = {PLUGINS: origin.plugins, CONFTESTS: origin.conftests}
        try:
            await generation.launch(order, changed, snapshots)
        finally:
            for snapshot in snapshots.values():
                snapshot.given()
        self._of[generation.group] = origin

    def close(self, group: int | None = None) -> None:
        """There will be no more of this group, or of any."""
        for one in [group] if group is not None else list(self._of):
            if origin := self._of.pop(one, None):
                origin.plugins.close()
                origin.conftests.close()
