// Package webcal is the provider for calendars that somebody publishes as one file on a web server: holidays, fixtures, a timetable, the calendar of a
// colleague. Calendar programs call it subscribing. It reads, and never writes.
//
// A look at the place is one GET, with the entity tag and time of the last one (RFC 9110 13.1), so that a feed that did not change costs a few hundred bytes.
// What is read is cut into one record per UID; what the publisher writes about the calendar as a whole, and METHOD, which a calendar's records must not have
// (RFC 4791 4.1), is left out. The version of a record is its digest, for many publishers write DTSTAMP anew each time they are asked.
//
// Whatever is not a whole calendar (an error, a web page, half a file) is trouble with the place, and never says that a record is gone.
package webcal

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"tandem"
	"tandem/provider"
)

// poll is how often a hub looks: publishers do not tell of changes, and many do not like to be asked every minute.
const poll = time.Hour

// Providers declares the providers of this package.
func Providers() []*provider.Provider {
	return []*provider.Provider{declare("webcal"), declare("webcals")}
}

func declare(name string) *provider.Provider {
	return &provider.Provider{
		Name:  name,
		Title: "Published calendar to subscribe to",
		Help: "A calendar that is published as one file on a web server (iCalendar, .ics), such as holidays, fixtures or what a calendar program calls its secret address. " +
			"It is only read. " + name + "://HOST/PATH is asked for over HTTPS; where there is no encryption, write " + name + ":http://HOST/PATH. Whoever knows a secret address " +
			"can read the calendar, and it is part of the place: others who see the place see it, too.",
		Examples: []string{name + "://calendar.example.org/holidays.ics", name + ":https://example.org/feed?id=7"},
		Kinds:    []tandem.Kind{tandem.Event, tandem.Task},
		Options: []provider.Option{
			{Name: "kind", Type: "choice", Choices: []string{string(tandem.Event), string(tandem.Task)}, Help: "what to read of it; what it holds, events in doubt"},
			provider.BehalfOption(),
		},
		Address:  true,
		Network:  true,
		Poll:     poll,
		Features: provider.Features{ReadOnly: true, Cursor: true},
		Open:     open,
	}
}

// address is the web address of a place.
func address(p provider.Place) (*url.URL, error) {
	text := p.Path
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	u, err := url.Parse(text)
	bad := func(err error) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: p.Text, Err: err, Remedy: "write it like webcal://calendar.example.org/holidays.ics"}
	}
	switch {
	case err != nil:
		return nil, bad(errors.New("the address is malformed"))
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, bad(errors.New("this is no web address"))
	case u.User != nil:
		return nil, bad(errors.New("a published calendar is read without logging in"))
	}
	u.Fragment = ""
	return u, nil
}

func open(ctx context.Context, p provider.Place, env provider.Env) (*provider.Opened, error) {
	u, err := address(p)
	if err != nil {
		return nil, err
	}
	r := &replica{at: u, client: newClient(env), kind: tandem.Kind(p.Options["kind"]), handlers: env.Kind}
	r.life, r.end = context.WithCancel(context.Background())
	if r.kind == "" { // the feed tells
		f, err := r.get(ctx, cursor{})
		if err != nil {
			r.Close()
			return nil, err
		}
		r.kind = f.kind()
		r.keep(f)
	}
	return &provider.Opened{Replica: r, Kind: r.kind, Place: p.Text, Rate: 1, Features: provider.Features{ReadOnly: true, Cursor: true}}, nil
}
