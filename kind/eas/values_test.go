package eas_test

import (
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
)

// MS-ASDTYPE_R15, MS-ASDTYPE_R12213: times are written in one form each and read in either.
func TestTimes(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 5, 0, time.UTC)
	if got := eas.FormatTime(at); got != "2026-03-01T12:30:05.000Z" {
		t.Errorf("dateTime %q", got)
	}
	if got := eas.FormatCompact(at.In(time.FixedZone("", 3600))); got != "20260301T123005Z" {
		t.Errorf("compact %q", got)
	}
	for _, s := range []string{"2026-03-01T12:30:05.000Z", "20260301T123005Z", "2026-03-01T12:30:05Z", "2026-03-01T12:30:05", " 20260301t123005z ",
		"2026-03-01T13:30:05+01:00", "20260301T113005-0100", "2026-03-01T12:30:05.123Z"} {
		if got, err := eas.ParseTime(s); err != nil || !got.Equal(at) {
			t.Errorf("%q is %v, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{"2026-03-01": "20260301T000000Z", "20260301T1230Z": "20260301T123000Z", "20260301": "20260301T000000Z"} {
		if got, err := eas.ParseTime(s); err != nil || eas.FormatCompact(got) != want {
			t.Errorf("%q is %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "T", "tomorrow", "2026-13-01T00:00:00Z", "20260230T000000Z", "20260301T250000Z", "20260301T12Z", "2026-03-01T12:30:05+",
		"20260301T1230051Z", "-", "----T::::", "20260301T120000+9999"} {
		if got, err := eas.ParseTime(s); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q is %v, %v", s, got, err)
		}
	}
	if got := eas.FormatTime(time.Unix(1<<60, 0)); got != "" {
		t.Errorf("a far time is %q", got)
	}
}

// MS-ASDTYPE_R5, MS-ASDTYPE_R6
func TestBooleans(t *testing.T) {
	for s, want := range map[string]bool{"": true, "1": true, "0": false, " 0 ": false, "TRUE": true, "false": false} {
		if got, err := eas.ParseBool(s); err != nil || got != want {
			t.Errorf("%q is %v, %v", s, got, err)
		}
	}
	if _, err := eas.ParseBool("2"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("2 gives %v", err)
	}
}

// MS-ASDTYPE_R123
func TestNumbers(t *testing.T) {
	if n, err := eas.ParseInt(" 255", 0, 255); n != 255 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, s := range []string{"256", "-1", "", "x", "1.5", "99999999999999999999"} {
		if _, err := eas.ParseInt(s, 0, 255); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q gives %v", s, err)
		}
	}
}

func TestClean(t *testing.T) {
	for s, want := range map[string]string{"plain": "plain", "a\x00b\x1bc": "abc", "a\tb\nc": "a\tb\nc", "\xff": "\uFFFD", "\uFFFEx": "x", "\uFFFD": "\uFFFD"} {
		if got := eas.Clean(s); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("2026-03-01T12:30:05.000Z")
	f.Add("20260301T123005+0100")
	f.Fuzz(func(t *testing.T, s string) {
		at, err := eas.ParseTime(s)
		if err != nil {
			return
		}
		if out := eas.FormatTime(at); out != "" {
			if again, err := eas.ParseTime(out); err != nil || !again.Equal(at) {
				t.Fatalf("%q is written as %q, which is %v, %v", s, out, again, err)
			}
		}
	})
}

func TestVersions(t *testing.T) {
	for _, s := range []string{"12.1", "14.0", "14.1", "16.0", "16.1"} {
		if v, ok := eas.ParseVersion(s); !ok || v.String() != s {
			t.Errorf("%s is %s, %v", s, v, ok)
		}
	}
	for _, s := range []string{"", "2.5", "12.0", "14", "16.10"} {
		if v, ok := eas.ParseVersion(s); ok {
			t.Errorf("%q is %s", s, v)
		}
	}
}
