package page

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/partner/away/sieve"
	"tandem/partner/imip"
	"tandem/partner/outgoing"
	"tandem/server/web/page/words"
	"tandem/store"
)

// mailing is how mail of a user goes out and comes in, as forms show it.
type mailing struct {
	At    string // the page of the user, below which the forms are
	Back  string // the page that shows the forms
	Mail  outgoing.Account
	Has   bool // a mail server
	Queue []outgoing.Listed

	Invitations []option
	Absence     absence
	Filter      sieve.Account
	Filters     bool // it has such a server
}

// mailingOf gathers what is known of a user's mail.
func mailingOf(w words.Words, u store.User, at string) mailing {
	m := mailing{At: at, Back: at}
	if m.Mail, m.Has = outgoing.AccountOf(u); !m.Has {
		m.Mail.Port, m.Mail.TLS = 587, "starttls"
	}
	if m.Filter, m.Filters = sieve.AccountOf(u); !m.Filters {
		m.Filter.Port, m.Filter.TLS = 4190, "starttls"
	}
	m.Absence = absenceOf(w, u)
	now := imip.ModeOf(u)
	for _, o := range []option{{string(imip.Add), w.T("They stand in the calendar, to be answered"), false}, {string(imip.Ask), w.T("They stand in the calendar once they are answered"), false},
		{string(imip.Ignore), w.T("The calendar is left alone"), false}} {
		o.Chosen = o.Value == string(now)
		m.Invitations = append(m.Invitations, o)
	}
	return m
}

// ownMail is the page about a person's own mail.
func (p *Pages) ownMail(c *call) error {
	d, err := p.ownMailOf(c)
	if err != nil {
		return err
	}
	return c.show("settings", c.words.T("Your mail"), "own-mail", d)
}

func (p *Pages) ownMailOf(c *call) (*personPage, error) {
	c.r.SetPathValue("user", c.frame.Person.User.Name)
	d, err := p.personOf(c)
	if d != nil {
		d.Back = "/settings/mail"
	}
	return d, err
}

// mailAgain shows the page with the forms about mail once more, with what was wrong.
func (p *Pages) mailAgain(c *call, err error) error {
	if c.form("back") != "/settings/mail" || c.r.PathValue("user") != c.frame.Person.User.Name {
		return p.personAgain(c, err)
	}
	d, other := p.ownMailOf(c)
	if other != nil {
		return errors.Join(err, other)
	}
	return c.again(err, "settings", c.words.T("Your mail"), "own-mail", d)
}

// mailSaved sends the browser back to the page with the forms.
func (p *Pages) mailSaved(c *call) error {
	return c.away(cmp.Or(c.form("back"), "/people/"+url.PathEscape(c.r.PathValue("user"))), "saved")
}

// portOf reads the port of a form.
func portOf(c *call, op, remedy string) (int, error) {
	port, err := strconv.Atoi(c.form("port"))
	if err != nil {
		err = invalid("port", op, c.form("host"), "the port is no number", remedy)
	}
	return port, err
}

func (p *Pages) setMail(c *call) error {
	port, err := portOf(c, "set mail server", "give 465, 587 or 25")
	if err != nil {
		return p.mailAgain(c, err)
	}
	a := outgoing.Account{Host: c.form("host"), Port: port, TLS: c.form("tls"), User: c.form("login"), From: c.form("from")}
	if err := c.hub.SetMailServer(c.r.Context(), c.r.PathValue("user"), a, c.r.PostFormValue("password")); err != nil {
		return p.mailAgain(c, err)
	}
	return p.mailSaved(c)
}

// setInvitations says what becomes of invitations that come by mail.
func (p *Pages) setInvitations(c *call) error {
	if err := c.hub.SetInvitations(c.r.Context(), c.r.PathValue("user"), imip.Mode(c.form("invitations"))); err != nil {
		return p.mailAgain(c, err)
	}
	return p.mailSaved(c)
}

