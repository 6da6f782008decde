-- +goose Up
-- The oldest schema that a program must know to run on this one; see
-- docs/adr/0003-a-program-runs-on-newer-schemas.md. A migration that an older
-- program cannot live with raises it to its own number. This one only adds.
CREATE TABLE schema_level (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    oldest INTEGER NOT NULL
) STRICT;

INSERT INTO schema_level (one, oldest) VALUES (1, 1);

ALTER TABLE sessions ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN print TEXT NOT NULL DEFAULT '';

CREATE UNIQUE INDEX sessions_key ON sessions (owner, key) WHERE key <> '';

-- What the CHECK on the ledger could not know yet.
-- +goose StatementBegin
CREATE TRIGGER credit_entries_sign BEFORE INSERT ON credit_entries
WHEN new.action = 'capture' AND new.pages <> 0 OR new.action = 'adjust' AND new.pages = 0
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger has pages that do not fit its action');
END;
-- +goose StatementEnd

-- The chain of hashes over each owner's entries, in order of their ids. It stands
-- beside the ledger, for a program that does not know it may add entries: the next
-- one that does goes on from the last entry with a hash.
CREATE TABLE credit_chain (
    entry INTEGER NOT NULL PRIMARY KEY REFERENCES credit_entries (id),
    owner TEXT    NOT NULL,
    hash  BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX credit_chain_owner ON credit_chain (owner);

-- +goose StatementBegin
CREATE TRIGGER credit_chain_once BEFORE INSERT ON credit_chain
WHEN EXISTS (SELECT 1 FROM credit_chain WHERE entry = new.entry)
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger has its hash already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER credit_chain_final BEFORE UPDATE ON credit_chain
BEGIN
    SELECT RAISE(ABORT, 'a hash of the ledger is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER credit_chain_kept BEFORE DELETE ON credit_chain
BEGIN
    SELECT RAISE(ABORT, 'a hash of the ledger is never deleted');
END;
-- +goose StatementEnd

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
