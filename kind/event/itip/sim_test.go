package itip

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// world is a meeting of Anna's in the calendars of all, through any sequence of edits.
type world struct {
	*rapid.T
	clock  int64
	bodies map[string][]byte // by name; nil: not in the calendar
	trail  []string
}

var guests = []string{"ben", "carl", "dora"}

// keys are the instances that the series has at first, some days it never has, and where it may be moved to.
const weekSeconds = 7 * ical.DaySeconds

func (w *world) desk(name string) Desk { return desk(name, w.clock) }

// write is what a program of somebody's does: the change, and the delivery of what follows, twice where twice is set.
func (w *world) write(who, what string, body []byte, twice bool) {
	w.clock++
	w.trail = append(w.trail, who+" "+what)
	old := w.bodies[who]
	d := w.desk(who)
	var sent Sent
	var err error
	if who == "anna" {
		sent, err = d.Organized(old, body)
	} else {
		if err := d.Allowed(old, body); err != nil {
			w.Fatalf("%v\nnot allowed: %v\n%s\n->\n%s", w.trail, err, old, body)
		}
		sent, err = d.Answered(old, body, "")
	}
	if err != nil {
		w.Fatal(err)
	}
	w.bodies[who] = sent.Body
	for _, m := range sent.Messages {
		w.deliver(m)
		if twice {
			w.deliver(m)
		}
	}
	again := Sent{}
	if who == "anna" {
		again, err = w.desk(who).Organized(w.bodies[who], w.bodies[who])
	} else {
		again, err = w.desk(who).Answered(w.bodies[who], w.bodies[who], "")
	}
	if err != nil || len(again.Messages) > 0 {
		w.Fatalf("%v\nsaid again: %s %v", w.trail, told(again.Messages), err)
	}
}

func (w *world) deliver(m Message) {
	to, _, _ := strings.Cut(m.To, "@")
	got, err := w.desk(to).Receive(w.bodies[to], m.Body)
	if err != nil {
		w.Fatalf("%v\n%s to %s: %v\n%s", w.trail, m.Method, to, err, m.Body)
	}
	w.trail = append(w.trail, fmt.Sprintf("  %s to %s: %s", m.Method, to, got.Ignored))
	if got.Body != nil {
		w.bodies[to] = got.Body
	}
}

// edited is somebody's event after an edit.
func (w *world) edited(who string, edit func(ob *object)) []byte {
	ob, err := w.desk(who).read(w.bodies[who])
	if err != nil {
		w.Fatal(err)
	}
	edit(ob)
	for _, c := range ob.components() {
		w.desk(who).stamp(c) // as programs do
	}
	return ob.bytes()
}

// instance is the override of an instance, made if there is none; nil if there is no such instance.
func (ob *object) instance(key int64) *contentline.Component {
	if p := ob.part(key); p != nil {
		return p.c
	}
	if ob.master == nil || !ob.there(key) {
		return nil
	}
	return ob.insert(ob.derive(key)).c
}

// check holds every guest's event against Anna's.
func (w *world) check() {
	if w.bodies["anna"] == nil {
		for _, g := range guests {
			if w.bodies[g] != nil {
				ob, _ := w.desk(g).read(w.bodies[g])
				for _, c := range ob.components() {
					if !cancelled(c) {
						w.Fatalf("%v\n%s does not know that it is off:\n%s", w.trail, g, w.bodies[g])
					}
				}
			}
		}
		return
	}
	hers, err := w.desk("anna").read(w.bodies["anna"])
	if err != nil {
		w.Fatal(err)
	}
	for _, g := range guests {
		w.checkGuest(hers, g)
	}
}

