package itip

import (
	"fmt"
	"slices"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// share is the part of an event that one attendee takes part in.
type share struct {
	master bool
	keys   []int64 // the overrides
	out    []int64 // instances of the series that they do not take part in, beside EXDATE
}

func (s share) empty() bool { return !s.master && len(s.keys) == 0 }

func (s share) String() string { return fmt.Sprint(s.master, s.keys, s.out) }

// shareOf tells what an attendee takes part in. What is cancelled, nobody does.
func (ob *object) shareOf(who string) share {
	var s share
	if ob == nil || ob.master != nil && cancelled(ob.master) {
		return s
	}
	takes := func(c *contentline.Component) bool { return ob.invited(c)[strings.ToLower(who)] }
	s.master = ob.master != nil && takes(ob.master)
	for _, p := range ob.parts {
		switch {
		case takes(p.c):
			s.keys = append(s.keys, p.key)
		case s.master:
			s.out = append(s.out, p.key)
		}
	}
	return s
}

// invited are the addresses, in lower case, of those who take part in a component and hear of it from the server.
func (ob *object) invited(c *contentline.Component) map[string]bool {
	if list, ok := ob.guests[c]; ok {
		return list
	}
	list := map[string]bool{}
	for l := range c.All("ATTENDEE") {
		for _, a := range []string{AddressOf(l), ical.Address(l)} {
			if a = strings.ToLower(a); !cancelled(c) {
				if before, twice := list[a]; !twice || before {
					list[a] = served(l)
				}
			}
		}
	}
	if ob.guests == nil {
		ob.guests = map[*contentline.Component]map[string]bool{}
	}
	ob.guests[c] = list
	return list
}

// has reports whether an instance is in the share, but for what EXDATE takes away.
func (s share) has(ob *object, key int64) bool {
	if slices.Contains(s.keys, key) {
		return true
	}
	return s.master && !slices.Contains(s.out, key) && ob.part(key) == nil && ob.happens(key)
}

// build writes the components of a share as copies.
func (ob *object) build(s share, more []int64) []*contentline.Component {
	var out []*contentline.Component
	if s.master {
		c := copyOf(ob.master)
		ob.exclude(c, s.out...)
		ob.exclude(c, more...)
		out = append(out, c)
	}
	for _, key := range s.keys {
		if !slices.Contains(more, key) {
			out = append(out, copyOf(ob.part(key).c))
		}
	}
	for _, c := range out {
		strip(c)
	}
	return out
}
