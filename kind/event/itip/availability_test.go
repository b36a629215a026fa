package itip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem"
)

// TestUnavailable: what is outside of the usual hours. RFC 7953 3
func TestUnavailable(t *testing.T) {
	office := "BEGIN:AVAILABLE\nUID:a1\nDTSTART:20260302T090000\nDTEND:20260302T170000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nEND:AVAILABLE\n"
	av := func(lines string) string { return "BEGIN:VAVAILABILITY\nUID:v\n" + lines + "END:VAVAILABILITY\n" }
	monday := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC).Unix() // the window: Monday and Tuesday
	for name, c := range map[string]struct {
		text, want string // hours since the window began
	}{
		"nothing said":     {"", ""},
		"office hours":     {av(office), "0-8:3 16-32:3 40-48:3"},
		"never":            {av(""), "0-48:3"},
		"tentatively":      {av("BUSYTYPE:BUSY-TENTATIVE\n" + office), "0-8:1 16-32:1 40-48:1"},
		"from Tuesday":     {av("DTSTART:20260310T000000Z\nBUSYTYPE:BUSY\n"), "24-48:2"},
		"until Tuesday":    {av("DTEND:20260310T000000Z\n"), "0-24:3"},
		"for a day":        {av("DTSTART:20260309T060000Z\nDURATION:PT6H\n"), "6-12:3"},
		"over already":     {av("DTSTART:20260201T060000Z\nDTEND:20260202T060000Z\n"), ""},
		"a day off":        {av(strings.Replace(office, "END:AVAILABLE", "EXDATE:20260310T090000\nEND:AVAILABLE", 1)), "0-8:3 16-48:3"},
		"a day otherwise":  {av(office + "BEGIN:AVAILABLE\nUID:a1\nRECURRENCE-ID:20260310T090000\nDTSTART:20260310T110000\nDTEND:20260310T120000\nEND:AVAILABLE\n"), "0-8:3 16-34:3 35-48:3"},
		"a higher word":    {av(office) + av("PRIORITY:1\nDTSTART:20260309T100000Z\nDTEND:20260309T140000Z\nBUSYTYPE:BUSY\n"), "0-8:3 10-14:2 16-32:3 40-48:3"},
		"a higher leave":   {av("PRIORITY:9\n") + av("PRIORITY:2\nDTSTART:20260309T000000Z\nDTEND:20260309T120000Z\n"+strings.Replace(office, "a1", "a2", 1)), "0-8:3 12-48:3"},
		"two without UID":  {av(strings.ReplaceAll(office, "UID:a1\n", "") + "BEGIN:AVAILABLE\nDTSTART:20260309T180000\nDTEND:20260309T200000\nEND:AVAILABLE\n"), "0-8:3 16-17:3 19-32:3 40-48:3"},
		"another's events": {vevent(at10), ""},
	} {
		got, err := desk("ben", 0).Unavailable(body(c.text), monday, monday+48*3600, time.FixedZone("east", 3600))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, s := range got {
			out = append(out, fmt.Sprintf("%d-%d:%d", (s.Start-monday)/3600, (s.End-monday)/3600, s.Status))
		}
		if strings.Join(out, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, out, c.want)
		}
	}
	if _, err := desk("ben", 0).Unavailable([]byte("no"), 0, 1, time.UTC); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("%v", err)
	}
}
