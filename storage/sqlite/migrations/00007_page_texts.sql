-- +goose Up
-- Which item is what was read from a page, for its owner to find again.
CREATE TABLE page_texts (
    owner   TEXT    NOT NULL CHECK (owner <> ''),
    hash    TEXT    NOT NULL CHECK (hash <> ''), -- of the page
    session TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (owner, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX page_texts_session ON page_texts (session);
