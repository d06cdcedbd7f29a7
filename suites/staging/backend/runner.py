"""Carries runs out: takes an agent's steps one after another, and writes down what happens.

A run is a task. Between two steps it gives way to others, and only there can it be cancelled: what
a step does to the database is done without a pause.
"""

from __future__ import annotations

import asyncio
import sqlite3
import traceback
from typing import Any

from suites.staging.backend import model
from suites.staging.backend.agents import Agent, Agents
from suites.staging.backend.journal import Journal
from suites.staging.backend.model import Failure, Hand, Pause, Say, Use
from suites.staging.backend.runs import ACTIVE, Runs
from suites.staging.backend.tools import TOOLS, ToolFailed, ToolSwitches
from suites.staging.validation import Invalid


class Runner:
    """The runs that this process carries out."""

    def __init__(self, runs: Runs, agents: Agents, tools: ToolSwitches, journal: Journal) -> None:
        self._runs, self._agents, self._tools, self._journal = runs, agents, tools, journal
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, run: sqlite3.Row, agent: Agent, tenant: str) -> None:
        """Carry a queued run out, from the next turn of the loop on."""
        name = run["id"]
        self._tasks[name] = task = asyncio.create_task(self._guarded(run, agent, tenant), name=name)
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    def cancel(self, run: sqlite3.Row) -> None:
        """End a run now. Raises 409 if it has ended. One of a sub-agent fails its parent."""
        self._runs.cancel(run)
        if task := self._tasks.get(run["id"]):
            task.cancel()

    async def close(self) -> None:
        """Let go of all of them. They stay active in the database, until the next start finds them there."""
        for task in tuple(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _guarded(self, run: sqlite3.Row, agent: Agent, tenant: str) -> None:
        try:
            await self._carry_out(run, agent, tenant)
        except _Ended:
            return
        except Exception:
            traceback.print_exc()
            if self._is_active(run):
                self._runs.fail(run, "internal", "Something went wrong here.")

    async def _carry_out(self, run: sqlite3.Row, agent: Agent, tenant: str) -> str:
        """A run from start to end; returns its text. Raises :class:`_Ended` if that was no good end."""
        self._runs.start(run)
        await self._give_way(run)
        self._journal.event(run, "agent_thinking", {"thought": model.thought(agent.name, run["input"])})
        await self._give_way(run)
        try:
            text, calls = await self._steps(run, agent, tenant)
        except Failure as failure:
            self._runs.fail(run, failure.code, failure.message)
            raise _Ended from None
        self._runs.complete(run, text, calls)
        return text

    async def _steps(self, run: sqlite3.Row, agent: Agent, tenant: str) -> tuple[str, int]:
        for tool in agent.tools:
            if not self._tools.enabled(tenant, tool):
                raise Failure("tool_disabled", f"The tool {tool} is switched off.")
        work = model.work(agent.kind, run["input"])
        said: list[str] = []
        calls = 0
        answer: Any = None
        while True:
            try:
                step = work.send(answer)
            except StopIteration:
                return "".join(said), calls
            answer = None
            match step:
                case Say(text):
                    self._journal.event(run, "partial_result", {"index": len(said), "text": text})
                    said.append(text)
                case Use(tool, arguments):
                    calls += 1
                    answer = await self._use(run, f"call_{calls}", tool, arguments)
                case Hand(name):
                    answer = await self._hand(run, name, tenant)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
            await self._give_way(run)

    async def _use(self, run: sqlite3.Row, call: str, name: str, arguments: dict[str, Any]) -> Any:
        self._journal.event(run, "tool_executing", {"tool": name, "call_id": call, "arguments": arguments})
        await self._give_way(run)
        tool = TOOLS[name]
        try:
            result = tool.run(tool.parameters.check(arguments))
        except (ToolFailed, Invalid) as failed:
            self._journal.event(run, "tool_completed", {"tool": name, "call_id": call, "error": str(failed)})
            await self._give_way(run)
            raise Failure("tool_failed", f"The tool {name} failed: {failed}.") from None
        self._journal.event(run, "tool_completed", {"tool": name, "call_id": call, "result": result})
        return result

    async def _hand(self, run: sqlite3.Row, name: str, tenant: str) -> str:
        agent = self._agents.find(tenant, name)
        child = self._runs.add(run["thread"], agent.id, run["input"], run["created_by"], run["id"])
        try:
            return await self._carry_out(child, agent, tenant)
        except _Ended:
            if not self._is_active(run):
                raise
            raise Failure("sub_agent_failed", f"The agent {name} failed.") from None

    async def _give_way(self, run: sqlite3.Row) -> None:
        """Let others have their turn. Raises :class:`_Ended` if one of them has ended this run."""
        await asyncio.sleep(0)
        if not self._is_active(run):
            raise _Ended

    def _is_active(self, run: sqlite3.Row) -> bool:
        found = self._runs.find(run["id"])
        return found is not None and found["status"] in ACTIVE


class _Ended(Exception):
    """The run has ended otherwise than by completing; that is written down already."""
