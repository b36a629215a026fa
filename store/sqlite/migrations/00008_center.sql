-- What the Sync Center shows: when a device was last told of a folder, what an event is called and where it leads.

-- +goose Up
PRAGMA user_version = 8;

-- When the document was last written, 0: before this was known.
ALTER TABLE state ADD COLUMN at INTEGER NOT NULL DEFAULT 0;

-- code: the kind of error, as a word, '' for none. link, link_text: where to go from here, and what to call that.
ALTER TABLE event ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN link TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN link_text TEXT NOT NULL DEFAULT '';
-- Warnings and errors are few among many lines, and looked for.
CREATE INDEX event_by_trouble ON event (id) WHERE level > 0;
