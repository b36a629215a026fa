package page

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/provider"
	"tandem/store"
)

// choosable are the providers that somebody can add a place of, grouped for people.
type choosable struct {
	provider.Description
	Icon string
}

func (p *Pages) chooseProvider(c *call) error {
	return c.show("center", c.words.T("Add a place"), "choose-provider", p.sorts(c))
}

// sorts are the sorts of places that can be added.
func (p *Pages) sorts(c *call) []group {
	all := p.cfg.Places.Describe()
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(d provider.Description) bool { return d.Name == name })
	}
	groups := []group{{}, {Title: c.words.T("Without encryption, within your own network only")}}
	for _, d := range all {
		i := 0
		if has(d.Name + "s") { // its twin is encrypted
			i = 1
		}
		if d.Name != "home" {
			groups[i].List = append(groups[i].List, choosable{d, partnerIcon(d.Name)})
		}
	}
	if len(groups[1].List) == 0 {
		groups = groups[:1]
	}
	slices.SortStableFunc(groups[0].List, func(a, b choosable) int { return cmp.Compare(order(a.Icon), order(b.Icon)) })
	return groups
}

// group is some providers under a heading.
type group struct {
	Title string
	List  []choosable
}

// order has sorts of places follow each other as most people would look for them.
func order(icon string) int {
	list := []string{"cloud-contact", "cloud-event", "cloud-file", "feed", "mail", "folder", "cards", "mailbox", "sms"}
	if i := slices.Index(list, icon); i >= 0 {
		return i
	}
	return len(list)
}

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
	d := &placeForm{Provider: prov, Icon: partnerIcon(prov.Name), Path: c.form("path"), Name: c.form("name"), Kinds: prov.Kinds}
	for _, o := range prov.Options {
		if o.Name == provider.OnBehalf || o.Machine && !c.admin() { // the hub sets it, or refuses it
			continue
		}
		po := placeOption{Option: o, ID: "o-" + o.Name, Label: optionWords(c.words, o.Name), Value: o.Default}
		if c.r.PostForm.Has(po.ID) {
			po.Value = c.form(po.ID)
		} else if o.Type == "bool" && c.r.Method == "POST" {
			po.Value = "false"
		}
		if o.Name == "kind" || o.Name == "user" || o.Name == "password" || o.Name == "read-only" {
			d.Basic = append(d.Basic, po)
		} else {
			d.Advanced = append(d.Advanced, po)
			d.Open = d.Open || po.Value != o.Default
		}
	}
	return d, nil
}

func (p *Pages) partnerForm(c *call) error {
	d, err := p.providerOf(c)
	if err != nil {
		return err
	}
	return c.show("center", d.Provider.Title, "partner-form", d)
}

// Example is a place as somebody would type it behind the provider's name.
func (d *placeForm) Example() string {
	if len(d.Provider.Examples) == 0 {
		return ""
	}
	_, rest, _ := strings.Cut(d.Provider.Examples[0], ":")
	rest, _, _ = strings.Cut(rest, "?")
	return strings.TrimPrefix(rest, "//")
}

