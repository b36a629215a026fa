-- What front doors keep for a user, such as the time zone and the answer while away, in the form of attributes.

-- +goose Up
PRAGMA user_version = 4;

ALTER TABLE user ADD COLUMN props TEXT NOT NULL DEFAULT '';
