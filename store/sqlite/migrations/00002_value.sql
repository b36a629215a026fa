-- What the hub remembers about itself, such as how long history is kept and when it was last tidied.

-- +goose Up
PRAGMA user_version = 2;

CREATE TABLE value (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
