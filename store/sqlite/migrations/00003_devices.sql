-- What phones need: logins, devices and their state, records named by a number that lasts, and look-ups by number, time
-- and word.

-- +goose Up
PRAGMA user_version = 3;

ALTER TABLE user ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- A way to prove who one is; label '' is the account's own password. AUTOINCREMENT: what was verified is remembered by
-- id, so the id of a removed login must not come back as another one.
CREATE TABLE login (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    owner  TEXT    NOT NULL REFERENCES user (name),
    label  TEXT    NOT NULL,
    hash   TEXT    NOT NULL, -- PHC form
    added  INTEGER NOT NULL,
    used   INTEGER NOT NULL,
    origin TEXT    NOT NULL,
    UNIQUE (owner, label)
) STRICT;

CREATE TABLE device (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    owner          TEXT    NOT NULL REFERENCES user (name),
    id             TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    agent          TEXT    NOT NULL,
    speaks         TEXT    NOT NULL,
    info           TEXT    NOT NULL, -- JSON object of strings
    access         TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    offer          TEXT    NOT NULL,
    policy_key     INTEGER NOT NULL,
    policy_pending INTEGER NOT NULL,
    policy         TEXT    NOT NULL,
    wipe           TEXT    NOT NULL,
    wipe_account   INTEGER NOT NULL,
    added          INTEGER NOT NULL,
    seen           INTEGER NOT NULL,
    address        TEXT    NOT NULL,
    UNIQUE (owner, id)
) STRICT;

-- The documents in which a front door remembers how far a device is.
CREATE TABLE state (
    device INTEGER NOT NULL REFERENCES device (number),
    name   TEXT    NOT NULL,
    data   BLOB    NOT NULL,
    PRIMARY KEY (device, name)
) STRICT;

-- How many live records there are, kept up to date by every write, so that nobody has to count them.
ALTER TABLE collection ADD COLUMN live INTEGER NOT NULL DEFAULT 0;
UPDATE collection SET live = (SELECT count(*) FROM record WHERE record.collection = collection.id AND deleted = 0);

-- The records anew. row is the number by which front doors know a record, so it is never given out twice: AUTOINCREMENT
-- cannot be added to a table that exists, and a new one is not renamed into place, for that takes longer than all the
-- rest when the table is empty. born is when the present life began, was_born to was_gone an earlier one. wrote
-- is the sequence number under which the content came, which a move leaves alone. A record that is older than this
-- migration counts as born with its last write: nobody knew its number before.
CREATE TABLE record_old AS SELECT * FROM record;
DROP TABLE record;
CREATE TABLE record (
    row        INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collection (id),
    id         TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    deleted    INTEGER NOT NULL,
    at         INTEGER NOT NULL, -- when it was written; for tombstones, when they may be forgotten
    born       INTEGER NOT NULL,
    was_born   INTEGER NOT NULL,
    was_gone   INTEGER NOT NULL,
    wrote      INTEGER NOT NULL,
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
    keys       TEXT    NOT NULL, -- e-mail addresses and phone numbers, one per line
    -- How long it lasts, in classes of 2, 16, 128, 1024 and 8192 days. What overlaps a range of time begins, within a
    -- class, at most that much before it; without classes one long event would make every search start at the beginning.
    span       INTEGER NOT NULL GENERATED ALWAYS AS (CASE
        WHEN ends - starts <= 172800 THEN 0 WHEN ends - starts <= 1382400 THEN 1 WHEN ends - starts <= 11059200 THEN 2
        WHEN ends - starts <= 88473600 THEN 3 WHEN ends - starts <= 707788800 THEN 4 ELSE 5 END) VIRTUAL
) STRICT;
INSERT INTO record (row, collection, id, seq, deleted, at, born, was_born, was_gone, wrote, digest, body, size, attrs, modified, title, uid,
        starts, ends, name, keys)
    SELECT row, collection, id, seq, deleted, at, seq, 0, 0, seq, digest, body, size, attrs, modified, title, uid, starts, ends, name, keys FROM record_old;
DROP TABLE record_old;
-- Every record is found by its id, and "what changed since" is a range of seq.
CREATE UNIQUE INDEX record_by_id  ON record (collection, id);
CREATE UNIQUE INDEX record_by_seq ON record (collection, seq);
-- Partial, so that kinds without the field pay nothing.
CREATE INDEX record_by_uid  ON record (collection, uid) WHERE uid <> '';
CREATE INDEX record_by_time ON record (collection, span, starts) WHERE starts <> 0 OR ends <> 0;
CREATE INDEX record_by_end  ON record (collection, ends) WHERE starts <> 0 OR ends <> 0;

-- The words of the names and keys of live records, as words.go cuts them.
CREATE TABLE word (
    collection INTEGER NOT NULL REFERENCES collection (id),
    word       TEXT    NOT NULL,
    record     INTEGER NOT NULL,
    PRIMARY KEY (collection, word, record)
) STRICT, WITHOUT ROWID;

-- What a migration could not do in SQL and has still to be done when the store is next opened.
CREATE TABLE unfinished (
    task TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO unfinished (task) SELECT 'words' WHERE EXISTS (SELECT 1 FROM record WHERE name <> '' OR keys <> '');

-- Which entry of history holds a version of a record of a home collection: the one that came under sequence number wrote
-- and went under until.
CREATE TABLE version (
    number INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    wrote  INTEGER NOT NULL,
    past   INTEGER NOT NULL,
    PRIMARY KEY (number, until)
) STRICT, WITHOUT ROWID;
