package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/away"
	phones "tandem/server/eas/all"
	"tandem/store"
)

// awayFlags are what is said of an absence.
type awayFlags struct {
	on, off           bool
	from, until, file string
	to                string
}

func (a *app) userOof() *cobra.Command {
	var f awayFlags
	c := &cobra.Command{
		Use:     "oof NAME",
		Aliases: []string{"away"},
		Short:   "Answer mail while a user is away (out of office)",
		Long: `Says what is answered to mail while a user is away; without flags it shows that. The user's
phone can set the same. Each person is answered once in a week; programs, mailing lists and
hidden copies are not answered.

The answer goes to everybody, to --to known (who is among the user's contacts, and the
users of the hub), or to --to internal (users of the hub alone). A file that ends in .html
is HTML.`,
		Example: `  tandem user oof anna --on --message-file away.txt
  tandem user oof anna --on --from 2026-12-21 --until 2027-01-04 --message-file away.txt
  tandem user oof anna --off
  tandem user oof anna`,
		Args:              args(1, 1, "name one user: tandem user oof NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(hub center.Service) error {
				u, err := findUser(c.Context(), hub, args[0])
				if err != nil {
					return err
				}
				s := away.Of(u.User)
				if f == (awayFlags{}) {
					return a.showAway(u.User, s)
				}
				if err := f.put(&s, zoneOf(u.User), a.in); err != nil {
					return err
				}
				if err := asUsage(hub.SetAway(c.Context(), u.User.Name, s)); err != nil || a.json {
					return err
				}
				_, err = fmt.Fprintln(a.out, awayText(s, zoneOf(u.User)))
				return err
			})
		},
	}
	fl := c.Flags()
	fl.BoolVar(&f.on, "on", false, "answer from now on, or between --from and --until")
	fl.BoolVar(&f.off, "off", false, "answer no more; the text is kept")
	fl.StringVar(&f.from, "from", "", "when it begins: 2026-12-21 or 2026-12-21T18:00 (default: now)")
	fl.StringVar(&f.until, "until", "", "when it ends: a day, of which nothing is answered any more, or a time")
	fl.StringVar(&f.file, "message-file", "", "file that holds the answer; - reads the standard input (default: the one that is kept)")
	fl.StringVar(&f.to, "to", "", "who is answered: all, known or internal (default: as before, at first all)")
	_ = c.MarkFlagFilename("message-file") // these fail only for flags that do not exist
	_ = c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{"all", "known", "internal"}, cobra.ShellCompDirectiveNoFileComp))
	return a.jsonFlag(c)
}

// zoneOf is the zone in which a user's times are said and shown.
func zoneOf(u store.User) *time.Location { return phones.Zone(u) }

// put puts what the flags say over what was set.
func (f awayFlags) put(s *away.Settings, zone *time.Location, in io.Reader) error {
	if f.on == f.off {
		return errUsage{errors.New("say --on or --off")}
	}
	if f.off {
		if f.from != "" || f.until != "" {
			return errUsage{errors.New("--from and --until go with --on")}
		}
		s.State, s.Start, s.End = away.Off, 0, 0
	} else if err := f.span(s, zone); err != nil {
		return err
	}
	if f.file != "" {
		text, html, err := answerFrom(f.file, in)
		if err != nil {
			return err
		}
		for _, to := range away.Audiences() {
			m := s.Messages[to]
			m.Text, m.Type = text, "Text"
			if html {
				m.Type = "HTML"
			}
			s.Messages[to] = m
		}
	}
	return f.audience(s)
}

// span sets when the answer is given.
func (f awayFlags) span(s *away.Settings, zone *time.Location) error {
	s.State, s.Start, s.End = away.On, 0, 0
	if f.from == "" && f.until == "" {
		return nil
	}
	if f.until == "" {
		return errUsage{errors.New("--from goes with --until: an answer that begins later has an end")}
	}
	start, end := now(), time.Time{}
	var err error
	if f.from != "" {
		if start, err = day(f.from, zone); err != nil {
			return err
		}
	}
	if end, err = day(f.until, zone); err != nil {
		return err
	}
	s.State, s.Start, s.End = away.Between, start.Unix(), end.Unix()
	return nil
}

// day reads a day or a time in a zone.
func day(text string, zone *time.Location) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errUsage{fmt.Errorf("%q is no time; write 2026-12-21 or 2026-12-21T18:00", text)}
}

