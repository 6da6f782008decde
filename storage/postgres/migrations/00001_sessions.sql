-- +goose Up
-- Migrations only ever add: the previous program must be able to work with what
-- this one wrote.

-- The oldest schema that a program must know to run on this one; see
-- docs/adr/0003-a-program-runs-on-newer-schemas.md.
CREATE TABLE schema_level (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    oldest bigint  NOT NULL
);

INSERT INTO schema_level (oldest) VALUES (1);

CREATE TABLE sessions (
    id      text        COLLATE "C" PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    owner   text        NOT NULL CHECK (owner <> ''),
    status  text        NOT NULL CHECK (status IN ('queued', 'processing', 'ready', 'completed', 'failed')),
    pages   integer     NOT NULL CHECK (pages >= 0),
    claim   bigint      NOT NULL DEFAULT 0 CHECK (claim >= 0),
    items   integer     NOT NULL DEFAULT 0 CHECK (items >= 0),
    job     bigint      NOT NULL, -- id in river_job
    code    text        NOT NULL DEFAULT '',
    key     text        NOT NULL DEFAULT '', -- idempotency key; empty: none
    print   text        NOT NULL DEFAULT '',
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    expires timestamptz, -- null: never
    request bytea,
    detail  bytea,
    result  bytea
) WITH (fillfactor = 70); -- counted up for each item: room on the page keeps that off the indexes

CREATE INDEX sessions_expires ON sessions (expires) WHERE expires IS NOT NULL;
CREATE UNIQUE INDEX sessions_key ON sessions (owner, key) WHERE key <> '';

CREATE TABLE items (
    session text    COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq     integer NOT NULL CHECK (seq >= 1),
    kind    text    NOT NULL,
    json    bytea   NOT NULL,
    PRIMARY KEY (session, seq)
);

CREATE TABLE reports (
    session  text        COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    question text        NOT NULL,
    owner    text        NOT NULL,
    reason   text        NOT NULL,
    comment  text        NOT NULL,
    created  timestamptz NOT NULL,
    PRIMARY KEY (session, question, owner)
);

CREATE TABLE settings (
    name  text  PRIMARY KEY,
    value bytea NOT NULL
);
