"""The tables of the backend. ``n`` is the order of creation; times are seconds since the epoch."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS tenants (id TEXT PRIMARY KEY, name TEXT NOT NULL, settings TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS threads (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    folded TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    message_count INTEGER NOT NULL DEFAULT 0,
    last_sequence INTEGER NOT NULL DEFAULT 0,
    active_run TEXT
);
CREATE INDEX IF NOT EXISTS threads_of_tenant ON threads (tenant, n);
CREATE INDEX IF NOT EXISTS threads_of_owner ON threads (owner, n);
CREATE TABLE IF NOT EXISTS messages (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    author TEXT NOT NULL,
    content TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    run TEXT,
    created REAL NOT NULL,
    UNIQUE (thread, sequence)
);
CREATE TABLE IF NOT EXISTS runs (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    agent TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued',
    input TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    result TEXT,
    error TEXT,
    last_sequence INTEGER NOT NULL DEFAULT 0,
    parent TEXT
);
CREATE INDEX IF NOT EXISTS runs_of_thread ON runs (thread, n);
CREATE INDEX IF NOT EXISTS runs_of_user ON runs (created_by, created);
CREATE INDEX IF NOT EXISTS active_runs ON runs (n) WHERE status IN ('queued', 'running');
CREATE TABLE IF NOT EXISTS events (
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    run TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (thread, sequence)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_of_run ON events (run, sequence);
CREATE TABLE IF NOT EXISTS agents (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    instructions TEXT NOT NULL,
    tools TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS agents_of_tenant ON agents (tenant, n);
CREATE TABLE IF NOT EXISTS disabled_tools (tenant TEXT, tool TEXT, PRIMARY KEY (tenant, tool)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept_answers (
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    at REAL NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (user, key)
) WITHOUT ROWID;
"""
