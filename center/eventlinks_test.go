package center

import (
	"fmt"
	"strings"
	"testing"

	"tandem/store"
)

// TestSC44EveryEventLinks: a line of the log leads to what it is about, whatever wrote it, and an error to its help.
func TestSC44EveryEventLinks(t *testing.T) {
	for _, tc := range []struct {
		e    store.Event
		want string
	}{
		{store.Event{}, ""},
		{store.Event{Item: "papers", Session: 12}, "item papers; run s12"},
		{store.Event{Item: "papers", Link: "question/papers", LinkText: "answer it"}, "question papers; item papers"},
		{store.Event{Item: "papers", Link: "conflicts/papers", Record: "a/b", Session: 3}, "conflicts papers; item papers; run s3; record a/b"},
		{store.Event{Item: "papers", Link: "item/papers"}, "item papers"},
		{store.Event{Item: "papers", Link: "conflict/7", Code: "denied"}, "conflict 7; item papers; code denied"},
		{store.Event{Item: "device PHONE1", Code: "invalid"}, "device PHONE1; code invalid"},
		{store.Event{Item: "files:/a files:/b", Code: "full"}, "code full"},
		{store.Event{Item: "web:anna"}, ""},
		{store.Event{Item: "mailer", Link: "https://example.org/help", LinkText: "more"}, "address https://example.org/help; item mailer"},
		{store.Event{Item: "mailer", Link: "javascript:alert(1)"}, "item mailer"},
		{store.Event{Item: "mailer", Link: "unheard-of/x"}, "item mailer"},
	} {
		var got []string
		for _, l := range LinksOf(tc.e) {
			if l.Text == "" {
				t.Errorf("%+v has no text", l)
			}
			got = append(got, fmt.Sprint(l.Sort, " ", l.Name))
		}
		if text := strings.Join(got, "; "); text != tc.want {
			t.Errorf("%+v leads to %q, want %q", tc.e, text, tc.want)
		}
	}
}
