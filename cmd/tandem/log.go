package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
	"tandem/internal/ui"
	"tandem/store"
)

type eventJSON struct {
	ID      int64             `json:"id,omitempty"`
	When    int64             `json:"when"`
	Session int64             `json:"session,omitempty"`
	Item    string            `json:"item"`
	Level   string            `json:"level"`
	Text    string            `json:"text"`
	Record  tandem.ID         `json:"record,omitempty"`
	Remedy  string            `json:"remedy,omitempty"`
	Code    string            `json:"code,omitempty"`
	Link    string            `json:"link,omitempty"`
	LinkTo  string            `json:"link_text,omitempty"`
	Links   []shape.EventLink `json:"links,omitempty"`
}

func toEvent(e store.Event) eventJSON {
	return eventJSON{e.ID, e.When, e.Session, e.Item, levelText(e.Level), e.Text, e.Record, center.NextStep(e), e.Code, e.Link, e.LinkText, shape.OfEvent(e).Links}
}

func levelText(l store.Level) string {
	switch l {
	case store.Warning:
		return "warning"
	case store.Error:
		return "error"
	}
	return "info"
}

func (a *app) logCommand() *cobra.Command {
	var follow bool
	var lines int
	var after int64
	var find logFilter
	var paths []string
	c := &cobra.Command{
		Use:               "log [ITEM]",
		Short:             "Tell what happened",
		Example:           "  tandem log\n  tandem log contacts-phone --lines 200\n  tandem log --follow --json\n  tandem log --level error --since 2d\n  tandem log --explain unreadable",
		Args:              args(0, 1, "name at most one item: tandem log [ITEM]"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			item := ""
			if len(args) > 0 {
				item = args[0]
			}
			if lines < 1 {
				return errUsage{fmt.Errorf("--lines must be at least 1")}
			}
			switch {
			case len(paths) > 0 && !follow:
				return errUsage{errors.New("--path is for --follow; search what is there with --grep")}
			case find.explain != "":
				return a.explainCode(find.explain)
			case find.any() || find.raw:
				if follow || c.Flags().Changed("after") {
					return errUsage{errors.New("what is followed cannot be selected; leave --follow and --after out")}
				}
				return a.findLog(c, find, item, lines)
			}
			from := -int64(lines)
			if c.Flags().Changed("after") {
				from = after
			}
			if !follow {
				return a.with(c.Context(), func(s center.Service) error {
					last, err := a.printLog(c.Context(), s, from, item, lines)
					switch {
					case err != nil || last != from || a.json:
					case item != "":
						_, err = fmt.Fprintf(a.out, "nothing is in the log of %s\n", clean(item))
					default:
						_, err = fmt.Fprintln(a.out, "nothing happened yet")
					}
					return err
				})
			}
			return a.followLog(c.Context(), from, item, paths)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "stay and tell what happens next")
	c.Flags().IntVarP(&lines, "lines", "l", 50, "how many of the newest lines to show")
	c.Flags().Int64Var(&after, "after", 0, "only what came after the event with this id")
	c.Flags().StringSliceVar(&paths, "path", nil, "with --follow: only about these records, and what is below them")
	find.add(a, c)
	return a.jsonFlag(c)
}

// printLog shows one batch and returns the id of its last event.
func (a *app) printLog(ctx context.Context, s center.Service, after int64, item string, limit int) (int64, error) {
	events, err := s.Log(ctx, after, item, limit)
	if err != nil {
		return after, err
	}
	for _, e := range events {
		if err := a.printEvent(e); err != nil {
			return after, err
		}
		after = e.ID
	}
	return after, nil
}

func (a *app) printEvent(e store.Event) error {
	if a.json {
		return ui.JSONLine(a.out, toEvent(e))
	}
	_, err := fmt.Fprintln(a.out, logLine(e, now()))
	return err
}

func logLine(e store.Event, now time.Time) string {
	e.Remedy = center.NextStep(e)
	level := ""
	if e.Level > store.Info {
		level = levelText(e.Level) + ": "
	}
	return fmt.Sprintf("%s  %s  %s%s", ui.When(e.When, now), ui.Clean(e.Item), level, eventText(e))
}
