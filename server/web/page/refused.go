package page

import (
	"bytes"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"tandem"
	"tandem/server/web/page/refill"
)

// wrong is an error about one field of a form.
type wrong struct {
	error
	field string // by name
}

func (w wrong) Unwrap() error { return w.error }

// inField says which field of a form an error is about.
func inField(name string, err error) error {
	if err == nil {
		return nil
	}
	return wrong{err, name}
}

// invalid is an error about what somebody typed into a field.
func invalid(field, op, thing, cause, remedy string) error {
	return inField(field, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New(cause), Remedy: remedy})
}

// refuse shows the form that was refused once more, as it was sent, on the page that it was on. Where there is no such page the error is shown by itself.
func (p *Pages) refuse(c *call, err error) {
	show := p.pageOf(c)
	if show == nil || c.htmx() {
		c.fail(err)
		return
	}
	c.refused = err
	if other := show(c); other != nil { // what it was about is not there, or is not for them
		c.refused = nil
		c.fail(err)
	}
}

// pageOf is the page that a form was on, nil if it is on many. Most are on the page that they are sent to.
func (p *Pages) pageOf(c *call) func(*call) error {
	_, pattern, _ := strings.Cut(c.r.Pattern, " ")
	switch pattern {
	case "/sync/start", "/sync/stop", "/items/{item}/enabled", "/handler/order", "/handler/forget", "/undo": // buttons; nothing was typed
		return nil
	case "/places/pick":
		return p.pickAgain
	case "/questions":
		return p.conflicts
	case "/devices/{user}/{id}/policy":
		return p.device
	case "/bounds":
		return p.people
	case "/people/{user}/password", "/people/{user}/factors", "/people/{user}/bounds":
		return p.person
	case "/people/{user}/mail", "/people/{user}/invitations", "/people/{user}/away", "/people/{user}/filter":
		if c.form("back") == "/settings/mail" && c.r.PathValue("user") == c.frame.Person.User.Name {
			return p.ownMail
		}
		return p.person
	case "/mail/{id}":
		return p.ownMail
	case "/app-passwords", "/app-passwords/revoke":
		return p.appPasswordsAgain
	case "/settings/look", "/settings/password", "/settings/visits":
		return p.settings
	case "/settings/codes/recovery", "/settings/codes/remove":
		return p.codes
	case "/settings/notify/server", "/settings/notify/test", "/settings/notify/browser":
		return p.notify
	case "/settings/webhooks/private":
		return p.webhooks
	}
	return p.routes()["GET "+pattern]
}

// appPasswordsAgain is the page from which an app password was asked for.
func (p *Pages) appPasswordsAgain(c *call) error {
	user, own := c.form("user"), c.frame.Person.User.Name
	switch {
	case user != "" && user != own:
		c.r.SetPathValue("user", user)
		return p.person(c)
	case c.form("for") != "":
		return p.phone(c)
	}
	return p.settings(c)
}

// asSent has pages look for what their address says in the form that was refused, too, whose hidden fields repeat it.
func (c *call) asSent(name string) url.Values {
	if c.refused == nil || c.r.URL.Query().Has(name) {
		return c.r.URL.Query()
	}
	return c.r.PostForm
}

// saidBy is what an error says of what was typed, as it was typed.
func saidBy(err error) string {
	out := err.Error()
	var e *tandem.Error
	if errors.As(err, &e) {
		out += " " + e.Op + " " + e.Thing
	}
	return strings.ReplaceAll(out, `\"`, `"`)
}

// ofOption finds the option of a place that an error is about.
var ofOption = regexp.MustCompile(`read option ([a-z0-9-]+): `)

// fieldsOf are the fields that an error may be about, by what the hub says that is wrong: the first that a form has is.
func fieldsOf(err error) []string {
	var w wrong
	if errors.As(err, &w) {
		return []string{w.field}
	}
	said := err.Error()
	for _, one := range []struct {
		says   string
		fields []string
	}{
		{"passwords are not taken", []string{"path"}}, {"a password in an address", []string{"url"}}, {"no http address", []string{"url"}},
		{"a user needs a name", []string{"name"}}, {"a name has", []string{"name"}}, {"a name begins", []string{"name"}}, {"a full name has", []string{"title"}}, {"no mail address", []string{"address"}},
		{"a password has", []string{"password"}}, {"not your own password", []string{"old"}}, {"the two passwords differ", []string{"again"}},
		{"no port", []string{"port"}}, {"it has no host", []string{"host"}}, {"the name of the server", []string{"host"}}, {"no name or number of a computer", []string{"host"}}, {"tls is ", []string{"tls"}},
		{"a number of devices", []string{"max"}}, {"a rule needs to say", []string{"access"}}, {"a text of a rule", []string{"note"}},
		{"is not an answer", []string{"answer", "take"}}, {"this is no name", []string{"name"}}, {"it needs a label", []string{"label"}}, {"what a link is for", []string{"label"}},
	} {
		if strings.Contains(said, one.says) {
			return one.fields
		}
	}
	if m := ofOption.FindStringSubmatch(said); m != nil {
		return []string{"o-" + m[1]}
	}
	var e *tandem.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Op {
	case "read schedule", "read when news are told":
		return []string{"schedule", "when", "news"}
	case "read the version for conflict":
		return []string{"body"}
	case "read rule", "change notifications: set":
		return []string{e.Thing, "*-" + e.Thing}
	}
	return nil
}

// beside puts what was sent back into the form that was refused, and what was wrong with it beside the field.
func (c *call) beside(page *bytes.Buffer, problem *problem) (*bytes.Buffer, error) {
	said, err := c.execute("problem", problem)
	if err != nil {
		return nil, err
	}
	out, err := refill.Fill(page.Bytes(), refill.Form{Path: c.r.URL.EscapedPath(), Sent: c.r.PostForm, Fields: fieldsOf(c.refused), Said: saidBy(c.refused), Problem: said.Bytes()})
	return bytes.NewBuffer(out), err
}
