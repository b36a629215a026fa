package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/explain"
	"tandem/internal/ui"
	"tandem/store"
)

// logFilter are the flags of log that select lines.
type logFilter struct {
	level, handler, code, text string
	since, until               string
	explain                    string
	raw, clear                 bool
}

func (f *logFilter) add(a *app, c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.level, "level", "", "only of at least this level: info, warning, error")
	fl.StringVar(&f.handler, "handler", "", "only about this handler and its items")
	fl.StringVar(&f.code, "code", "", "only with this code of an error")
	fl.StringVar(&f.text, "grep", "", "only with this in the text or the record's name")
	fl.StringVar(&f.since, "since", "", "only since then: 2h, 3d, 2026-03-01 or 2026-03-01T09:00")
	fl.StringVar(&f.until, "until", "", "only until then")
	fl.StringVar(&f.explain, "explain", "", "say what a code of an error means and what to do; \"all\" for all")
	fl.BoolVar(&f.raw, "raw", false, "show the codes of errors, and where lines lead")
	fl.BoolVar(&f.clear, "clear", false, "remove the lines that fit instead of showing them")
	words(c, "level", []string{"info", "warning", "error"})
	_ = c.RegisterFlagCompletionFunc("handler", positions(a.handlerNames)) // fails only for a flag that does not exist
}

func (f *logFilter) any() bool {
	return f.level+f.handler+f.code+f.text+f.since+f.until != "" || f.clear
}

// filter is what the hub is asked for.
func (f *logFilter) filter(item string) (center.EventFilter, error) {
	out := center.EventFilter{Handler: f.handler, EventFilter: store.EventFilter{Code: f.code, Text: f.text, Newest: true}}
	if item != "" {
		out.Items = []string{item}
	}
	levels := []string{"info", "warning", "error"}
	for i, l := range levels {
		if f.level == l {
			out.Level = store.Level(i)
		}
	}
	if f.level != "" && f.level != levels[out.Level] {
		return out, errUsage{fmt.Errorf("--level is info, warning or error, not %q", f.level)}
	}
	if f.code != "" {
		if _, err := explain.Find(f.code); err != nil {
			return out, errUsage{err}
		}
	}
	var err error
	if out.Since, err = parseMoment("since", f.since, now()); err != nil {
		return out, err
	}
	out.Until, err = parseMoment("until", f.until, now())
	return out, err
}

// parseMoment reads a moment, or a span before now; "" is 0.
func parseMoment(flag, text string, now time.Time) (int64, error) {
	if text == "" {
		return 0, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t.Unix(), nil
		}
	}
	span := text
	var days int
	if rest, ok := strings.CutSuffix(text, "d"); ok {
		if _, err := fmt.Sscanf(rest, "%d", &days); err == nil && fmt.Sprint(days) == rest {
			span = fmt.Sprintf("%dh", 24*days)
		}
	}
	d, err := time.ParseDuration(span)
	if err != nil || d < 0 {
		return 0, errUsage{fmt.Errorf("--%s is a span such as 2h or 3d, or a date such as 2026-03-01, not %q", flag, text)}
	}
	return now.Add(-d).Unix(), nil
}

// findLog shows or removes the lines that fit.
func (a *app) findLog(c *cobra.Command, f logFilter, item string, lines int) error {
	filter, err := f.filter(item)
	if err != nil {
		return err
	}
	return a.with(c.Context(), func(s center.Service) error {
		if f.clear {
			n, err := s.ClearEvents(c.Context(), filter)
			if err == nil {
				_, err = fmt.Fprintf(a.out, "%s removed\n", ui.Count(n, "line"))
			}
			return err
		}
		filter.Limit = lines
		events, err := s.FindEvents(c.Context(), filter)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := a.printEvent(e); err != nil {
				return err
			}
			if err := a.printRaw(e, f.raw); err != nil {
				return err
			}
		}
		if len(events) == 0 && !a.json {
			_, err = fmt.Fprintln(a.out, "nothing in the log fits")
		}
		return err
	})
}

// printRaw shows of a line what is meant for programs and for looking up.
func (a *app) printRaw(e store.Event, raw bool) error {
	if !raw || a.json || e.Code+e.Link == "" {
		return nil
	}
	text := ""
	if e.Code != "" {
		text = "code " + e.Code
	}
	if e.Link != "" {
		text = strings.TrimSpace(text + " " + firstOf(e.LinkText, "see") + ": " + e.Link)
	}
	_, err := fmt.Fprintln(a.out, "    "+ui.Clean(text))
	return err
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// explainCode says what a code means.
func (a *app) explainCode(code string) error {
	list := explain.All()
	if code != "all" {
		t, err := explain.Find(code)
		if err != nil {
			return errUsage{err}
		}
		list = []explain.Text{t}
	}
	if a.json {
		return ui.JSON(a.out, list)
	}
	for i, t := range list {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintf(a.out, "%s: %s\n%s\n", t.Code, t.Title, t.Meaning)
		for _, x := range []struct {
			head string
			list []string
		}{{"Causes:", t.Causes}, {"What to do:", t.Next}} {
			fmt.Fprintln(a.out, x.head)
			for _, line := range x.list {
				if _, err := fmt.Fprintln(a.out, "  - "+line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
