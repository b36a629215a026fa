-- What became of a message for each of its recipients, so that one that some have and others do not is not taken for sent.

-- +goose Up
PRAGMA user_version = 13;

-- JSON list of those who do not get it; empty: nobody.
ALTER TABLE outgoing ADD COLUMN refused TEXT NOT NULL DEFAULT '';
-- How many have it. Of messages before this version nobody knows.
ALTER TABLE outgoing ADD COLUMN reached INTEGER NOT NULL DEFAULT 0;
