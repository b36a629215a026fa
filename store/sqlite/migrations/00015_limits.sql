-- What app passwords are for.

-- +goose Up
PRAGMA user_version = 15;

-- The doors that it opens, such as "calendars,files"; empty: all.
ALTER TABLE login ADD COLUMN only_for TEXT NOT NULL DEFAULT '';
-- 1: it changes nothing.
ALTER TABLE login ADD COLUMN reads INTEGER NOT NULL DEFAULT 0;
