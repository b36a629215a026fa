package page

import (
	"fmt"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tandem/center"
	"tandem/store"
)

// phonePage is how a phone gets connected: what to type there, where, and whether it has come by.
type phonePage struct {
	For         string   // which sort of phone: one of phoneSorts, or "" while none is chosen
	Sorts       []option // to choose from
	Host, Port  string   // of the hub, as phones type them
	Server      string   // both
	Secure      bool     // phones can connect to the address at all
	Near        bool     // the address leads to this computer, wherever it is typed
	Fingerprint string   // of the authority that a phone has to be told to trust; "": a public one vouches for the hub
	Address     string   // the person's mail address, "" where they have none
	Label       string   // for an app password
	Made        *center.AppPassword
	Code        string // where the QR code is
	Setup       string // where it leads
	Since       int64  // when the page was opened, Unix seconds
	Seen        phonesSeen
}

// phonesSeen are the person's phones that came by since a page was opened.
type phonesSeen struct {
	New   []phoneSeen // for the first time
	Again []phoneCard // those that were known before
	Since int64
}

// State is the same as long as the same is told.
func (d phonesSeen) State() string {
	var b strings.Builder
	for _, x := range d.New {
		fmt.Fprintf(&b, "%s %v %d %d;", x.Device.ID, x.Held, len(x.Parts), x.Synced)
	}
	for _, x := range d.Again {
		fmt.Fprintf(&b, "%s;", x.Device.ID)
	}
	return token(b.String())
}

// Fetching reports whether a phone has logged in and synced nothing so far. That is looked up every now and then: a phone that syncs tells nobody.
func (d phonesSeen) Fetching() bool {
	return slices.ContainsFunc(d.New, func(x phoneSeen) bool { return !x.Held && x.Synced == 0 })
}

// phoneSeen is a phone that came by for the first time.
type phoneSeen struct {
	phoneCard
	Held   bool
	Parts  []part // what it syncs
	Synced int    // how many of them have synced
}

// phoneSorts are the sorts of phones that have steps of their own.
func phoneSorts(chosen string) []option {
	list := []option{{"ios", "iPhone, iPad", false}, {"android", "Android", false}}
	for i := range list {
		list[i].Chosen = list[i].Value == chosen
	}
	return list
}

// phone says how a phone gets connected.
func (p *Pages) phone(c *call) error { return p.showPhone(c, c.query("for"), nil) }

// showPhone shows the steps for a sort of phone, with an app password if one was just made.
func (p *Pages) showPhone(c *call, sort string, made *center.AppPassword) error {
	d, err := p.phonePage(c, sort)
	if err != nil {
		return err
	}
	d.Made = made
	c.frame.Live = true
	return c.show("devices", c.words.T("Connect a phone"), "phone", d)
}

func (p *Pages) phonePage(c *call, sort string) (*phonePage, error) {
	d := &phonePage{Sorts: phoneSorts(sort), Fingerprint: p.cfg.Fingerprint, Since: p.cfg.Now().Unix(), Code: "/setup/qr.svg", Setup: "/setup"}
	if slices.ContainsFunc(d.Sorts, func(o option) bool { return o.Chosen }) {
		d.For = sort
	}
	if at, err := strconv.ParseInt(c.r.FormValue("since"), 10, 64); err == nil && at > 0 && at < d.Since {
		d.Since = at
	}
	d.where(c.r, p.cfg.Base)
	user := c.frame.Person.User
	for _, a := range []string{user.Address, user.Name} {
		if m, err := mail.ParseAddress(a); err == nil && d.Address == "" {
			d.Address = m.Address
		}
	}
	q := url.Values{}
	if d.For != "" {
		q.Set("for", d.For)
	}
	if d.Address != "" {
		q.Set("address", d.Address)
	}
	if len(q) > 0 {
		d.Code, d.Setup = d.Code+"?"+q.Encode(), d.Setup+"?"+q.Encode()
	}
	known, err := p.settingsOfPerson(c)
	if err != nil {
		return nil, err
	}
	d.Label = freeLabel(map[string]string{"ios": "iPhone", "android": "Android"}[d.For], known.Apps)
	d.Seen, err = p.phonesSeen(c, d.Since)
	return d, err
}

// where says what address phones type.
func (d *phonePage) where(r *http.Request, base func(*http.Request) string) {
	if base == nil {
		return
	}
	u, err := url.Parse(base(r))
	if err != nil {
		return
	}
	d.Host, d.Port, d.Server, d.Secure = u.Hostname(), u.Port(), u.Host, u.Scheme == "https"
	if d.Port == "" {
		d.Port = "443"
	}
	ip := net.ParseIP(d.Host)
	d.Near = d.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// freeLabel is a name for an app password that is not taken.
func freeLabel(want string, have []store.Login) string {
	if want == "" {
		return ""
	}
	label := want
	for i := 2; slices.ContainsFunc(have, func(l store.Login) bool { return strings.EqualFold(l.Label, label) }); i++ {
		label = fmt.Sprintf("%s %d", want, i)
	}
	return label
}

// phonesSeen are the person's phones that came by since a moment.
func (p *Pages) phonesSeen(c *call, since int64) (phonesSeen, error) {
	out := phonesSeen{Since: since}
	list, err := c.hub.ListDevices(c.r.Context(), c.frame.Person.User.Name)
	if err != nil {
		return out, err
	}
	for _, s := range list {
		card := phoneCard{s, p.deviceLook(c.words, s), deviceName(s.Device)}
		switch {
		case s.Device.User != c.frame.Person.User.Name || s.Device.Seen < since:
		case s.Device.Added < since:
			out.Again = append(out.Again, card)
		default:
			one := phoneSeen{phoneCard: card, Held: s.Device.Access != store.Allowed}
			if x, err := c.hub.FindHandler(c.r.Context(), deviceHandler(s.Device)); err == nil {
				one.Parts = p.cardOf(c.words, x, nil).Others
				for _, it := range x.Items {
					if it.LastSync != 0 {
						one.Synced++
					}
				}
			}
			out.New = append(out.New, one)
		}
	}
	return out, nil
}

// phoneSeen is the part of the page that says whether the phone has come by.
func (p *Pages) phoneSeen(c *call) error {
	since, err := strconv.ParseInt(c.query("since"), 10, 64)
	if err != nil {
		since = p.cfg.Now().Unix()
	}
	d, err := p.phonesSeen(c, since)
	if err != nil {
		return err
	}
	if !c.htmx() {
		return c.away("/phone?"+url.Values{"for": {c.query("for")}, "since": {strconv.FormatInt(since, 10)}}.Encode(), "")
	}
	if c.query("have") == d.State() { // what is read out is not read out again
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return c.part("phone-seen", d)
}
