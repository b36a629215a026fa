-- What mail needs: sketches, full-text search, messages on their way out, and sealed secrets.

-- +goose Up
PRAGMA user_version = 6;

-- Whose mail is it?
CREATE INDEX user_by_address ON user (lower(address)) WHERE address <> '';

-- What a kind wants to see of a body without reading it. Apart from the record, so that listings do not drag it along.
CREATE TABLE sketch (
    row  INTEGER PRIMARY KEY, -- the record
    data BLOB    NOT NULL
) STRICT;

-- The text to search in, by record. Contentless: the text itself can be had from the body.
CREATE VIRTUAL TABLE fulltext USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
-- Which records have a text: asking a contentless table whether it has a row costs more than this.
CREATE TABLE texted (row INTEGER PRIMARY KEY) STRICT;

-- A record that is deleted or forgotten takes both with it.
-- +goose StatementBegin
CREATE TRIGGER record_buried AFTER UPDATE OF deleted ON record WHEN new.deleted = 1
BEGIN
    DELETE FROM sketch WHERE row = new.row;
    DELETE FROM fulltext WHERE rowid = new.row AND EXISTS (SELECT 1 FROM texted WHERE row = new.row);
    DELETE FROM texted WHERE row = new.row;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER record_gone AFTER DELETE ON record WHEN old.deleted = 0
BEGIN
    DELETE FROM sketch WHERE row = old.row;
    DELETE FROM fulltext WHERE rowid = old.row AND EXISTS (SELECT 1 FROM texted WHERE row = old.row);
    DELETE FROM texted WHERE row = old.row;
END;
-- +goose StatementEnd

-- Messages on their way out. AUTOINCREMENT: what was said of message 7 must never be taken for another one.
CREATE TABLE outgoing (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    owner      TEXT    NOT NULL REFERENCES user (name),
    key        TEXT    NOT NULL,
    sender     TEXT    NOT NULL,
    recipients TEXT    NOT NULL, -- JSON list: those it has still to reach
    body       BLOB    NOT NULL,
    saved      INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    added      INTEGER NOT NULL,
    next       INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    error      TEXT    NOT NULL,
    UNIQUE (owner, key)
) STRICT;
CREATE INDEX outgoing_due ON outgoing (next) WHERE state = 'waiting';

-- Sealed with a key that is not here.
CREATE TABLE secret (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
