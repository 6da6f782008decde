-- +goose Up
-- Who owns sessions and pages. Of an erased account the id is left, so that nobody has
-- it again, and whether it was an early one, so that the early ones stay counted.
CREATE TABLE accounts (
    id       text        COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    kind     text        NOT NULL,
    subject  text        NOT NULL DEFAULT '', -- empty: known by its id alone
    early    smallint    NOT NULL DEFAULT 0,
    moved_to text        NOT NULL DEFAULT '', -- whom a device's pages went to
    created  timestamptz NOT NULL,
    erased   timestamptz                      -- null: it was not
);

CREATE UNIQUE INDEX accounts_subject ON accounts (kind, subject) WHERE subject <> '';
CREATE INDEX accounts_early ON accounts (early) WHERE early <> 0;

-- What callers took of their limits: the loss of it in a crash harms nobody.
CREATE UNLOGGED TABLE limits (
    key  text        COLLATE "C" PRIMARY KEY,
    used integer     NOT NULL,
    ends timestamptz NOT NULL
) WITH (fillfactor = 70);
