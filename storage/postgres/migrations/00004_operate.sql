-- +goose Up
CREATE TABLE flag_overrides (
    flag     text  PRIMARY KEY CHECK (flag <> ''),
    override bytea NOT NULL
);

-- What a replica has counted of an objective in the minutes of an hour, packed.
CREATE TABLE slo_counts (
    hour      timestamptz NOT NULL,
    objective text        COLLATE "C" NOT NULL CHECK (objective <> ''),
    replica   text        COLLATE "C" NOT NULL CHECK (replica <> ''),
    counts    bytea       NOT NULL,
    PRIMARY KEY (hour, objective, replica)
) WITH (fillfactor = 70); -- written every few seconds while its hour lasts

ALTER TABLE slo_counts ALTER COLUMN counts SET STORAGE PLAIN;

-- What operators did, in one chain of hashes.
CREATE TABLE audit_entries (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    who     text        NOT NULL CHECK (who <> ''),
    what    text        NOT NULL CHECK (what <> ''),
    target  text        NOT NULL,
    why     text        NOT NULL,
    detail  bytea,
    created timestamptz NOT NULL,
    hash    bytea       NOT NULL CHECK (octet_length(hash) = 32) -- of the chain, this entry included
);

-- The end of the chain, so that entries which were taken off it are missed. Whoever
-- adds an entry locks it first, so that the entries come one after the other.
CREATE TABLE audit_head (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    entries bigint  NOT NULL,
    hash    bytea
);

-- +goose StatementBegin
CREATE FUNCTION audit_entries_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an entry of the audit is never changed nor deleted';
END $$;
-- +goose StatementEnd

CREATE TRIGGER audit_entries_final BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entries_final();
CREATE TRIGGER audit_entries_kept BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_final();
