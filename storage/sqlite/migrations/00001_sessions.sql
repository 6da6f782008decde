-- +goose Up
-- Times are microseconds since 1970 in UTC. Migrations only ever add: the
-- previous program must be able to read what this one wrote.

CREATE TABLE sessions (
    id      TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    owner   TEXT    NOT NULL,
    status  TEXT    NOT NULL CHECK (status IN ('queued', 'processing', 'ready', 'completed', 'failed')),
    pages   INTEGER NOT NULL CHECK (pages >= 0),
    claim   INTEGER NOT NULL DEFAULT 0 CHECK (claim >= 0),
    items   INTEGER NOT NULL DEFAULT 0 CHECK (items >= 0),
    job     INTEGER NOT NULL, -- id in river_job
    code    TEXT    NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    expires INTEGER,          -- null: never
    request BLOB,
    detail  BLOB,
    result  BLOB
) STRICT;

CREATE INDEX sessions_expires ON sessions (expires) WHERE expires IS NOT NULL;

CREATE TABLE items (
    session TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL CHECK (seq >= 1),
    kind    TEXT    NOT NULL,
    json    BLOB    NOT NULL,
    PRIMARY KEY (session, seq)
) STRICT;

CREATE TABLE reports (
    session  TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    question TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    comment  TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    PRIMARY KEY (session, question, owner)
) STRICT;
