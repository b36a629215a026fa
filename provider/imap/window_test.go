package imap

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
	"tandem/test/mailkit"
)

// TestWindow: which days of which folder are in sight.
func TestWindow(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		path, days, also string
		in, out          string // days
	}{
		{"INBOX", "", "", "1999-01-01 2026-11-20", ""},
		{"INBOX", "10", "", "2026-11-10", "2026-11-09 2019-01-01"},
		{"INBOX", "10", "2020-03-01..2020-04-30", "2020-03-01 2020-04-30 2026-11-10", "2020-02-29 2020-05-01 2026-11-09"},
		{"INBOX", "10", " 2020-03-01 , ..1999-12-31,", "2020-03-01 1999-12-31 1985-01-01", "2020-03-02 2000-01-01"},
		{"INBOX", "10", "2026-01-01..", "2026-01-01 2026-11-20", "2025-12-31"},
		{"INBOX", "10", "30", "2026-10-21", "2026-10-20"},
		{"INBOX", "30", "10", "2026-10-21", "2026-10-20"},
		{"INBOX", "10", "all", "1999-01-01", ""},
		{"Work", "10", "Work:all", "1999-01-01", ""},
		{"INBOX", "10", "Work:all,inbox:20,Work:2020-01-01", "2026-10-31", "2026-10-30 2020-01-01"},
		{"", "10", "INBOX:all", "1999-01-01", ""},
		{"Work/2026", "10", "Work/2026:365,Work:all", "2025-11-20", "2025-11-19"},
		{"INBOX/Work", "10", "Work:all", "1999-01-01", ""},
		{"a,b: c", "10", "a%2Cb: c:all", "1999-01-01", ""},
	} {
		s := &spot{place: provider.Place{Options: map[string]string{"days": c.days, "also": c.also}}}
		if c.path != "" {
			s.path = strings.Split(c.path, "/")
		}
		w, err := s.windowOf(s.path)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		for text, want := range map[string]bool{c.in: true, c.out: false} {
			for _, d := range strings.Fields(text) {
				at, err := time.Parse(time.DateOnly, d)
				must(t, err)
				n := at.Unix() / day
				if first := w.first(now); (first == 0 || n >= first || w.beside(n)) != want {
					t.Errorf("%q days=%s also=%q: %s in sight: %t", c.path, c.days, c.also, d, !want)
				}
			}
		}
	}
	for _, bad := range []string{"x", "..", "2020-13-01", "2020-02-01..2020-01-01", "0", "-5", "Work:", "%zz:all", "2020-01-01...2020-01-02", "99999999999"} {
		s := &spot{place: provider.Place{Options: map[string]string{"also": bad}}}
		if _, err := s.windowOf(nil); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestAlso: what somebody asked for beside the last days is listed, as the rest is.
func TestAlso(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	c := raw(t, s.IMAP, "anna")
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for n, age := range []int{1, 9, 11, 400} {
		body := letterOf(n, 1, 0)
		cmd := c.Append("INBOX", int64(len(body)), &imap.AppendOptions{Time: now.AddDate(0, 0, -age)})
		_, err := cmd.Write(body)
		must(t, err)
		must(t, cmd.Close())
		_, err = cmd.Wait()
		must(t, err)
	}
	for options, want := range map[string]string{
		"?days=10": "1 present 2 present 3 out of scope 4 out of scope",
		"?days=10&also=" + now.AddDate(0, 0, -400).Format(time.DateOnly): "1 present 2 present 3 out of scope 4 present",
		"?days=10&also=INBOX:12,Work:all":                                "1 present 2 present 3 present 4 out of scope",
	} {
		r := open(t, "imap://anna@"+s.IMAP+"/INBOX"+options)
		r.Replica.(*replica).now = func() time.Time { return now }
		got, _ := lines(t, r, "")
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", options, got)
		}
	}
	if _, err := tryOpen(t.Context(), registry(), "imap://anna@"+s.IMAP+"/INBOX?also=soon"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a span that is none: %v", err)
	}
}
