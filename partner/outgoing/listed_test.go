package outgoing_test

import (
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/partner/outgoing"
)

// TestListed: a message is listed with what people know it by, also once it was sent; one that says nothing of itself, or without end, is listed, too.
func TestListed(t *testing.T) {
	o := open(t)
	for key, text := range map[string]string{"a": "To: Zoe <zoe@else.test>\r\nCc: yan@else.test\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n" + strings.Repeat("x\r\n", 1000), "b": "", "c": "Subject: " + strings.Repeat("y", 200<<10)} {
		if _, err := o.out.Send(t.Context(), o.anna, outgoing.Message{Key: key, To: []string{"zoe@else.test"}, Body: tandem.Bytes(text)}); err != nil {
			t.Fatal(err)
		}
	}
	o.run(0)
	list, err := o.out.Listed(t.Context(), "anna", 10)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, m := range list {
		switch {
		case m.Key == "a" && (m.Subject != "Grüße" || !slices.Equal(m.For, []string{"Zoe", "yan@else.test"})), m.Key == "b" && (m.Subject != "" || m.For != nil), m.Key == "c" && (!strings.HasPrefix(m.Subject, "yyy") || len(m.Subject) > 2000):
			t.Errorf("%s: %q for %q", m.Key, m.Subject, m.For)
		}
	}
	if list, err := o.out.Listed(t.Context(), "anna", 0); err != nil || len(list) != 3 || list[0].Subject+list[1].Subject+list[2].Subject != "" {
		t.Errorf("for programs: %+v, %v", list, err)
	}
}
