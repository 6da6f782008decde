-- +goose Up
-- What owners buy. The runbook reads this table and the next by these names.
CREATE TABLE pending_payments (
    number         TEXT    NOT NULL PRIMARY KEY CHECK (number <> ''),
    owner          TEXT    NOT NULL CHECK (owner <> ''),
    state          TEXT    NOT NULL CHECK (state <> ''),
    pack           TEXT    NOT NULL,
    pages          INTEGER NOT NULL CHECK (pages > 0),
    amount         INTEGER NOT NULL CHECK (amount >= 0), -- in the smallest unit of the currency
    currency       TEXT    NOT NULL,
    gateway        TEXT    NOT NULL,
    transaction_no TEXT    NOT NULL DEFAULT '', -- empty: not known yet
    url            TEXT    NOT NULL DEFAULT '',
    note           TEXT    NOT NULL DEFAULT '',
    key            TEXT    NOT NULL DEFAULT '', -- idempotency key; empty: none
    print          TEXT    NOT NULL DEFAULT '',
    detail         BLOB,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX pending_payments_key ON pending_payments (owner, key) WHERE key <> '';
CREATE UNIQUE INDEX pending_payments_transaction ON pending_payments (gateway, transaction_no) WHERE transaction_no <> '';
CREATE INDEX pending_payments_stuck ON pending_payments (updated) WHERE state <> 'paid';

-- +goose StatementBegin
CREATE TRIGGER pending_payments_paid BEFORE UPDATE OF number, owner, state, pages ON pending_payments
WHEN old.state = 'paid'
BEGIN
    SELECT RAISE(ABORT, 'a payment that is paid stays paid');
END;
-- +goose StatementEnd

-- What gateways told us.
CREATE TABLE webhook_events (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    gateway        TEXT    NOT NULL CHECK (gateway <> ''),
    transaction_no TEXT    NOT NULL,
    order_number   TEXT    NOT NULL,
    status         TEXT    NOT NULL,
    hash           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    done           INTEGER, -- null: not yet
    outcome        TEXT    NOT NULL DEFAULT '',
    UNIQUE (gateway, transaction_no, status, hash)
) STRICT;

CREATE INDEX webhook_events_created_at ON webhook_events (created_at);
CREATE INDEX webhook_events_pending ON webhook_events (id) WHERE done IS NULL;

-- What the triggers on the ledger could not know yet.
-- +goose StatementBegin
CREATE TRIGGER credit_entries_sign_of_more BEFORE INSERT ON credit_entries
WHEN new.action = 'purchase' AND new.pages <= 0 OR new.action = 'transfer' AND new.pages = 0
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger has pages that do not fit its action');
END;
-- +goose StatementEnd