// checkGuest compares every instance: whether it takes place for the guest, when and as what, and what the guest said to it.
func (w *world) checkGuest(hers *object, g string) {
	mail := g + "@x.org"
	share := hers.shareOf(mail)
	var his *object
	if w.bodies[g] != nil {
		his, _ = w.desk(g).read(w.bodies[g])
	}
	for i := range int64(8) {
		key := w.first() + i*weekSeconds
		mine, theirs := effective(hers, key), effective(his, key)
		if theirs != nil && cancelled(theirs) {
			theirs = nil
		}
		in := share.has(hers, key) && !hers.exdates(hers.master)[key]
		switch {
		case !in && theirs != nil && attendee(theirs, Addresses{mail}) != nil:
			w.Fatalf("%v\n%s has the instance %d, to which nobody invites:\n%s\nhers\n%s", w.trail, g, i, w.bodies[g], w.bodies["anna"])
		case !in:
		case theirs == nil: // only what was declined may be missing
			if l := attendee(mine, Addresses{mail}); partStat(l) != declined {
				w.Fatalf("%v\n%s lacks the instance %d (%s):\n%s\nhers\n%s", w.trail, g, i, partStat(l), w.bodies[g], w.bodies["anna"])
			}
		case hers.timing(mine) != his.timing(theirs) || words(mine, "SUMMARY") != words(theirs, "SUMMARY"):
			w.Fatalf("%v\n%s has the instance %d otherwise:\n%s\nhers\n%s", w.trail, g, i, w.bodies[g], w.bodies["anna"])
		case partStat(attendee(mine, Addresses{mail})) != partStat(attendee(theirs, Addresses{mail})):
			w.Fatalf("%v\nof the instance %d %s says %s, and Anna has\n%s\nhis\n%s", w.trail, i, g, partStat(attendee(theirs, Addresses{mail})), w.bodies["anna"], w.bodies[g])
		}
	}
}

const startOfAll = 1773050400 // 2026-03-09T10:00:00Z

// effective is the component of an instance as it stands, nil if there is none.
func effective(ob *object, key int64) *contentline.Component {
	if ob == nil {
		return nil
	}
	if p := ob.part(key); p != nil {
		return p.c
	}
	if ob.master != nil && ob.there(key) {
		c := ob.derive(key)
		return c
	}
	return nil
}

// first is when the series begins.
func (w *world) first() int64 {
	ob, err := w.desk("anna").read(w.bodies["anna"])
	if err != nil {
		return startOfAll
	}
	return ob.zoneOf(ob.start()).Instant(ob.start().Wall)
}

func (w *world) key(t *rapid.T) int64 {
	return w.first() + weekSeconds*rapid.Int64Range(0, 5).Draw(t, "week")
}

