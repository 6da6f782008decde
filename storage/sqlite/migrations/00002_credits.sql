-- +goose Up
-- The ledger. Entries are never changed nor deleted; each cause counts once.
-- Other actions may come, so only the known ones have the sign of their pages checked.

CREATE TABLE credit_entries (
    id      INTEGER NOT NULL PRIMARY KEY,
    owner   TEXT    NOT NULL CHECK (owner <> ''),
    action  TEXT    NOT NULL CHECK (action <> ''),
    pages   INTEGER NOT NULL CHECK (CASE action
                WHEN 'grant'   THEN pages > 0
                WHEN 'hold'    THEN pages <= 0
                WHEN 'release' THEN pages >= 0
                ELSE TRUE END),
    cause   TEXT    NOT NULL CHECK (cause <> ''),
    created INTEGER NOT NULL,
    UNIQUE (owner, action, cause)
) STRICT;

CREATE INDEX credit_entries_owner ON credit_entries (owner);

-- A balance is the sum of its owner's entries. Only the trigger below writes
-- it, so the two cannot part, and the CHECK stops whatever would overdraw it.
CREATE TABLE balances (
    owner TEXT    NOT NULL PRIMARY KEY,
    pages INTEGER NOT NULL CHECK (pages >= 0)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER credit_entries_add AFTER INSERT ON credit_entries
BEGIN
    INSERT INTO balances (owner, pages)
        SELECT new.owner, 0 WHERE NOT EXISTS (SELECT 1 FROM balances WHERE owner = new.owner);
    UPDATE balances SET pages = pages + new.pages WHERE owner = new.owner;
END;
-- +goose StatementEnd

-- INSERT OR REPLACE would delete what stands in its way without asking the
-- triggers below, so nothing may stand there.
-- +goose StatementBegin
CREATE TRIGGER credit_entries_once BEFORE INSERT ON credit_entries
WHEN EXISTS (SELECT 1 FROM credit_entries WHERE owner = new.owner AND action = new.action AND cause = new.cause)
    OR EXISTS (SELECT 1 FROM credit_entries WHERE id = new.id)
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger is there already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER credit_entries_final BEFORE UPDATE ON credit_entries
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER credit_entries_kept BEFORE DELETE ON credit_entries
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger is never deleted');
END;
-- +goose StatementEnd
