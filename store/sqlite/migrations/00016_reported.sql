-- Conflicts that programs report of what they sync themselves.

-- +goose Up
PRAGMA user_version = 16;

-- The conflicts of programs. A person sees them beside those of table conflict: their numbers are of one sequence, that of conflict. A row goes when its program
-- says that the conflict is settled.
CREATE TABLE reported (
    id       INTEGER PRIMARY KEY,
    handler  TEXT    NOT NULL,
    own      TEXT    NOT NULL, -- the program's id of it
    owner    TEXT    NOT NULL, -- whose; '': the hub's
    item     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    title    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    takes    TEXT    NOT NULL, -- JSON
    versions TEXT    NOT NULL, -- JSON, without bodies
    mark     TEXT    NOT NULL, -- of the versions: equal as long as they are
    size     INTEGER NOT NULL, -- bytes of all bodies
    answer   TEXT    NOT NULL DEFAULT '', -- '': none is given
    answered INTEGER NOT NULL DEFAULT 0,
    name     TEXT    NOT NULL DEFAULT '',
    body     BLOB, -- of the answer
    UNIQUE (handler, own)
) STRICT;
CREATE INDEX reported_by_owner ON reported (owner);

-- The bodies of their versions, where they have some. A list of conflicts does not drag them through memory.
CREATE TABLE reported_body (
    conflict INTEGER NOT NULL REFERENCES reported (id) ON DELETE CASCADE,
    version  INTEGER NOT NULL, -- from 0
    body     BLOB    NOT NULL,
    PRIMARY KEY (conflict, version)
) STRICT, WITHOUT ROWID;
