"""Which tests a rerun means."""

from __future__ import annotations

from tui.protocol import Refused, Rerun
from tui.state import RunState


def chosen(command: Rerun, state: RunState) -> list[int] | Refused:
    """Their ids; why not, where it names what is not there."""
    present = {test.id: test for test in state.present()}
    if command.what == "failed":
        return [
            *(test.id for test in state.failing()),
            *(test.id for test in present.values() if test.outcome == "blocked" or test.is_mixed),
        ]
    if command.what == "all":
        return list(present)
    found = [test for test in command.tests if test in present]
    for wanted in command.nodes:
        within = (f"{wanted}/", f"{wanted}::", f"{wanted}[")
        named = [id for id, test in present.items() if test.node == wanted or test.node.startswith(within)]
        if not named:
            return Refused(f"there is no test {wanted} in this run")
        found += named
    return list(dict.fromkeys(found))
