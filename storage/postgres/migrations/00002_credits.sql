-- +goose Up
-- The ledger. Entries are never changed nor deleted; each cause counts once. Other
-- actions may come, so only the known ones have the sign of their pages checked.

CREATE TABLE credit_entries (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner   text        NOT NULL CHECK (owner <> ''),
    action  text        NOT NULL CHECK (action <> ''),
    pages   integer     NOT NULL CHECK (CASE action
                WHEN 'grant'   THEN pages > 0
                WHEN 'hold'    THEN pages <= 0
                WHEN 'capture' THEN pages = 0
                WHEN 'release' THEN pages >= 0
                WHEN 'adjust'  THEN pages <> 0
                ELSE TRUE END),
    cause   text        NOT NULL CHECK (cause <> ''),
    created timestamptz NOT NULL,
    hash    bytea       NOT NULL, -- of the chain of the owner's entries, this one included
    UNIQUE (owner, action, cause)
);

CREATE INDEX credit_entries_owner ON credit_entries (owner, id);

-- A balance is the sum of its owner's entries. Whoever adds an entry locks the row
-- first, so that the entries of one owner come one after the other.
CREATE TABLE balances (
    owner text   PRIMARY KEY,
    pages bigint NOT NULL CHECK (pages >= 0),
    hash  bytea  -- of the owner's last entry; null: there is none
) WITH (fillfactor = 50);

-- +goose StatementBegin
CREATE FUNCTION credit_entries_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an entry of the ledger is never changed nor deleted';
END $$;
-- +goose StatementEnd

CREATE TRIGGER credit_entries_final BEFORE UPDATE OR DELETE ON credit_entries
    FOR EACH ROW EXECUTE FUNCTION credit_entries_final();
CREATE TRIGGER credit_entries_kept BEFORE TRUNCATE ON credit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION credit_entries_final();
