-- +goose Up
CREATE TABLE flag_overrides (
    flag     TEXT NOT NULL PRIMARY KEY CHECK (flag <> ''),
    override BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What a replica has counted of an objective in the minutes of an hour, packed.
CREATE TABLE slo_counts (
    hour      INTEGER NOT NULL,
    objective TEXT    NOT NULL CHECK (objective <> ''),
    replica   TEXT    NOT NULL CHECK (replica <> ''),
    counts    BLOB    NOT NULL,
    PRIMARY KEY (hour, objective, replica)
) STRICT;

-- What operators did, in one chain of hashes.
CREATE TABLE audit_entries (
    id      INTEGER NOT NULL PRIMARY KEY,
    who     TEXT    NOT NULL CHECK (who <> ''),
    what    TEXT    NOT NULL CHECK (what <> ''),
    target  TEXT    NOT NULL,
    why     TEXT    NOT NULL,
    detail  BLOB,
    created INTEGER NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32) -- of the chain, this entry included
) STRICT;

-- The end of the chain, so that entries which were taken off it are missed.
CREATE TABLE audit_head (
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    entries INTEGER NOT NULL,
    hash    BLOB    NOT NULL
) STRICT;

-- INSERT OR REPLACE would delete what stands in its way without asking the others.
-- +goose StatementBegin
CREATE TRIGGER audit_entries_once BEFORE INSERT ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = new.id)
BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit is there already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_entries_final BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit is never deleted');
END;
-- +goose StatementEnd
