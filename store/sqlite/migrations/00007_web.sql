-- What the web page needs: browsers that are logged in, and whose partners and log lines are whose.

-- +goose Up
PRAGMA user_version = 7;

-- A browser that is logged in. AUTOINCREMENT: who ends visit 7 must never end another one.
CREATE TABLE visit (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT    NOT NULL REFERENCES user (name),
    token BLOB    NOT NULL UNIQUE, -- SHA-256 of what the browser shows
    proof BLOB    NOT NULL,        -- stands for the password it logged in with
    agent TEXT    NOT NULL,
    origin TEXT   NOT NULL,
    added INTEGER NOT NULL,
    used  INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX visit_by_owner ON visit (owner);

-- '': the hub's own. A partner that only one user's items use is that user's.
ALTER TABLE partner ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE partner SET owner = (SELECT min(item.owner) FROM item WHERE item.partner = partner.name)
    WHERE (SELECT count(DISTINCT item.owner) FROM item WHERE item.partner = partner.name) = 1;

-- '': it concerns the hub as a whole, or nobody can tell any longer.
ALTER TABLE event ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE event SET owner = ifnull((SELECT item.owner FROM item WHERE item.name = event.item AND event.at >= item.added), '') WHERE item <> '';
