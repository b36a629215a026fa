package trace

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem"
)

// clock is a time that the test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func book() (*Book, *clock) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	return New(c.now), c
}

// TestEndsByItself checks that a trace is on for the time it was asked for, can be looked at for a day after, and is gone then.
func TestEndsByItself(t *testing.T) {
	b, c := book()
	if b.On("anna", "PHONE") {
		t.Error("traced before anybody asked")
	}
	st, err := b.Start("anna", "PHONE", "cli", 0)
	if err != nil || !st.On || st.Until-st.Begun != int64(Span/time.Second) {
		t.Fatalf("%+v, %v", st, err)
	}
	if !b.On("Anna", "PHONE") || b.On("ben", "PHONE") || b.On("anna", "OTHER") {
		t.Error("the wrong device is traced")
	}
	b.Add("anna", "PHONE", Exchange{Command: "Sync"})
	c.t = c.t.Add(Span)
	if b.On("anna", "PHONE") || b.any.Load() {
		t.Error("it did not end by itself")
	}
	b.Add("anna", "PHONE", Exchange{Command: "Ping"})
	if got, err := b.Trace("anna", "PHONE"); err != nil || got.On || len(got.Exchanges) != 1 || got.Exchanges[0].Command != "Sync" {
		t.Errorf("%+v, %v", got, err)
	}
	c.t = c.t.Add(Kept)
	if _, err := b.Trace("anna", "PHONE"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("a day later: %v", err)
	}
}

// TestStartAgain checks that a trace that is on goes on, and one that ended begins anew.
func TestStartAgain(t *testing.T) {
	b, c := book()
	for range 2 {
		if _, err := b.Start("anna", "PHONE", "cli", time.Minute); err != nil {
			t.Fatal(err)
		}
		b.Add("anna", "PHONE", Exchange{})
		c.t = c.t.Add(30 * time.Second)
	}
	if got, _ := b.Trace("anna", "PHONE"); len(got.Exchanges) != 2 || got.Exchanges[1].Number != 2 {
		t.Errorf("%+v", got)
	}
	if st, err := b.Stop("anna", "PHONE"); err != nil || st.On || st.Until != c.t.Unix() {
		t.Errorf("%+v, %v", st, err)
	}
	if st, err := b.Start("anna", "PHONE", "web:anna", time.Minute); err != nil || st.Count != 0 || st.By != "web:anna" {
		t.Errorf("%+v, %v", st, err)
	}
	b.Forget("ANNA", "")
	if len(b.States()) != 0 || b.any.Load() {
		t.Error("it is not forgotten")
	}
	if _, err := b.Stop("anna", "PHONE"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("stop: %v", err)
	}
}

// TestBounds checks that a trace never takes more than it may, whatever a device sends.
func TestBounds(t *testing.T) {
	b, c := book()
	for _, span := range []time.Duration{-time.Hour, time.Millisecond, MaxSpan + 1} {
		if _, err := b.Start("anna", "PHONE", "", span); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%v: %v", span, err)
		}
	}
	if _, err := b.Start("anna", "PHONE", "", MaxSpan); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		b.Add("anna", "PHONE", Exchange{Asked: strings.Repeat("ü", maxText), Head: []string{"User-Agent: x"}})
	}
	got, _ := b.Trace("anna", "PHONE")
	size := 0
	for _, e := range got.Exchanges {
		size += len(e.Asked)
		if !strings.HasSuffix(e.Asked, "(cut)") {
			t.Fatal("a long document is not cut")
		}
	}
	if size > maxBytes || got.Bytes > maxBytes || got.Lost+got.Count != 100 || got.Exchanges[len(got.Exchanges)-1].Number != 100 {
		t.Errorf("%d bytes of %d, %d kept, %d lost", size, got.Bytes, got.Count, got.Lost)
	}
	if _, err := b.Start("ben", "SMALL", "", 0); err != nil {
		t.Fatal(err)
	}
	for range maxCount + 7 {
		b.Add("ben", "SMALL", Exchange{})
	}
	if got, _ := b.Trace("ben", "SMALL"); got.Count != maxCount || got.Lost != 7 {
		t.Errorf("%d kept, %d lost", got.Count, got.Lost)
	}
	for i := range MaxDevices - 2 {
		if _, err := b.Start("carl", fmt.Sprint(i), "", 2*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Start("carl", "more", "", 0); !tandem.IsKind(err, tandem.Full) {
		t.Errorf("one more: %v", err)
	}
	c.t = c.t.Add(Span) // ben's is over
	if _, err := b.Start("carl", "more", "", 0); err != nil {
		t.Errorf("one more where one is over: %v", err)
	}
	if _, err := b.Trace("ben", "SMALL"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("what made room: %v", err)
	}
}