// text is the place that a form describes, without secrets.
func (d *placeForm) text() string {
	where := strings.TrimPrefix(d.Path, d.Provider.Name+":")
	if !d.Provider.Local {
		for _, scheme := range []string{"https:", "http:"} {
			where = strings.TrimPrefix(where, scheme)
		}
		mailAddress := strings.Contains(where, "@") && !strings.Contains(where, "/")
		if !strings.HasPrefix(where, "//") && !mailAddress && !d.Provider.Address {
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

// escapePlace writes what means something in the text of a place. Package provider
func escapePlace(s string) string {
	return strings.NewReplacer("%", "%25", "?", "%3F", "&", "%26").Replace(s)
}

// allowPlaces refuses who may not make the hub look at places: a folder of the hub's computer is whoever's.
func (c *call) allowPlaces() error {
	if c.admin() {
		return nil
	}
	return &tandem.Error{Kind: tandem.Denied, Op: "add partner", Err: errors.New("only administrators may name places, which may be folders of the hub's computer"), Remedy: "ask an administrator"}
}

// tryPartner tries the place of a form, and says what is there.
func (p *Pages) tryPartner(c *call) error {
	d, err := p.providerOf(c)
	if err != nil {
		return err
	}
	title := d.Provider.Title
	if err := c.allowPlaces(); err != nil {
		return c.again(err, "center", title, "partner-form", d)
	}
	if d.Path == "" {
		err := &tandem.Error{Kind: tandem.Invalid, Op: "try", Thing: title, Err: errors.New("no address was typed"), Remedy: "type where it is"}
		return c.again(err, "center", title, "partner-form", d)
	}
	s := &trial{used: map[string]string{}, typed: map[string]string{}, kept: p.kept}
	for _, o := range d.Provider.Options {
		if o.Secret {
			s.typed[o.Name] = c.r.PostFormValue("o-" + o.Name)
		}
	}
	d.Text = d.text()
	found, err := p.look(c.r.Context(), d.Text, s)
	if err != nil {
		return c.again(err, "center", title, "partner-form", d)
	}
	for name, secret := range s.used {
		if err := c.hub.KeepSecret(c.r.Context(), name, secret); err != nil {
			return c.again(err, "center", title, "partner-form", d)
		}
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

// homes are the person's own collections by kind.
func (p *Pages) homes(c *call) (map[tandem.Kind][]string, error) {
	list, err := c.hub.ListCollections(c.r.Context(), c.frame.Person.User.Name)
	out := map[tandem.Kind][]string{}
	for _, s := range list {
		if s.Right == "own" {
			out[s.Collection.Kind] = append(out[s.Collection.Kind], s.Collection.Name)
		}
	}
	return out, err
}

// suggest makes a name for a partner of its place.
func suggest(p provider.Place) string {
	base := path.Base(strings.TrimRight(p.Path, "/"))
	if u, err := url.Parse("x:" + p.Path); err == nil && u.Host != "" {
		base = u.Hostname()
	} else if _, host, ok := strings.Cut(p.Path, "@"); ok {
		base = host
	}
	var b strings.Builder
	for _, r := range strings.ToLower(base) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r > 0x9f {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-.")
}

// addPartner makes the partner, and an item for each collection that was picked. They run once the person has said how the sides meet.
func (p *Pages) addPartner(c *call) error {
	if err := c.allowPlaces(); err != nil {
		return err
	}
	ctx, user := c.r.Context(), c.frame.Person.User.Name
	name, picked := c.form("partner"), []int{}
	for i := range c.r.PostForm["place"] {
		if c.form(fmt.Sprintf("pick-%d", i)) == "yes" {
			picked = append(picked, i)
		}
	}
	if len(picked) == 0 {
		return &tandem.Error{Kind: tandem.Invalid, Op: "add", Thing: c.form("name"), Err: errors.New("no collection was picked"), Remedy: "go back and pick at least one"}
	}
	known := name != ""
	if !known {
		added, err := c.hub.AddPartner(ctx, user, c.form("name"), c.form("text"))
		if err != nil {
			return err
		}
		name = added.Name
	}
	var items []string
	for _, i := range picked {
		it, err := p.addItem(c, name, i)
		if err != nil {
			if len(items) == 0 && !known { // a partner of which nothing could be paired is no use
				return errors.Join(err, c.hub.RemovePartner(ctx, name))
			}
			return err
		}
		items = append(items, it.Name)
	}
	return c.away("/places/first?"+url.Values{"item": items}.Encode(), "")
}

// addItem pairs one collection of the form, for the time being to be run by hand.
func (p *Pages) addItem(c *call, partner string, i int) (store.Item, error) {
	place, home := c.r.PostForm["place"][i], c.form(fmt.Sprintf("home-%d", i))
	if home == "" {
		home = c.form(fmt.Sprintf("new-%d", i))
	}
	n := center.NewItem{Home: home, Kind: c.form(fmt.Sprintf("kind-%d", i)), Partner: partner, Mode: center.Manual, User: c.frame.Person.User.Name}
	text := c.form("text")
	if place != text {
		sub, ok := below(text, place)
		if ok {
			n.Sub = sub
		} else {
			n.Partner = place // a place of its own, which becomes a partner
		}
	}
	return c.hub.AddItem(c.r.Context(), n)
}

// below is the part of a place that leads from another to it.
func below(top, place string) (string, bool) {
	a, q, _ := strings.Cut(top, "?")
	b, r, _ := strings.Cut(place, "?")
	rest, ok := strings.CutPrefix(b, strings.TrimRight(a, "/")+"/")
	return strings.Trim(rest, "/"), ok && q == r && strings.Trim(rest, "/") != ""
}

// picking is what was found at a place, to be picked from.
type picking struct {
	Found []provider.Found
	Homes map[tandem.Kind][]string
	Kinds []tandem.Kind
	Text  string
}

// partner is the page of a partner: its handler, what is stored about it, and what could be paired.
func (p *Pages) partner(c *call) error {
	ctx, name := c.r.Context(), c.r.PathValue("partner")
	known, err := c.partnerNamed(name)
	if err != nil {
		return err
	}
	d, err := p.handlerPage(c, name)
	if err != nil {
		return err
	}
	d.Home = &known
	if c.query("look") != "" { // its collections are asked for
		if err := c.allowPlaces(); err != nil {
			return err
		}
		found := picking{Text: known.Place}
		if prov, err := p.cfg.Places.Provider(known.Provider); err == nil {
			found.Kinds = prov.Kinds
		}
		if found.Found, err = p.look(ctx, known.Place, &trial{used: map[string]string{}, kept: p.kept}); err != nil {
			d.Err = c.problemOf(err)
		} else {
			d.Pick = &found
		}
		if found.Homes, err = p.homes(c); err != nil {
			return err
		}
	}
	c.frame.Live = true
	return c.show("center", name, "handler", d)
}

func (c *call) partnerNamed(name string) (store.Partner, error) {
	list, err := c.hub.ListPartners(c.r.Context())
	if err != nil {
		return store.Partner{}, err
	}
	for _, p := range list {
		if p.Name == name {
			return p, nil
		}
	}
	return store.Partner{}, &tandem.Error{Kind: tandem.NotFound, Op: "find partner", Thing: name}
}

func (p *Pages) askRemovePartner(c *call) error {
	known, err := c.partnerNamed(c.r.PathValue("partner"))
	if err != nil {
		return err
	}
	t, at := c.words.T, "/partners/"+url.PathEscape(known.Name)
	return c.show("center", t("Remove %s?", known.Name), "ask", ask{Question: t("Remove the partner %s?", known.Name),
		Text:   t("Its sync items are removed, too. The records stay where they are, here and there. They are no longer kept in step."),
		Action: at + "/remove", Yes: t("Remove %s", known.Name), Back: at})
}

func (p *Pages) removePartner(c *call) error {
	ctx, name := c.r.Context(), c.r.PathValue("partner")
	items, err := c.hub.ListItems(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Partner == name {
			if err := c.hub.RemoveItem(ctx, it.Name); err != nil {
				return err
			}
		}
	}
	if err := c.hub.RemovePartner(ctx, name); err != nil {
		return err
	}
	return c.away("/", "removed")
}
