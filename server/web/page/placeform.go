package page

import (
	"context"
	"errors"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/center"
	"tandem/provider"
)

// placeForm is the form made from a provider's declaration.
type placeForm struct {
	Provider *provider.Provider
	Icon     string
	Path     string
	Name     string
	Basic    []placeOption
	Advanced []placeOption
	Open     bool // the advanced ones
	Found    []provider.Found
	Tried    bool
	Text     string // the place that was tried
	Homes    map[tandem.Kind][]string
	Kept     map[string]string // those of Found that are kept in step already
	Kinds    []tandem.Kind
}

// placeOption is one option with what was typed.
type placeOption struct {
	provider.Option
	ID, Label, Value string
}

func (p *Pages) providerOf(c *call) (*placeForm, error) {
	prov, err := p.cfg.Places.Provider(c.r.PathValue("provider"))
	if err != nil {
		return nil, err
	}
	if prov.Name == "home" { // the hub itself is no place to add
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find provider", Thing: prov.Name}
	}
	if !c.admin() {
		b, err := c.hub.BoundsOf(c.r.Context(), c.frame.Person.User.Name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(b.Providers, prov.Name) {
			return nil, &tandem.Error{Kind: tandem.Denied, Op: "name place", Thing: prov.Name, Err: errors.New("the administrator allows no places of this sort"), Remedy: "ask one to allow it, or to add the place"}
		}
	}
	d := &placeForm{Provider: prov, Icon: providerIcon(prov.Describe()), Path: c.form("path"), Name: c.form("name"), Kinds: prov.Kinds}
	d.options(c, func(o provider.Option) string { return o.Default })
	return d, nil
}

// options fills the form: with what was typed, or else with what an option is now.
func (d *placeForm) options(c *call, now func(provider.Option) string) {
	for _, o := range d.Provider.Options {
		if o.Name == provider.OnBehalf || o.Machine && !c.admin() { // the hub sets it, or refuses it
			continue
		}
		po := placeOption{Option: o, ID: "o-" + o.Name, Label: optionWords(c.words, o.Name), Value: now(o)}
		if c.r.PostForm.Has(po.ID) {
			po.Value = c.form(po.ID)
		} else if o.Type == "bool" && c.r.Method == "POST" { // not ticked
			po.Value = "false"
			if o.Default != "true" {
				po.Value = o.Default
			}
		}
		if o.Name == "kind" || o.Name == "user" || o.Name == "password" || o.Name == "read-only" {
			d.Basic = append(d.Basic, po)
		} else {
			d.Advanced = append(d.Advanced, po)
			d.Open = d.Open || po.Value != o.Default
		}
	}
}

func (p *Pages) partnerForm(c *call) error {
	d, err := p.providerOf(c)
	if err != nil {
		return err
	}
	return c.show("center", d.Provider.Title, "partner-form", d)
}

// Example is a place as somebody would type it behind the provider's name. A path that hangs on where one stands is none.
func (d *placeForm) Example() string {
	for _, example := range d.Provider.Examples {
		_, rest, _ := strings.Cut(example, ":")
		if rest, _, _ = strings.Cut(rest, "?"); !strings.HasPrefix(rest, ".") {
			return strings.TrimPrefix(rest, "//")
		}
	}
	return ""
}

// text is the place that a form describes, without secrets.
func (d *placeForm) text() string {
	where := strings.TrimPrefix(d.Path, d.Provider.Name+":")
	if !d.Provider.Local {
		for _, scheme := range []string{"https:", "http:"} {
			where = strings.TrimPrefix(where, scheme)
		}
		if !strings.HasPrefix(where, "//") && !mailAddress(where) && !d.Provider.Address {
			where = "//" + where
		}
	}
	if !d.Provider.Address {
		where = escapePlace(where)
	}
	var query []string
	for _, o := range slices.Concat(d.Basic, d.Advanced) {
		if !o.Secret && o.Value != o.Default && o.Value != "" {
			query = append(query, o.Name+"="+escapePlace(o.Value))
		}
	}
	text := d.Provider.Name + ":" + where
	if len(query) > 0 {
		text += "?" + strings.Join(query, "&")
	}
	return text
}

// mailAddress reports whether what was typed is a mail address, whose domain says where its server is, and not a user at a server.
func mailAddress(text string) bool {
	_, host, ok := strings.Cut(text, "@")
	return ok && strings.Contains(host, ".") && !strings.ContainsAny(host, "/:") && net.ParseIP(host) == nil
}

// escapePlace writes what means something in the text of a place. Package provider
func escapePlace(s string) string {
	return strings.NewReplacer("%", "%25", "?", "%3F", "&", "%26").Replace(s)
}

// tryTime is how long a place may take to answer.
const tryTime = 60 * time.Second

// look lists the collections of a place or partner, opened with what the person typed or what is kept.
func (c *call) look(l center.Look) ([]provider.Found, error) {
	ctx, cancel := context.WithTimeout(c.r.Context(), tryTime)
	defer cancel()
	found, err := c.hub.LookAt(ctx, l)
	for i, f := range found {
		if f.Name == f.Place { // one that is always a single collection
			where, _, _ := strings.Cut(f.Place, "?")
			found[i].Name = path.Base(strings.TrimPrefix(where, schemeOf(where)+":"))
		}
	}
	return found, err
}

// Keeps reports whether the hub keeps a secret for such places.
func (d *placeForm) Keeps() bool {
	return slices.ContainsFunc(d.Provider.Options, func(o provider.Option) bool { return o.Secret })
}

// deniedAt says that a password is at fault where a place lets nobody in who has this one.
func (d *placeForm) deniedAt(err error) error {
	for _, o := range d.Basic {
		if o.Secret && tandem.IsKind(err, tandem.Denied) {
			return inField(o.ID, err)
		}
	}
	if fieldsOf(err) == nil { // what cannot be reached is not where somebody said
		return inField("path", err)
	}
	return err
}

// tryPartner tries the place of a form, and says what is there.
func (p *Pages) tryPartner(c *call) error {
	d, err := p.providerOf(c)
	if err != nil {
		return err
	}
	title := d.Provider.Title
	if d.Path == "" {
		err := invalid("path", "add place", "", "no address was typed", "type where it is")
		return c.again(err, "center", title, "partner-form", d)
	}
	d.Text = d.text()
	l := center.Look{Place: d.Text, Secrets: map[string]string{}, Keep: true}
	for _, o := range d.Provider.Options {
		if o.Secret {
			l.Secrets[o.Name] = c.r.PostFormValue("o-" + o.Name)
		}
	}
	found, err := c.look(l)
	if err != nil {
		return c.again(d.deniedAt(err), "center", title, "partner-form", d)
	}
	d.Found, d.Tried = found, true
	if place, err := p.cfg.Places.ParsePlace(d.Text); err == nil && d.Name == "" {
		d.Name = suggest(place)
	}
	if d.Homes, err = p.homes(c); err != nil {
		return err
	}
	return c.show("center", title, "partner-form", d)
}
