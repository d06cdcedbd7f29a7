"""A row per tier."""
