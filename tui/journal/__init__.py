"""The journal: what happened, kept. One SQLite file a project; see ``docs/journal.md``.

``journal.Journal`` opens it, ``recorder.Recorder`` writes an iteration into it. Nothing is imported
here, so that who only draws does not pay for sqlite3 (cold start).
"""
