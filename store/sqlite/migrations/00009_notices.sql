-- What people are told of and where, webhooks, and the commands that an item runs.

-- +goose Up
PRAGMA user_version = 9;

-- A cause that somebody is told of once. It is here while it is open; told is 0 until they were.
CREATE TABLE notice (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT    NOT NULL REFERENCES user (name),
    key   TEXT    NOT NULL,
    sort  TEXT    NOT NULL,
    item  TEXT    NOT NULL,
    code  TEXT    NOT NULL,
    title TEXT    NOT NULL,
    text  TEXT    NOT NULL,
    link  TEXT    NOT NULL,
    since INTEGER NOT NULL,
    told  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (owner, key)
) STRICT;

-- A browser that takes notifications. RFC 8030, RFC 8291
CREATE TABLE push (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    owner    TEXT    NOT NULL REFERENCES user (name),
    endpoint TEXT    NOT NULL UNIQUE,
    key      BLOB    NOT NULL,
    auth     BLOB    NOT NULL,
    agent    TEXT    NOT NULL,
    added    INTEGER NOT NULL
) STRICT;
CREATE INDEX push_by_owner ON push (owner);

-- owner '': the hub's. Its secret is among the sealed ones.
CREATE TABLE webhook (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    owner   TEXT    NOT NULL,
    url     TEXT    NOT NULL,
    events  TEXT    NOT NULL, -- JSON
    items   TEXT    NOT NULL, -- JSON
    enabled INTEGER NOT NULL,
    added   INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_by_owner ON webhook (owner);

-- AUTOINCREMENT: receivers tell repeats by the number.
CREATE TABLE delivery (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook INTEGER NOT NULL REFERENCES webhook (id),
    key     TEXT    NOT NULL,
    event   TEXT    NOT NULL,
    body    BLOB    NOT NULL,
    state   TEXT    NOT NULL,
    added   INTEGER NOT NULL,
    next    INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    status  INTEGER NOT NULL,
    error   TEXT    NOT NULL,
    UNIQUE (webhook, key)
) STRICT;
CREATE INDEX delivery_due ON delivery (next) WHERE state = 'waiting';

-- Commands of the owner of the machine, around each run: JSON, '' for none.
ALTER TABLE item ADD COLUMN commands TEXT NOT NULL DEFAULT '';
