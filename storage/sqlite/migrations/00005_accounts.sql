-- +goose Up
-- Who owns sessions and pages. Of an erased account the id is left, so that nobody has
-- it again, and whether it was an early one, so that the early ones stay counted.
CREATE TABLE accounts (
    id       TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL DEFAULT '', -- empty: known by its id alone
    early    INTEGER NOT NULL DEFAULT 0,
    moved_to TEXT    NOT NULL DEFAULT '', -- whom a device's pages went to
    created  INTEGER NOT NULL,
    erased   INTEGER                      -- null: it was not
) STRICT;

CREATE UNIQUE INDEX accounts_subject ON accounts (kind, subject) WHERE subject <> '';
CREATE INDEX accounts_early ON accounts (early) WHERE early <> 0;
