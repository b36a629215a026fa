package ui

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		-1: "?", 0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB",
		1<<20 - 1: "1.0 MiB", 1 << 20: "1.0 MiB", 5 << 30: "5.0 GiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{{0, "record", "0 records"}, {1, "record", "1 record"}, {1234567, "entry", "1,234,567 entries"}, {999, "box", "999 boxes"}, {-1000, "record", "-1,000 records"}} {
		if got := Count(c.n, c.noun); got != c.want {
			t.Errorf("Count(%d, %s) = %q, want %q", c.n, c.noun, got, c.want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for s, want := range map[float64]string{-1: "?", 0.04: "0.0 s", 9.94: "9.9 s", 9.96: "10 s", 59.4: "59 s", 59.6: "1 min 0 s", 3725: "1 h 2 min", 90000: "1 d 1 h"} {
		if got := Seconds(s); got != want {
			t.Errorf("Seconds(%v) = %q, want %q", s, got, want)
		}
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{0: "15:00:00", -time.Hour: "14:00:00", -24 * time.Hour: "2026-03-03 15:00"} {
		if got := When(now.Add(d).Unix(), now); got != want {
			t.Errorf("When(%v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "just now", -30 * time.Second: "30 s ago", -3 * time.Hour: "3 h ago", 5 * time.Minute: "in 5 min", -72 * time.Hour: "3 d ago"} {
		if got := Ago(now.Add(d).Unix(), now); got != want {
			t.Errorf("Ago(%v) = %q, want %q", d, got, want)
		}
	}
	if When(0, now) != "never" || Ago(0, now) != "never" {
		t.Error("0 is not never")
	}
}

func TestCleanKeepsTerminalSafe(t *testing.T) {
	got := Clean("a\x1b[2Jb\nc\u202ed\u009be ü 漢")
	if got != "a [2Jb c d e ü 漢" {
		t.Errorf("Clean = %q", got)
	}
}

func TestTable(t *testing.T) {
	tb := NewTable("NAME", "NOTE", "WHEN")
	tb.Add("漢字", "", "now")
	tb.Add("b\tc", "", "later")
	var b bytes.Buffer
	if err := tb.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := "NAME  WHEN\n漢字  now\nb c   later\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSONLine(&b, map[string]any{"a": List[int](nil), "b": "<&>"}); err != nil {
		t.Fatal(err)
	}
	if b.String() != `{"a":[],"b":"<&>"}`+"\n" {
		t.Errorf("got %s", b.String())
	}
	b.Reset()
	if err := JSON(&b, []int{1}); err != nil || b.String() != "[\n  1\n]\n" {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

func TestFigures(t *testing.T) {
	s := State{Done: 120, Total: 4000, Bytes: 1 << 20, Bound: 40 << 20, Left: 12}
	if got := s.Figures(); got != "120 of 4,000, 1.0 MiB of 40.0 MiB, 12 s left" {
		t.Errorf("got %q", got)
	}
	if got := (State{Seen: 1}).Figures(); got != "1 record" {
		t.Errorf("got %q", got)
	}
}

// Bars of quick runs never appear; those of slow runs do, and Close leaves the screen to the caller.
func TestBars(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := NewBars(&out)
	p.now = func() time.Time { return now }
	p.Show(State{Name: "a", Step: "looking", Seen: 3})
	p.End("a")
	p.Close()
	if out.Len() != 0 {
		t.Errorf("a quick run painted %q", out.String())
	}
	p.Show(State{Name: "b", Step: "writing", Done: 1, Total: 10, Left: -1})
	now = now.Add(time.Second)
	p.Show(State{Name: "b", Step: "writing", Done: 10, Total: 10, Left: -1, Thing: "x"})
	p.Close()
	if strings.Contains(out.String(), "\x00") {
		t.Errorf("painted %q", out.String())
	}
	p.Close()
	if Terminal(&out) {
		t.Error("a buffer is no terminal")
	}
}
