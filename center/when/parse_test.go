package when

import (
	"strings"
	"testing"
	_ "time/tzdata"

	"tandem"
)

// TestSC06WrittenForms: times, weekdays, intervals and several schedules at once are read, and written in one way.
func TestSC06WrittenForms(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"30 2 * * *":                     "cron 30 2 * * *", // as older versions kept it
		"@hourly":                        "cron @hourly",
		"TZ=Europe/Berlin 30 2 * * 1":    "cron TZ=Europe/Berlin 30 2 * * 1",
		"cron 0,30 8-18 * * mon-fri":     "cron 0,30 8-18 * * mon-fri",
		"at 2:30":                        "at 02:30",
		"At 14:00, 02:30 on Weekdays":    "at 02:30, 14:00 on mon-fri",
		"at 9:00 on sat, sunday":         "at 09:00 on sat, sun",
		"at 9:00 on fri-mon":             "at 09:00 on mon, fri-sun",
		"every 15m":                      "every 15m",
		"every 90 minutes":               "every 1h30m",
		"every 2 hours":                  "every 2h",
		"every day":                      "every 24h",
		"every hour on mon-fri":          "every 1h on mon-fri",
		"every 5m on mon-fri 8:00-18:00": "every 5m on mon-fri 08:00-18:00",
		"every 5m between 8:00 and 18:00 on weekdays": "every 5m on mon-fri 08:00-18:00",
		"continuous; quiet 22:00-07:00":               "continuous; quiet 22:00-07:00",
		"on change;quiet 0:00-0:30":                   "continuous; quiet 00:00-00:30",
		"on connection":                               "on connection",
		"manual":                                      "manual",
		"at 8:00; at 12:00 on sat; every 4h; spread 0; no catch-up":           "at 08:00; at 12:00 on sat; every 4h; spread 0; no catch-up",
		"peak mon-fri 8:00-18:00 every 5m; off-peak every 2h":                 "peak mon-fri 08:00-18:00 every 5m; off-peak every 2h",
		"peak 8:00-18:00 on change; off-peak manual":                          "peak 08:00-18:00 on change; off-peak manual",
		"on log-on, resume ask first":                                         "on log-on, resume ask first",
		"ask first":                                                           "ask before every run",
		"Ask before every run; on resume":                                     "on resume; ask before every run",
		"on resume ask first; ask before every run":                           "on resume; ask before every run",
		"on suspend; ask first":                                               "on suspend ask first",
		"before suspend, network-down":                                        "on suspend, network-down",
		"not on battery below 20%; not metered; not slow":                     "not on battery below 20%; not metered; not slow",
		"not on battery":                                                      "only on power",
		"not slow above 35ms":                                                 "not slow above 35ms",
		"not slow below 64KBit":                                               "not slow below 64kbit/s",
		"not slow above 80ms below 1.5Mbit/s":                                 "not slow above 80ms below 1.5Mbit/s",
		"only on network Home Sweet  Home, Office; only while idle":           "only on network Home Sweet  Home, Office; only while idle",
		"at 8:00; zone Australia/Lord_Howe; spread 10m":                       "at 08:00; zone Australia/Lord_Howe; spread 10m",
		"At 8:00; Connect  Office VPN, Paris":                                 "at 08:00; connect Office VPN, Paris",
		"at 8:00\nquiet sat-sun":                                              "at 08:00; quiet sat, sun",
		"not on  battery below 20 %":                                          "not on battery below 20%",
		"scheduled; on start, idle, lock, unlock, network-up, power, log-off": "scheduled; on start, idle, lock, unlock, network-up, power, log-off",
	} {
		p, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := p.String(); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("%q is written %q, which reads as %q, %v", text, p.String(), again.String(), err)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, why := range map[string]string{
		"sometimes":                 `"sometimes" is not understood`,
		"at":                        "a time of day is missing",
		"at 25:00":                  `"25:00" is not a time of day`,
		"at 24:00":                  `"24:00" is not a time of day`,
		"at 8:5":                    `"8:5" is not a time of day`,
		"at 8:00 on someday":        "days such as mon-fri are missing",
		"at 8:00 on mon then":       `"then" is not understood`,
		"every":                     "a time such as 15m is missing",
		"every 10s":                 "is not between a minute and a week",
		"every 9d":                  "is not between a minute and a week",
		"every soon":                `"soon" is not a time`,
		"every 5m on mon-fri 18:00": `"18:00" is not understood`,
		"every 5m 8:00-8:00":        "are not hours",
		"quiet":                     "hours such as 22:00-07:00 are missing",
		"quiet 22:00-07:00 please":  `"please" is not understood`,
		"off-peak every 2h":         "off-peak needs a peak",
		"peak 8:00-9:00 every 5m; peak 9:00-10:00 every 5m": "peak is said twice",
		"continuous; manual":             "the mode is said twice",
		"on doomsday":                    `"doomsday" is no event`,
		"on":                             "an event is missing",
		"ask before":                     "\"ask before\"",
		"not on battery below 200%":      "is not a number from 0 to 100",
		"not slow above fast":            "is not a time such as 80ms",
		"not slow below 64":              "is not a throughput such as 500kbit/s",
		"not slow below -1kbit":          "is not a throughput such as 500kbit/s",
		"not slow below nankbit":         "is not a throughput such as 500kbit/s",
		"only on network":                "is not understood",
		"only on network ,":              "is not understood",
		"only,on,network x":              "is not understood",
		"only on weekdays":               "is not understood",
		"zone Nowhere/Land":              "is not a time zone",
		"zone,UTC":                       `"zone" is not understood`,
		"spread 2d":                      "is not a time such as 10m",
		"* * * *":                        "expected exactly 5 fields",
		"@every 5m":                      "@every is not supported",
		"61 * * * *":                     "above maximum",
		"0 0 30 2 *":                     "never comes due",
		"TZ=Nowhere/Land 0 0 * * *":      "Nowhere/Land",
		strings.Repeat("at 08:00;", 300): "longer than 2000",
	} {
		_, err := Parse(text)
		if err == nil || !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"at 2:30, 14:00 on mon-fri; every 15m between 8:00 and 18:00; quiet 22:00-7:00", "peak mon-fri 8:00-18:00 every 5m; off-peak manual",
		"only on network a b,c; not slow above 1ms", "cron 30 2 * * *", "on log-on ask first; zone UTC; spread 3m", "only,on,network x", "zone,UTC"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("%q is written %q, which reads as %q, %v", text, p.String(), again.String(), err)
		}
	})
}
