package webcal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"tandem"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// feed is a calendar as it was read.
type feed struct {
	records map[tandem.Kind][]record
	next    cursor
}

// record is one record of a feed.
type record struct {
	tandem.Change
	body []byte
}

// components are the sorts of records that a calendar may hold, by kind.
var components = map[string]tandem.Kind{"VEVENT": tandem.Event, "VTODO": tandem.Task}

// cut makes records of a feed. A record that cannot be understood is a problem of its own.
func (r *replica) cut(data []byte) (*feed, error) {
	entries, err := ical.Split(data)
	if err != nil {
		return nil, err
	}
	f := &feed{records: map[tandem.Kind][]record{}}
	seen := map[string]bool{}
	for _, e := range entries {
		kind, ok := components[e.Component]
		if !ok {
			continue
		}
		body, err := plain(e.Body)
		if err != nil {
			return nil, err
		}
		rec := record{body: body}
		rec.ID, rec.UID, rec.Size, rec.Presence = idOf(e.UID, body), e.UID, int64(len(body)), tandem.Present
		if key := string(kind) + " " + string(rec.ID); seen[key] {
			continue // word for word the same, without a UID
		} else {
			seen[key] = true
		}
		r.inspect(kind, &rec)
		f.records[kind] = append(f.records[kind], rec)
	}
	return f, nil
}

// idOf names a record: by its UID, or by what it says where it has none.
func idOf(uid string, body []byte) tandem.ID {
	if uid != "" {
		return tandem.ID(uid)
	}
	sum := sha256.Sum256(body)
	return tandem.ID("without-uid-" + hex.EncodeToString(sum[:12]))
}

// inspect fills in what the kind knows of a record.
func (r *replica) inspect(kind tandem.Kind, rec *record) {
	sum := sha256.Sum256(rec.body)
	rec.Version = tandem.Version(hex.EncodeToString(sum[:16]))
	if r.handlers == nil {
		return
	}
	h, ok := r.handlers(kind)
	if !ok {
		return
	}
	info, err := h.Inspect(rec.body)
	if err != nil {
		rec.Change = tandem.Change{ID: rec.ID, Presence: tandem.Problem, Err: fmt.Errorf("a record of the published calendar cannot be read: %w", err)}
		return
	}
	rec.Digest, rec.Modified = info.Digest, info.Modified
	rec.Version = tandem.Version("d" + hex.EncodeToString(info.Digest[:16]))
}

// kind is what a feed holds: events in doubt.
func (f *feed) kind() tandem.Kind {
	if len(f.records[tandem.Event]) == 0 && len(f.records[tandem.Task]) > 0 {
		return tandem.Task
	}
	return tandem.Event
}

// plain leaves out of a calendar what is about the publication and not about the record in it.
func plain(body []byte) ([]byte, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, err
	}
	found := false
	for cal := range doc.Components() {
		if !cal.Is("VCALENDAR") {
			return nil, errors.New("there is something beside the calendar")
		}
		kept := cal.Items[:0:0]
		for _, it := range cal.Items {
			if it.Line != nil && publishes(it.Line) {
				found = true
				continue
			}
			kept = append(kept, it)
		}
		cal.Items = kept
	}
	if !found {
		return body, nil
	}
	return doc.Bytes(), nil
}

// publishes reports whether a property of a calendar is about its publication.
func publishes(l *contentline.Line) bool {
	return strings.EqualFold(l.Name(), "METHOD") || ical.DescribesCalendar(l)
}
