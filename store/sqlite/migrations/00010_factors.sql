-- What people show besides a password, and which partners were named by people who do not administer the hub.

-- +goose Up
PRAGMA user_version = 10;

-- An app that makes codes, a recovery code, a passkey. AUTOINCREMENT: who removes factor 7 must never remove another one.
CREATE TABLE factor (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT    NOT NULL REFERENCES user (name),
    sort  TEXT    NOT NULL,
    key   TEXT    NOT NULL,     -- by which it is found among all of its sort
    label TEXT    NOT NULL,
    data  BLOB    NOT NULL,     -- nothing in it lets anybody in
    count INTEGER NOT NULL,     -- moves forward with every use
    added INTEGER NOT NULL,
    used  INTEGER NOT NULL,
    origin TEXT   NOT NULL,
    UNIQUE (sort, key)
) STRICT;
CREATE INDEX factor_by_owner ON factor (owner);

-- 1: its owner named it without administering the hub, and it is opened within bounds.
ALTER TABLE partner ADD COLUMN bounded INTEGER NOT NULL DEFAULT 0;
