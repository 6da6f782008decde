-- +goose Up
-- The pages that were sent, in pieces. A blob gets its row once all its pieces are
-- there; pieces without one are of an upload that is under way, or was given up.

CREATE TABLE blobs (
    session text        COLLATE "C" NOT NULL,
    hash    text        COLLATE "C" NOT NULL,
    size    bigint      NOT NULL CHECK (size >= 0),
    upload  uuid        NOT NULL UNIQUE,
    created timestamptz NOT NULL,
    PRIMARY KEY (session, hash)
);

CREATE TABLE blob_pieces (
    upload  uuid        NOT NULL,
    n       integer     NOT NULL CHECK (n >= 0),
    created timestamptz NOT NULL,
    data    bytea       NOT NULL,
    PRIMARY KEY (upload, n)
);

-- Photos are packed already: looking for what can be packed further costs time only.
ALTER TABLE blob_pieces ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX blob_pieces_created ON blob_pieces (created) WHERE n = 0;
