-- What desktops need: collections that others may see, what programs want remembered beside bodies, and locks.

-- +goose Up
PRAGMA user_version = 5;

-- Who else than its owner may see a collection: a user, or, where grantee is NULL, whoever knows the secret of a link. Of the secret only
-- the hash is here. AUTOINCREMENT: "remove share 3" must never mean another one.
CREATE TABLE share (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collection (id),
    grantee    TEXT    REFERENCES user (name),
    token      TEXT,             -- SHA-256 in hexadecimal; NULL for a share with a user
    label      TEXT    NOT NULL,
    writes     INTEGER NOT NULL, -- the grantee may change it, too
    hidden     INTEGER NOT NULL, -- the grantee does not want to see it
    props      TEXT    NOT NULL, -- JSON object of strings: the grantee's own name, colour and order
    added      INTEGER NOT NULL,
    CHECK ((grantee IS NULL) <> (token IS NULL))
) STRICT;
-- Any number of links, but one share with a user; NULLs are all different.
CREATE UNIQUE INDEX share_by_collection ON share (collection, grantee);
CREATE UNIQUE INDEX share_by_token      ON share (token) WHERE token IS NOT NULL;
CREATE INDEX        share_by_grantee    ON share (grantee) WHERE grantee IS NOT NULL;

-- What programs want remembered of a record, by its number, or of a collection, number 0. No reference to record: 0 is none.
CREATE TABLE property (
    collection INTEGER NOT NULL REFERENCES collection (id),
    number     INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    PRIMARY KEY (collection, number, name)
) STRICT, WITHOUT ROWID;

-- Locks. What is over is removed when the next one is taken.
CREATE TABLE lock (
    token      TEXT    PRIMARY KEY,
    holder     TEXT    NOT NULL REFERENCES user (name),
    collection INTEGER NOT NULL REFERENCES collection (id),
    path       TEXT    NOT NULL, -- the record's id, '' for the whole collection
    deep       INTEGER NOT NULL,
    shared     INTEGER NOT NULL,
    owner      TEXT    NOT NULL, -- what the program says of itself, XML
    seconds    INTEGER NOT NULL,
    until      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lock_by_collection ON lock (collection);
