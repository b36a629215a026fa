package sieve

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas/body"
	"tandem/partner/away"
)

// Name is the name of our script.
const Name = "tandem-away"

// mark begins the line of our script that names the one that was active before.
const mark = "# before: "

// extensions are what a script for these settings needs, "include" only if another script is to run within it.
func extensions(s away.Settings, before string) []string {
	need := []string{"vacation"}
	if s.State == away.Between {
		need = append(need, "date", "relational")
	}
	if before != "" {
		need = append(need, "include")
	}
	return need
}

// Cannot is the cause of an error: the server cannot do what is asked for, now or later, and the hub answers itself.
type Cannot struct{ Why string }

func (e *Cannot) Error() string { return e.Why }

func cannot(err error) bool {
	var c *Cannot
	return errors.As(err, &c)
}

// Script is the script that answers for a user: within it runs the one that was active before, if there was one. addresses are the user's, domains those whose
// people are internal. Invalid, with a Cannot as its
// cause: the settings answer only people whom a server cannot tell from others, or need what this one does not know.
func Script(s away.Settings, addresses, domains []string, before string, can func(extension string) bool) (string, error) {
	fail := func(why string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "have the mail server answer", Err: &Cannot{why}, Remedy: "the hub answers itself"}
	}
	all := s.Messages[away.Unknown]
	if !all.Enabled || strings.TrimSpace(all.Text) == "" {
		return "", fail("it does not know who is among the contacts")
	}
	if known := s.Messages[away.Known]; known.Enabled && plain(known) != plain(all) {
		return "", fail("it cannot answer contacts otherwise")
	}
	need := extensions(s, before)
	for _, e := range need {
		if !can(e) {
			return "", fail("it does not know " + e)
		}
	}
	var b strings.Builder
	var names []string
	for _, e := range need {
		names = append(names, quoted(e))
	}
	fmt.Fprintf(&b, "# Written by Tandem, which takes it away again.\r\n%s%s\r\nrequire [%s];\r\n", mark, quoted(before), strings.Join(names, ", "))
	answer := "  " + vacation(all, addresses)
	if in := s.Messages[away.Internal]; len(domains) > 0 && (!in.Enabled || plain(in) != plain(all)) {
		inside := ""
		if in.Enabled && strings.TrimSpace(in.Text) != "" {
			inside = "    " + vacation(in, addresses)
		}
		var list []string
		for _, d := range domains {
			list = append(list, quoted(d))
		}
		answer = fmt.Sprintf("  if address :domain :is \"from\" [%s] {\r\n%s  } else {\r\n  %s  }\r\n", strings.Join(list, ", "), inside, answer)
	}
	if s.State == away.Between {
		at := func(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02T15:04:05") }
		fmt.Fprintf(&b, "if allof (currentdate :zone \"+0000\" :value \"ge\" \"iso8601\" \"%s\", currentdate :zone \"+0000\" :value \"lt\" \"iso8601\" \"%s\") {\r\n%s}\r\n", at(s.Start), at(s.End), answer)
	} else {
		fmt.Fprintf(&b, "if true {\r\n%s}\r\n", answer)
	}
	if before != "" {
		fmt.Fprintf(&b, "include :personal %s;\r\n", quoted(before))
	}
	return b.String(), nil
}

// plain is an answer as plain text.
func plain(r away.Reply) string {
	text := r.Text
	if r.Type == "HTML" {
		text = body.ToPlain(text)
	}
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// vacation is the command that answers. RFC 5230 4
func vacation(r away.Reply, addresses []string) string {
	var list []string
	for _, a := range addresses {
		list = append(list, quoted(a))
	}
	who := ""
	if len(list) > 0 {
		who = " :addresses [" + strings.Join(list, ", ") + "]"
	}
	text := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(plain(r), "\uFFFD"))
	text = strings.ReplaceAll(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text), "\n", "\r\n")
	return fmt.Sprintf("vacation :days 7%s \"%s\";\r\n", who, text)
}

// beforeOf is the name of the script that was active before ours.
func beforeOf(script string) string {
	for line := range strings.Lines(script) {
		if rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), mark); ok && strings.HasPrefix(rest, `"`) {
			if name, _, err := word(rest); err == nil {
				return name
			}
		}
	}
	return ""
}

// Turn brings the server to what the settings say: on, our script is active, and the one that was active before runs within it; off, ours is gone, and that one is
// active again. Done again, it changes nothing more.
func Turn(c *Client, s away.Settings, addresses, domains []string) error {
	names, active, err := c.Scripts()
	if err != nil {
		return err
	}
	before := active
	ours := slices.Contains(names, Name)
	if ours && active == Name {
		text, err := c.Get(Name)
		if err != nil {
			return err
		}
		if before = beforeOf(text); !slices.Contains(names, before) {
			before = ""
		}
	}
	if s.State != away.Off {
		text, err := Script(s, addresses, domains, before, c.Can)
		if err == nil {
			if err = c.Put(Name, text); err == nil {
				err = c.Activate(Name)
			}
			return err
		}
		if !cannot(err) || !ours {
			return err
		}
		if off := remove(c, active, before); off != nil {
			return off
		}
		return err
	}
	if !ours {
		return nil
	}
	return remove(c, active, before)
}

// remove takes our script away.
func remove(c *Client, active, before string) error {
	if active == Name {
		if err := c.Activate(before); err != nil {
			return err
		}
	}
	return c.Delete(Name)
}
