-- The first schema. Times are Unix seconds unless a column says otherwise. Digests and body sums are 32 bytes, NULL
-- where not known or not there. Tables are STRICT, so that a wrong type is an error here and not a riddle later.

-- +goose Up

-- Marks the file as ours ("TAND"), so that somebody else's database is refused instead of filled.
PRAGMA application_id = 0x54414e44;

-- The number of this migration. It changes in the transaction of the migration itself, and lets an up-to-date store
-- open without asking the migration library.
PRAGMA user_version = 1;

CREATE TABLE user (
    name  TEXT PRIMARY KEY,
    title TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A home collection. seq is the number of its last write; nothing below floor has tombstones any more, so that a
-- cursor below it is refused. uuid and epoch are the identity that partners remember.
-- AUTOINCREMENT: a removed collection's number is never given to another one, for history still speaks of it.
CREATE TABLE collection (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT    NOT NULL REFERENCES user (name),
    kind  TEXT    NOT NULL,
    name  TEXT    NOT NULL,
    props TEXT    NOT NULL, -- JSON object of strings
    uuid  TEXT    NOT NULL UNIQUE,
    epoch TEXT    NOT NULL,
    seq   INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    UNIQUE (owner, kind, name)
) STRICT;

-- A record of a home collection, or the tombstone of one. The body lies in blob under its sum and not here: history,
-- bases and conflicts name the same bytes, and a listing never drags bodies through memory.
CREATE TABLE record (
    row        INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collection (id),
    id         TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    deleted    INTEGER NOT NULL,
    at         INTEGER NOT NULL, -- when it was written; for tombstones, when they may be forgotten
    digest     BLOB,
    body       BLOB,
    size       INTEGER NOT NULL,
    attrs      TEXT    NOT NULL,
    modified   INTEGER NOT NULL, -- claimed by the body, Unix nanoseconds
    title      TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    starts     INTEGER NOT NULL,
    ends       INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    keys       TEXT    NOT NULL  -- e-mail addresses and phone numbers, one per line
) STRICT;
-- Every record is found by its id, and "what changed since" is a range of seq.
CREATE UNIQUE INDEX record_by_id  ON record (collection, id);
CREATE UNIQUE INDEX record_by_seq ON record (collection, seq);
-- Partial, so that kinds without the field pay nothing.
CREATE INDEX record_by_uid  ON record (collection, uid) WHERE uid <> '';
CREATE INDEX record_by_time ON record (collection, starts, ends) WHERE starts <> 0 OR ends <> 0;

-- What became of a create that carried a marker. It keeps the record as the create left it: a repeated create must be
-- answered with that, for an edit made since would otherwise pass for what the asker has just written.
CREATE TABLE marker (
    collection INTEGER NOT NULL REFERENCES collection (id),
    marker     TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    digest     BLOB,
    size       INTEGER NOT NULL,
    attrs      TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    modified   INTEGER NOT NULL,
    PRIMARY KEY (collection, marker)
) STRICT, WITHOUT ROWID;

-- Small bodies by their SHA-256; large ones are files of the same name. at is when somebody last put it, and keeps
-- the sweep from taking what was put but is not referred to yet.
-- Not WITHOUT ROWID: sums are random, and bodies shall be appended, not spread over the whole file.
CREATE TABLE blob (
    row  INTEGER PRIMARY KEY,
    sum  BLOB    NOT NULL UNIQUE,
    at   INTEGER NOT NULL,
    data BLOB    NOT NULL
) STRICT;

-- The standing of a pair of replicas. next is the link that the next row gets. commits counts commits; rows written
-- by commit number durable or earlier are backed by durable data.
CREATE TABLE pair (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    key      TEXT    NOT NULL UNIQUE,
    a_store  TEXT    NOT NULL DEFAULT '',
    a_epoch  TEXT    NOT NULL DEFAULT '',
    b_store  TEXT    NOT NULL DEFAULT '',
    b_epoch  TEXT    NOT NULL DEFAULT '',
    a_cursor TEXT    NOT NULL DEFAULT '',
    b_cursor TEXT    NOT NULL DEFAULT '',
    scope    TEXT    NOT NULL DEFAULT '',
    rows     INTEGER NOT NULL DEFAULT 0,
    next     INTEGER NOT NULL DEFAULT 1,
    commits  INTEGER NOT NULL DEFAULT 0,
    durable  INTEGER NOT NULL DEFAULT 0,
    boot     TEXT    NOT NULL DEFAULT '',
    last     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The rows of a base, many to a page: the rows with links page*64 to page*64+63, as page.go writes them. keys holds a
-- short hash of every id in the page and is what a look-up by id reads; it stands before data, so that reading it
-- does not touch the pages that data spills into. pending counts the rows in conflict or set aside.
CREATE TABLE base (
    pair    INTEGER NOT NULL REFERENCES pair (id),
    page    INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    keys    BLOB    NOT NULL,
    data    BLOB    NOT NULL,
    PRIMARY KEY (pair, page)
) STRICT;

-- Versions that were overwritten or deleted. No foreign keys: history outlives what it speaks of.
CREATE TABLE past (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    session    INTEGER NOT NULL,
    pair       INTEGER NOT NULL,
    collection INTEGER NOT NULL,
    place      TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    record     TEXT    NOT NULL,
    op         INTEGER NOT NULL,
    who        TEXT    NOT NULL,
    origin     TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    attrs      TEXT    NOT NULL,
    digest     BLOB,
    body       BLOB,
    parked     TEXT    NOT NULL,
    after      TEXT    NOT NULL
) STRICT;
CREATE INDEX past_by_session ON past (session) WHERE session <> 0;
CREATE INDEX past_by_record  ON past (record);
CREATE INDEX past_by_time    ON past (at);

-- The conflict inbox. link is the row of the pair's base that carries the conflict, 0 if none does.
CREATE TABLE conflict (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    pair     INTEGER NOT NULL REFERENCES pair (id),
    link     INTEGER NOT NULL,
    item     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    title    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    versions TEXT    NOT NULL, -- JSON
    fields   TEXT    NOT NULL, -- JSON
    resolved INTEGER NOT NULL,
    decision INTEGER NOT NULL,
    body     BLOB
) STRICT;
CREATE INDEX conflict_by_pair ON conflict (pair, resolved);

-- Runs and the results log. AUTOINCREMENT: "tandem undo 17" must never mean another run.
CREATE TABLE run (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    pair     INTEGER NOT NULL,
    item     TEXT    NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    result   TEXT    NOT NULL,
    detail   TEXT    NOT NULL
) STRICT;
CREATE INDEX run_by_item ON run (item, id);

CREATE TABLE event (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    session INTEGER NOT NULL,
    item    TEXT    NOT NULL,
    level   INTEGER NOT NULL,
    text    TEXT    NOT NULL,
    record  TEXT    NOT NULL,
    remedy  TEXT    NOT NULL
) STRICT;
CREATE INDEX event_by_item ON event (item, id);

CREATE TABLE partner (
    name     TEXT PRIMARY KEY,
    provider TEXT    NOT NULL,
    place    TEXT    NOT NULL, -- without secrets
    title    TEXT    NOT NULL,
    added    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A sync item. A partner or home collection cannot go while an item uses it.
CREATE TABLE item (
    name       TEXT PRIMARY KEY,
    owner      TEXT    NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection (id),
    partner    TEXT    NOT NULL REFERENCES partner (name),
    sub        TEXT    NOT NULL,
    enabled    INTEGER NOT NULL,
    mode       TEXT    NOT NULL,
    schedule   TEXT    NOT NULL,
    rules      TEXT    NOT NULL, -- JSON
    added      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
