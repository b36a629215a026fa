package shape

import (
	"tandem/center"
	"tandem/kind"
)

// Record is a record of a home collection as it is listed.
type Record struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Changed int64  `json:"changed,omitempty"`
	Size    int64  `json:"size" doc:"of its body in bytes"`
}

// OfRecord is a record as it is listed.
func OfRecord(r center.RecordLine) Record {
	return Record{ID: string(r.ID), Title: r.Title, Changed: r.Changed, Size: r.Size}
}

// RecordShown is a record in the words of its kind.
type RecordShown struct {
	Record
	Kind   string        `json:"kind"`
	Fields []RecordField `json:"fields" doc:"what it says, as people read it"`
	Body   []byte        `json:"body,omitempty" doc:"its body in base64, where it was asked for"`
}

// RecordField is one thing that a record says.
type RecordField struct {
	Label string `json:"label"`
	Text  string `json:"text" doc:"of several values a line each"`
}

// OfRecordShown is a record in the words of its kind.
func OfRecordShown(r center.RecordShown) RecordShown {
	return RecordShown{Record: OfRecord(r.RecordLine), Kind: string(r.Kind), Body: r.Body, Fields: List(r.Fields, func(f kind.Field) RecordField { return RecordField{f.Label, f.Text} })}
}
