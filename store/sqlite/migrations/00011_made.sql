-- When records and collections were made.

-- +goose Up
PRAGMA user_version = 11;

-- Unix seconds; 0: before this version, which did not write it down.
ALTER TABLE record     ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collection ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
