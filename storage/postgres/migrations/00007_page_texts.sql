-- +goose Up
-- Which item is what was read from a page, for its owner to find again.
CREATE TABLE page_texts (
    owner   text    COLLATE "C" NOT NULL CHECK (owner <> ''),
    hash    text    COLLATE "C" NOT NULL CHECK (hash <> ''), -- of the page
    session text    COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq     integer NOT NULL,
    PRIMARY KEY (owner, hash)
);

CREATE INDEX page_texts_session ON page_texts (session);
