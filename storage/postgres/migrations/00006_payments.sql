-- +goose Up
-- What owners buy. The runbook reads this table and the next by these names.
CREATE TABLE pending_payments (
    number         text        COLLATE "C" PRIMARY KEY CHECK (number <> ''),
    owner          text        NOT NULL CHECK (owner <> ''),
    state          text        NOT NULL CHECK (state <> ''),
    pack           text        NOT NULL,
    pages          integer     NOT NULL CHECK (pages > 0),
    amount         bigint      NOT NULL CHECK (amount >= 0), -- in the smallest unit of the currency
    currency       text        NOT NULL,
    gateway        text        NOT NULL,
    transaction_no text        NOT NULL DEFAULT '', -- empty: not known yet
    url            text        NOT NULL DEFAULT '',
    note           text        NOT NULL DEFAULT '',
    key            text        NOT NULL DEFAULT '', -- idempotency key; empty: none
    print          text        NOT NULL DEFAULT '',
    detail         bytea,
    created        timestamptz NOT NULL,
    updated        timestamptz NOT NULL
);

CREATE UNIQUE INDEX pending_payments_key ON pending_payments (owner, key) WHERE key <> '';
CREATE UNIQUE INDEX pending_payments_transaction ON pending_payments (gateway, transaction_no) WHERE transaction_no <> '';
CREATE INDEX pending_payments_stuck ON pending_payments (updated) WHERE state <> 'paid';

-- +goose StatementBegin
CREATE FUNCTION pending_payments_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a payment that is paid stays paid';
END $$;
-- +goose StatementEnd

CREATE TRIGGER pending_payments_paid BEFORE UPDATE OF number, owner, state, pages ON pending_payments
    FOR EACH ROW WHEN (old.state = 'paid') EXECUTE FUNCTION pending_payments_paid();

-- What gateways told us.
CREATE TABLE webhook_events (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway        text        NOT NULL CHECK (gateway <> ''),
    transaction_no text        NOT NULL,
    order_number   text        NOT NULL,
    status         text        NOT NULL,
    hash           text        NOT NULL,
    created_at     timestamptz NOT NULL,
    done           timestamptz, -- null: not yet
    outcome        text        NOT NULL DEFAULT '',
    UNIQUE (gateway, transaction_no, status, hash)
);

CREATE INDEX webhook_events_created_at ON webhook_events (created_at);
CREATE INDEX webhook_events_pending ON webhook_events (id) WHERE done IS NULL;

-- What the CHECK on the ledger could not know yet.
ALTER TABLE credit_entries ADD CONSTRAINT credit_entries_sign_of_more CHECK (CASE action
    WHEN 'purchase' THEN pages > 0
    WHEN 'transfer' THEN pages <> 0
    ELSE TRUE END) NOT VALID;
