"""Coverage (pytest-cov) by many processes, while sources are edited: a line counts for the source that it is a line of.

Each worker leaves a file; the zygote has pytest-cov combine them when it ends. What was covered of a source that has
been edited since is left out: its numbers are of other lines now.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from typing import Any

import pytest


def leave(config: pytest.Config, began_ns: int) -> None:
    """Save what this worker has covered; its own report would be a part of the truth.

    ``began_ns``: when the process that it is of began to load sources.
    """
    plugin, controller = _of(config)
    if controller is None:
        return
    _stop(controller.cov, began_ns)
    controller.cov.save()
    plugin.cov_controller = None
    plugin._disabled = True
    plugin.options.cov_report = {}
    plugin.options.cov_fail_under = None


class Keeping:
    """A plugin that has pytest-cov keep what others have left, as with ``--cov-append``, where it would begin anew.

    By a wrapper: those come before pytest-cov's own hook, wherever that was registered.
    """

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Iterator[None]:
        keep(early_config)
        yield


def keep(config: pytest.Config) -> None:
    """Before pytest-cov has begun."""
    config.known_args_namespace.cov_append = True


def make_ready(config: pytest.Config, began_ns: int) -> None:
    """Before this zygote combines its coverage with what workers, and zygotes before it, have left.

    It is the only one that does, from here to its end: several would read and write the same files.
    """
    _, controller = _of(config)
    if controller is None:
        return
    from coverage import CoverageData
    from coverage.data import combinable_files
    from coverage.misc import CoverageException

    combined = os.path.abspath(getattr(controller, "combining_cov", controller.cov).config.data_file)
    fcntl.flock(os.open(os.path.dirname(combined), os.O_RDONLY), fcntl.LOCK_EX)  # given back when the process ends
    _stop(controller.cov, began_ns)  # not before: it writes, where another would read
    for path in [combined, *combinable_files(combined)]:
        try:
            saved_ns = os.stat(path).st_ctime_ns
            data = CoverageData(basename=path)
            data.read()
            _forget(data, saved_ns)
            data.close()
        except (OSError, CoverageException):
            continue  # not there, or no data: pytest-cov will say so


def _of(config: pytest.Config) -> tuple[Any, Any]:
    plugin: Any = config.pluginmanager.getplugin("_cov")
    return plugin, getattr(plugin, "cov_controller", None)


def _stop(cov: Any, began_ns: int) -> None:
    cov.stop()
    _forget(cov.get_data(), began_ns)


def _forget(data: Any, since_ns: int) -> None:
    edited = [path for path in _edited(data.measured_files(), since_ns) if data.lines(path)]
    if edited and hasattr(data, "purge_files"):  # coverage 7.2
        data.purge_files(edited)


def _edited(paths: Iterable[str], since_ns: int) -> Iterable[str]:
    """By the time of the last change, which no tool sets back."""
    for path in paths:
        try:
            if os.stat(path).st_ctime_ns > since_ns:
                yield path
        except OSError:
            yield path  # it is gone
