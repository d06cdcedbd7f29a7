"""What holds for every test: examples are not timed (two busy cores make any of them late)."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("stagewatch", deadline=None, print_blob=True)
settings.load_profile("stagewatch")
