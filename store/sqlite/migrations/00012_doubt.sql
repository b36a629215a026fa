-- Recipients of whom nobody knows whether they have a message.

-- +goose Up
PRAGMA user_version = 12;

-- JSON list; empty: nobody.
ALTER TABLE outgoing ADD COLUMN doubt TEXT NOT NULL DEFAULT '';
-- Before this version they were among those whom a message did not reach.
UPDATE outgoing SET doubt = recipients, recipients = '[]' WHERE state = 'failed' AND error = 'the server did not say whether it took the message';
