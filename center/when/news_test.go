package when

import (
	"testing"
	"time"
)

// TestM112NewsOfPhones: when a phone is told of news, by peak and off-peak hours, quiet hours and times.
func TestM112NewsOfPhones(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		got, err := time.ParseInLocation("Mon 2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	const office = "peak mon-fri 08:00-18:00 on change; off-peak every 2h"
	for _, c := range []struct{ plan, now, want string }{
		{"", "Mon 2026-11-23 03:10", "Mon 2026-11-23 03:10"},
		{office, "Mon 2026-11-23 09:10", "Mon 2026-11-23 09:10"},
		{office, "Mon 2026-11-23 19:10", "Mon 2026-11-23 20:00"},
		{office, "Mon 2026-11-23 07:10", "Mon 2026-11-23 08:00"},
		{office, "Sat 2026-11-28 11:00", "Sat 2026-11-28 12:00"},
		{"peak mon-fri 08:00-18:00 every 15m; off-peak manual", "Mon 2026-11-23 09:10", "Mon 2026-11-23 09:15"},
		{"peak mon-fri 08:00-18:00 every 15m; off-peak manual", "Fri 2026-11-27 18:10", "Mon 2026-11-30 08:00"},
		{"peak mon-fri 08:00-18:00 on change; off-peak manual", "Fri 2026-11-27 18:10", "Mon 2026-11-30 08:00"},
		{"quiet 22:00-07:00", "Mon 2026-11-23 23:10", "Tue 2026-11-24 07:00"},
		{"quiet 22:00-07:00", "Mon 2026-11-23 12:10", "Mon 2026-11-23 12:10"},
		{office + "; quiet 21:00-06:30", "Mon 2026-11-23 21:10", "Tue 2026-11-24 08:00"},
		{"at 08:00, 17:00 on mon-fri", "Mon 2026-11-23 09:10", "Mon 2026-11-23 17:00"},
		{"at 08:00; quiet 07:00-09:00", "Mon 2026-11-23 09:10", ""},
		{"manual", "Mon 2026-11-23 09:10", ""},
	} {
		p, err := ParseNews(c.plan)
		if err != nil {
			t.Errorf("%s: %v", c.plan, err)
			continue
		}
		got := p.News(at(c.now), zone)
		if c.want == "" && !got.IsZero() || c.want != "" && !got.Equal(at(c.want)) {
			t.Errorf("%s at %s: %s, want %s", c.plan, c.now, got, c.want)
		}
	}
	for _, text := range []string{"on connection", "on log-on", "ask first", "not metered", "connect VPN", "no catch-up", "nonsense", "not on battery below 20%"} {
		if _, err := ParseNews(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