// setFilter names the server that answers while a user is away, or none.
func (p *Pages) setFilter(c *call) error {
	a, password := sieve.Account{}, ""
	if c.form("do") != "remove" {
		port, err := portOf(c, "set filter server", "give 4190, unless the server's help says another")
		if err != nil {
			return p.mailAgain(c, err)
		}
		a, password = sieve.Account{Host: c.form("host"), Port: port, TLS: c.form("tls"), User: c.form("login")}, c.r.PostFormValue("password")
		if a.Host == "" {
			return p.mailAgain(c, invalid("host", "set filter server", "", "no server is named", "give its name"))
		}
	}
	if err := c.hub.SetFilterServer(c.r.Context(), c.r.PathValue("user"), a, password); err != nil {
		return p.mailAgain(c, err)
	}
	return p.mailSaved(c)
}

// messageOf finds a message of the person on its way out.
func (p *Pages) messageOf(c *call) (outgoing.Listed, error) {
	list, err := c.hub.Outgoing(c.r.Context(), c.frame.Person.User.Name, 0)
	if err != nil {
		return outgoing.Listed{}, err
	}
	for _, m := range list {
		if strconv.FormatInt(m.ID, 10) == c.r.PathValue("id") {
			return m, nil
		}
	}
	return outgoing.Listed{}, &tandem.Error{Kind: tandem.NotFound, Op: "find message", Thing: c.r.PathValue("id")}
}

// askRemoveMail asks before a message is taken out of the queue.
func (p *Pages) askRemoveMail(c *call) error {
	m, err := p.messageOf(c)
	if err != nil {
		return err
	}
	t := c.words.T
	q := ask{Question: t("Take the message to %s out of the queue?", strings.Join(whom(m), ", ")), Action: "/mail/" + c.r.PathValue("id"), Yes: t("Take it out"), Back: "/settings/mail",
		Text:   t("It is not sent any more, and nobody is told. What you keep as sent stays."),
		Fields: []field{{"do", "remove"}}}
	return c.show("settings", q.Question, "ask", q)
}

// changeMail tries a message again, takes it out of the queue, or says what becomes of those who perhaps have it.
func (p *Pages) changeMail(c *call) error {
	m, err := p.messageOf(c)
	if err != nil {
		return err
	}
	switch do, to := c.form("do"), c.r.PostForm["to"]; do {
	case "again", "drop":
		if len(to) == 0 { // elsewhere, nobody stands for all of them
			return invalid("to", "answer about message", c.r.PathValue("id"), "nobody is ticked", "tick those whom it concerns")
		}
		if err := c.hub.AnswerDoubt(c.r.Context(), m.ID, outgoing.DoubtAnswer{Again: do == "again", To: to}); err != nil {
			return err
		}
		return c.away("/settings/mail", map[bool]string{true: "sent", false: "saved"}[do == "again"])
	case "remove":
		if err := c.hub.RemoveOutgoing(c.r.Context(), m.ID); err != nil {
			return err
		}
		return c.away("/settings/mail", "removed")
	}
	if err := c.hub.RetryOutgoing(c.r.Context(), m.ID); err != nil {
		return err
	}
	return c.away("/settings/mail", "sent")
}

// mailState says how a message on its way out stands.
func mailState(w words.Words, m outgoing.Listed) look {
	switch {
	case len(m.Doubt) > 0 && m.State != store.Waiting:
		return look{"late", "ask", w.T("perhaps not delivered")}
	case m.State == store.Partly:
		return look{"bad", "fail", w.T("sent to some only")}
	case m.State == store.Sent:
		return look{"good", "ok", w.T("sent")}
	case m.State == store.Failed:
		return look{"bad", "fail", w.T("given up")}
	}
	return look{"late", "clock", w.T("waits")}
}

// whom are those whom a message has still to reach, or perhaps has.
func whom(m outgoing.Listed) []string { return slices.Concat(m.To, m.Doubt) }
