-- What people call a partner, which can be changed at any time: its name is part of what the bases of its items are known by.

-- +goose Up
PRAGMA user_version = 14;

ALTER TABLE partner ADD COLUMN called TEXT NOT NULL DEFAULT '';
