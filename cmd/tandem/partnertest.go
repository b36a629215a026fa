package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/reach"
	"tandem/center/when"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) partnerTest() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "test PARTNER...",
		Short: "Measure the way to a partner's host",
		Long: `Opens a connection to the host of a partner and closes it again, three times, and tells how
long that takes, and whether an item with the condition "not slow" would run over it. Nothing
is sent, and no password is needed. Exit status 1 if a host cannot be reached.`,
		Example:           "  tandem partner test work",
		Args:              args(1, -1, "name a partner: tandem partner test PARTNER"),
		ValidArgsFunction: positions(a.partnerNames),
		RunE:              func(c *cobra.Command, args []string) error { return a.testPartners(c.Context(), args) },
	})
}

type partnerTestJSON struct {
	Partner string `json:"partner"`
	Host    string `json:"host,omitempty"` // none: it is not across a network
	Reached bool   `json:"reached"`
	Connect int64  `json:"connect_us,omitempty"` // microseconds
	Slow    bool   `json:"slow"`
	Error   string `json:"error,omitempty"`
}

func (a *app) testPartners(ctx context.Context, names []string) error {
	var known []store.Partner
	err := a.with(ctx, func(s center.Service) (err error) {
		known, err = s.ListPartners(ctx)
		return err
	})
	if err != nil {
		return err
	}
	var book reach.Book
	var out []partnerTestJSON
	for _, name := range names {
		one, err := a.testPartner(ctx, &book, known, name)
		if err != nil {
			return err
		}
		out = append(out, one)
	}
	if a.json {
		err = ui.JSON(a.out, out)
	}
	for _, one := range out {
		if !a.json {
			_, err = fmt.Fprintf(a.out, "%s: %s\n", one.Partner, ui.Clean(one.text()))
		}
		if !one.Reached && err == nil {
			err = errExit(exitFailed)
		}
	}
	return err
}

func (a *app) testPartner(ctx context.Context, book *reach.Book, known []store.Partner, name string) (partnerTestJSON, error) {
	out := partnerTestJSON{Partner: name}
	for _, p := range known {
		if p.Name != name {
			continue
		}
		place, err := a.registry().ParsePlace(p.Place)
		if err != nil {
			return out, err
		}
		var ok bool
		if out.Host, ok = reach.Target(place); !ok {
			out.Reached = true
			return out, nil
		}
		var q reach.Quality
		for range 3 {
			if q = book.Probe(ctx, out.Host, 0); q.Err != nil {
				out.Error = q.Err.Error()
				return out, nil
			}
		}
		out.Reached, out.Connect, out.Slow = true, q.RTT.Microseconds(), when.DefaultSlow().Is(when.Link{RTT: q.RTT})
		return out, nil
	}
	return out, errUsage{fmt.Errorf("there is no partner %s; see them with `tandem partner list`", name)}
}

func (p partnerTestJSON) text() string {
	switch {
	case p.Host == "":
		return "is not across a network"
	case !p.Reached:
		return p.Host + " cannot be reached: " + p.Error
	case p.Slow:
		return fmt.Sprintf("%s answers in %.1f ms, which is slow", p.Host, float64(p.Connect)/1000)
	}
	return fmt.Sprintf("%s answers in %.1f ms", p.Host, float64(p.Connect)/1000)
}