// answerFrom reads the text of an answer.
func answerFrom(file string, in io.Reader) (text string, html bool, err error) {
	var data []byte
	if file == "-" {
		data, err = io.ReadAll(io.LimitReader(in, away.MaxReply+1))
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return "", false, &tandem.Error{Kind: tandem.Unreadable, Op: "read answer", Thing: file, Err: cause(err), Remedy: "name a file that holds it and that you may read, or - for the standard input"}
	}
	text = strings.TrimSpace(strings.ToValidUTF8(string(data), "\uFFFD"))
	if text == "" {
		return "", false, errUsage{fmt.Errorf("%s holds no text; write into it what who writes to you is to be told", file)}
	}
	ext := strings.ToLower(filepath.Ext(file))
	return text, ext == ".html" || ext == ".htm", nil
}

// audience sets who is answered.
func (f awayFlags) audience(s *away.Settings) error {
	reach, known := map[string]int{"all": 3, "known": 2, "internal": 1}[f.to]
	if f.to != "" && !known {
		return errUsage{fmt.Errorf("--to takes all, known or internal, not %s", f.to)}
	}
	some := false
	for _, to := range away.Audiences() {
		some = some || s.Messages[to].Enabled
	}
	if f.to == "" && !some && f.on { // never said: all
		reach, known = 3, true
	}
	for i, to := range away.Audiences() {
		m := s.Messages[to]
		if known {
			m.Enabled = i < reach
		}
		if m.Enabled && m.Text == "" && f.on {
			return errUsage{errors.New("there is no text to answer with: --message-file FILE")}
		}
		s.Messages[to] = m
	}
	return nil
}

// awayText is what is answered, in one line.
func awayText(s away.Settings, zone *time.Location) string {
	if s.State == away.Off {
		return "no"
	}
	var to []string
	for _, a := range away.Audiences() {
		if m := s.Messages[a]; m.Enabled && m.Text != "" {
			to = append(to, a)
		}
	}
	text := "yes"
	if s.State == away.Between {
		const form = "2006-01-02 15:04"
		text = "from " + time.Unix(s.Start, 0).In(zone).Format(form) + " until " + time.Unix(s.End, 0).In(zone).Format(form)
	}
	switch len(to) {
	case 0:
		return text + ", but nobody is answered"
	case len(away.Audiences()):
		return text + ", everybody is answered"
	}
	return text + ", answered: " + strings.Join(to, ", ")
}

type awayJSON struct {
	State    string               `json:"state"` // on, off, between
	Start    int64                `json:"start,omitempty"`
	End      int64                `json:"end,omitempty"`
	Messages map[string]replyJSON `json:"messages"` // by audience: internal, known, unknown
}

type replyJSON struct {
	Enabled bool   `json:"enabled"`
	Text    string `json:"text,omitempty"`
	HTML    bool   `json:"html,omitempty"`
}

func toAway(s away.Settings) *awayJSON {
	out := &awayJSON{State: []string{"off", "on", "between"}[max(0, min(s.State, 2))], Start: s.Start, End: s.End, Messages: map[string]replyJSON{}}
	for to, m := range s.Messages {
		out.Messages[to] = replyJSON{m.Enabled, m.Text, m.Type == "HTML"}
	}
	return out
}

// showAway shows what is answered, and to whom.
func (a *app) showAway(u store.User, s away.Settings) error {
	if a.json {
		return ui.JSON(a.out, toAway(s))
	}
	if _, err := fmt.Fprintf(a.out, "%s is away: %s\n", u.Name, awayText(s, zoneOf(u))); err != nil {
		return err
	}
	for i, to := range away.Audiences() {
		m := s.Messages[to]
		if m.Text == "" || i > 0 && m.Text == s.Messages[away.Audiences()[i-1]].Text {
			continue
		}
		if _, err := fmt.Fprintf(a.out, "\nto %s\n", strings.Join(same(s, away.Audiences()[i:]), ", ")); err != nil {
			return err
		}
		for line := range strings.Lines(m.Text) {
			if _, err := fmt.Fprintln(a.out, "  "+strings.TrimRight(ui.Clean(line), " ")); err != nil {
				return err
			}
		}
	}
	return nil
}

// same are the audiences, from the first of a list on, that get the same text.
func same(s away.Settings, list []string) []string {
	n := 1
	for n < len(list) && s.Messages[list[n]].Text == s.Messages[list[0]].Text {
		n++
	}
	return list[:n]
}
