package calendar

import (
	"tandem/kind"
	"tandem/kind/propmerge"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Fields does the work of kind.Fielder. What replaces single occurrences says of which.
func (h Handler) Fields(body []byte) ([]kind.Field, error) {
	r, err := h.open(body)
	if err != nil {
		return nil, err
	}
	var elems []propmerge.Elem
	for _, key := range r.keys {
		for _, e := range r.elems(key, true) {
			switch e.Field {
			case "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "RECURRENCE-ID":
			default:
				elems = append(elems, whole(e))
			}
		}
	}
	return propmerge.Fields(elems), nil
}

// whole gives back a text that a merge shortens for its clashes.
func whole(e propmerge.Elem) propmerge.Elem {
	if (e.Field == "DESCRIPTION" || e.Field == "COMMENT") && len(e.Items) == 1 && e.Items[0].Line != nil {
		e.Text = ical.Text(e.Items[0].Line)
	}
	return e
}

// WithTitle does the work of kind.Titler: it changes the summary of the record and of what replaces single occurrences.
func (h Handler) WithTitle(body []byte, title string) ([]byte, error) {
	r, err := h.open(body)
	if err != nil {
		return nil, err
	}
	for _, key := range r.keys {
		if c := r.parts[key]; key == "" || len(r.keys) == 1 || c.Get("SUMMARY") != nil {
			c.Set("SUMMARY", contentline.EscapeText(title))
		}
	}
	return r.doc.Bytes(), nil
}
