package page

import (
	"strings"
	"time"

	"tandem/kind/eas/body"
	"tandem/partner/away"
	"tandem/server/web/page/words"
	"tandem/store"
)

// absence is what is answered while a user is away, as a form shows it: one text for all who are answered.
type absence struct {
	States, Who []option
	From, Until string
	Text        string
	Differ      bool // different people get different texts, which programs on phones can set
}

// localTime is how forms write a time without a zone. HTML Standard, Local dates and times
const localTime = "2006-01-02T15:04"

// zoneOf is the zone in which a user's times are said and shown: that of the user, or this computer's.
func zoneOf(u store.User) *time.Location {
	if name := u.Props.Get("zone"); name != "" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	return time.Local
}

// The choices of the form.
var (
	awayStates = []string{"off", "on", "between"} // by away.Settings.State
	awayWho    = []string{"internal", "known", "all"}
)

func absenceOf(w words.Words, u store.User) (a absence) {
	s := away.Of(u)
	for i, text := range []string{w.T("Nobody is answered"), w.T("From now on"), w.T("Between two times")} {
		a.States = append(a.States, option{awayStates[i], text, s.State == i})
	}
	reach := 0 // how many of the audiences are answered; all of them as long as nobody said
	for i, to := range away.Audiences() {
		if s.Messages[to].Enabled {
			reach = i + 1
		}
	}
	if reach == 0 {
		reach = len(awayWho)
	}
	for i, text := range []string{w.T("Users of this hub"), w.T("They, and who is among the contacts"), w.T("Everybody")} {
		a.Who = append(a.Who, option{awayWho[i], text, reach == i+1})
	}
	if s.State == away.Between {
		zone := zoneOf(u)
		a.From, a.Until = time.Unix(s.Start, 0).In(zone).Format(localTime), time.Unix(s.End, 0).In(zone).Format(localTime)
	}
	a.Text, a.Differ = awayText(s)
	return a
}

// awayText is the text that most are answered with, without formatting; differ tells that others get another one.
func awayText(s away.Settings) (text string, differ bool) {
	for _, to := range away.Audiences() {
		m := s.Messages[to]
		if m.Type == "HTML" {
			m.Text = body.ToPlain(m.Text)
		}
		m.Text = strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n"))
		if m.Text == "" {
			continue
		}
		differ = differ || text != "" && text != m.Text
		text = m.Text
	}
	return text, differ
}

// setAway says what is answered while a user is away. A text that is sent as it was shown leaves those that there are, with their formatting.
func (p *Pages) setAway(c *call) error {
	d, err := p.personOf(c)
	if err != nil {
		return err
	}
	const op = "set answer while away"
	s := away.Of(d.User)
	zone := zoneOf(d.User)
	at := func(field, why string) (time.Time, error) {
		t, err := time.ParseInLocation(localTime, c.form(field), zone)
		if err != nil {
			err = invalid(field, op, "", why, "give a day and a time")
		}
		return t, err
	}
	s.Start, s.End = 0, 0
	switch c.form("state") {
	case "off":
		s.State = away.Off
	case "on":
		s.State = away.On
	case "between":
		start, err := at("from", "it is not said when it begins")
		if err != nil {
			return p.mailAgain(c, err)
		}
		end, err := at("until", "it is not said when it ends")
		if err != nil {
			return p.mailAgain(c, err)
		}
		if !end.After(start) {
			return p.mailAgain(c, invalid("until", op, "", "it ends before it begins", "give a later end"))
		}
		s.State, s.Start, s.End = away.Between, start.Unix(), end.Unix()
	default:
		return p.mailAgain(c, invalid("state", op, c.form("state"), "there is no such state", "turn it on, off, or on between two times"))
	}
	text := strings.ReplaceAll(c.form("text"), "\r\n", "\n")
	if was, _ := awayText(s); text != was {
		for _, to := range away.Audiences() {
			s.Messages[to] = away.Reply{Text: text, Type: "Text"}
		}
	}
	if len(text) > away.MaxReply {
		return p.mailAgain(c, invalid("text", op, "", "the answer is too long", "shorten it"))
	}
	if text == "" && s.State != away.Off {
		return p.mailAgain(c, invalid("text", op, "", "there is no text to answer with", "type it"))
	}
	reach := 0
	for i, who := range awayWho {
		if c.form("who") == who {
			reach = i + 1
		}
	}
	if reach == 0 {
		return p.mailAgain(c, invalid("who", op, c.form("who"), "it is not said who is answered", "choose who"))
	}
	for i, to := range away.Audiences() {
		m := s.Messages[to]
		m.Enabled = i < reach
		s.Messages[to] = m
	}
	if err := c.hub.SetAway(c.r.Context(), d.User.Name, s); err != nil {
		return p.mailAgain(c, err)
	}
	return p.mailSaved(c)
}