// organize is one edit of Anna's.
func (w *world) organize(t *rapid.T) {
	if w.bodies["anna"] == nil {
		return
	}
	twice := rapid.Bool().Draw(t, "twice")
	guest := rapid.SampledFrom(guests).Draw(t, "guest")
	key := w.key(t)
	toggle := func(c *contentline.Component) {
		if l := attendee(c, Addresses{guest + "@x.org"}); l != nil {
			c.Remove(contentline.Item{Line: l})
		} else {
			c.Add(contentline.Item{Line: contentline.NewLine("ATTENDEE", "mailto:"+guest+"@x.org", contentline.NewParam("PARTSTAT", "NEEDS-ACTION"))})
		}
	}
	shift := func(c *contentline.Component) {
		for _, name := range []string{"DTSTART", "DTEND"} {
			at := timeOf(c, name)
			at.Wall += 1800
			setTime(c, name, at)
		}
	}
	switch op := rapid.SampledFrom([]string{"title", "guest", "out", "move one", "title one", "guest one", "one off", "off", "delete", "move all", "rule"}).Draw(t, "op"); op {
	case "title":
		w.write("anna", op, w.edited("anna", func(ob *object) { ob.master.Set("SUMMARY", fmt.Sprint("Talk ", w.clock)) }), twice)
	case "guest":
		w.write("anna", op+" "+guest, w.edited("anna", func(ob *object) { toggle(ob.master) }), twice)
	case "out":
		w.write("anna", fmt.Sprint(op, (key-startOfAll)/weekSeconds), w.edited("anna", func(ob *object) {
			if ob.there(key) {
				ob.remove(key)
				ob.exclude(ob.master, key)
			}
		}), twice)
	case "move all":
		w.write("anna", op, w.edited("anna", func(ob *object) {
			for _, p := range slices.Clone(ob.parts) {
				ob.remove(p.key)
			}
			ob.master.RemoveAll("EXDATE")
			shift(ob.master)
		}), twice)
	case "rule":
		w.write("anna", op, w.edited("anna", func(ob *object) {
			ob.master.Set("RRULE", fmt.Sprint("FREQ=WEEKLY;COUNT=", rapid.IntRange(2, 6).Draw(t, "count")))
			for _, p := range slices.Clone(ob.parts) {
				if !ob.happens(p.key) {
					ob.remove(p.key)
				}
			}
		}), twice)
	case "off":
		w.write("anna", op, w.edited("anna", func(ob *object) {
			if cancelled(ob.master) {
				ob.master.RemoveAll("STATUS")
			} else {
				ob.master.Set("STATUS", "CANCELLED")
			}
		}), twice)
	case "delete":
		if rapid.IntRange(0, 5).Draw(t, "really") == 0 {
			w.write("anna", op, nil, twice)
		}
	default:
		w.write("anna", fmt.Sprint(op, (key-startOfAll)/weekSeconds, guest), w.edited("anna", func(ob *object) {
			c := ob.instance(key)
			switch {
			case c == nil:
			case op == "move one":
				shift(c)
			case op == "title one":
				c.Set("SUMMARY", fmt.Sprint("One ", w.clock))
			case op == "guest one":
				toggle(c)
			case op == "one off":
				c.Set("STATUS", "CANCELLED")
			}
		}), twice)
	}
}

// answer is one edit of a guest's.
func (w *world) answer(t *rapid.T) {
	g := rapid.SampledFrom(guests).Draw(t, "guest")
	if w.bodies[g] == nil || w.desk(g).Role(w.bodies[g]) != Attendee {
		return
	}
	me := Addresses{g + "@x.org"}
	key := w.key(t)
	to := rapid.SampledFrom([]string{"ACCEPTED", "TENTATIVE", declined}).Draw(t, "answer")
	twice := rapid.Bool().Draw(t, "twice")
	op := rapid.SampledFrom([]string{"all", "one", "drop one", "alarm", "delete"}).Draw(t, "op")
	if op == "delete" {
		w.write(g, op, nil, twice)
		return
	}
	w.write(g, fmt.Sprint(op, (key-startOfAll)/weekSeconds, to), w.edited(g, func(ob *object) {
		say := func(c *contentline.Component) {
			if c == nil {
				return
			}
			if l := attendee(c, me); l != nil && !cancelled(c) {
				l.SetParam("PARTSTAT", to)
			}
		}
		switch op {
		case "all":
			for _, c := range ob.components() {
				say(c)
			}
		case "one":
			say(ob.instance(key))
		case "drop one":
			if ob.master != nil && ob.there(key) && ob.happens(key) && !cancelled(ob.master) {
				ob.remove(key)
				ob.exclude(ob.master, key)
			}
		case "alarm":
			ob.components()[0].Set("X-ALARMED", fmt.Sprint(w.clock))
		}
	}), twice)
}

// TestConverges: whatever Anna and her guests do one after another, all have the same meeting, and she has their answers.
func TestConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{T: t, bodies: map[string][]byte{}}
		w.write("anna", "invites", body(vevent(at10, weekly, anna, me, ben)), false)
		w.check()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "hers") {
				w.organize(t)
			} else {
				w.answer(t)
			}
			w.check()
		}
		if slices.ContainsFunc(guests, func(g string) bool { return strings.Contains(string(w.bodies[g]), "METHOD") }) {
			t.Fatal("a method is in a calendar")
		}
	})
}
