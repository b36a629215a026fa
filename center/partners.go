package center

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tandem"
	"tandem/center/handler"
	"tandem/provider"
	"tandem/store"
)

// AddPartner implements Service.
func (h *Hub) AddPartner(ctx context.Context, user, name, text string) (store.Partner, error) {
	place, err := h.cfg.Places.ParsePlace(text)
	if err != nil {
		return store.Partner{}, err
	}
	have, err := h.cfg.Store.Settings.Partners(ctx)
	if err != nil {
		return store.Partner{}, err
	}
	taken := func(n string) bool {
		_, ok := findPartner(have, n)
		return ok || h.isProvider(n)
	}
	if name == "" {
		name = freeName(slug(callPlace(place)), taken)
	} else if err := checkName("partner", name); err != nil {
		return store.Partner{}, err
	} else if h.isProvider(name) {
		return store.Partner{}, &tandem.Error{Kind: tandem.Invalid, Op: "add partner", Thing: name, Err: fmt.Errorf("this is the name of a provider"), Remedy: "choose another name"}
	} else if taken(name) {
		return store.Partner{}, &tandem.Error{Kind: tandem.Exists, Op: "add partner", Thing: name, Remedy: "choose another name, or remove that partner first"}
	}
	prov, err := h.cfg.Places.Provider(place.Provider)
	if err != nil {
		return store.Partner{}, err
	}
	if user, err = h.ownerOf(ctx, user); err != nil {
		return store.Partner{}, err
	}
	p := store.Partner{Name: name, User: user, Provider: place.Provider, Place: place.Text, Title: prov.Title, Added: h.now(), Bounded: place.Options[provider.OnBehalf] != ""}
	return p, h.cfg.Store.Settings.PutPartner(ctx, p)
}

// ownerOf settles who owns a new partner: who was named, or the only user.
func (h *Hub) ownerOf(ctx context.Context, name string) (string, error) {
	if name != "" {
		u, err := h.cfg.Store.Accounts.User(ctx, name)
		return u.Name, err
	}
	users, err := h.cfg.Store.Accounts.Users(ctx)
	if err == nil && len(users) == 1 {
		name = users[0].Name
	}
	return name, err
}

// ListPartners implements Service.
func (h *Hub) ListPartners(ctx context.Context) ([]store.Partner, error) {
	return h.cfg.Store.Settings.Partners(ctx)
}

// SetPartner implements Service.
func (h *Hub) SetPartner(ctx context.Context, name string, set map[string]string) (store.Partner, error) {
	p, err := h.partner(ctx, name)
	if err != nil {
		return store.Partner{}, err
	}
	place, err := h.cfg.Places.Reset(p.Place, set)
	if err != nil {
		return store.Partner{}, err
	}
	if was, err := h.cfg.Places.ParsePlace(p.Place); err != nil || was.Options[provider.OnBehalf] != place.Options[provider.OnBehalf] {
		return store.Partner{}, &tandem.Error{Kind: tandem.Denied, Op: "change partner", Thing: name, Err: fmt.Errorf("on whose behalf it is opened is not changed"), Remedy: "add another partner"}
	}
	if p.Bounded {
		if err := h.cfg.Places.MayBe(place); err != nil {
			return store.Partner{}, err
		}
	}
	if err := h.holdsData(place); err != nil {
		return store.Partner{}, err
	}
	before := p.Place
	p.Place = place.Text
	if err := h.cfg.Store.Settings.PutPartner(ctx, p); err != nil {
		return store.Partner{}, err
	}
	if err := h.leaveLogins(ctx, before); err != nil { // it may be at another server now
		return store.Partner{}, err
	}
	return p, h.keepAnew(ctx, name)
}

// maxCalled bounds what a partner is called, in characters.
const maxCalled = 80

// CallPartner implements Service.
func (h *Hub) CallPartner(ctx context.Context, name, title string) (store.Partner, error) {
	p, err := h.partner(ctx, name)
	if err != nil {
		return store.Partner{}, err
	}
	title = strings.TrimSpace(title)
	if !utf8.ValidString(title) || utf8.RuneCountInString(title) > maxCalled || strings.ContainsFunc(title, unicode.IsControl) {
		return store.Partner{}, &tandem.Error{Kind: tandem.Invalid, Op: "call partner", Thing: name, Err: errors.New("this is no title"), Remedy: fmt.Sprintf("use at most %d characters on one line", maxCalled)}
	}
	if title == p.Name {
		title = ""
	}
	p.Called = title
	if err := h.cfg.Store.Settings.PutPartner(ctx, p); err != nil {
		return store.Partner{}, err
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	for _, it := range items {
		if it.Partner == name {
			h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
		}
	}
	return p, err
}

// keepAnew has what hangs on a partner follow its settings.
func (h *Hub) keepAnew(ctx context.Context, partner string) error {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Partner == partner {
			h.unkeep(it.Name)
			h.keep(it)
			h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
		}
	}
	h.unkeepAccount(partner)
	accounts, err := h.accounts(ctx)
	for _, a := range accounts {
		if a.name == partner {
			h.keepAccount(a)
		}
	}
	return err
}

// RemovePartner implements Service.
func (h *Hub) RemovePartner(ctx context.Context, name string) error {
	if _, err := h.account(ctx, name); err == nil {
		return &tandem.Error{Kind: tandem.Busy, Op: "remove partner", Thing: name, Err: fmt.Errorf("its folders are kept in step"), Remedy: fmt.Sprintf("end that first: tandem partner folders %s --stop", name)}
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Partner == name {
			return &tandem.Error{Kind: tandem.Busy, Op: "remove partner", Thing: name, Err: fmt.Errorf("the item %s uses it", it.Name), Remedy: fmt.Sprintf("remove that first: tandem item remove %s", it.Name)}
		}
	}
	p, err := h.partner(ctx, name)
	if err != nil {
		return err
	}
	if err := h.mayDo(ctx, name, name, handler.Delete); err != nil {
		return err
	}
	if err := h.leaveLogins(ctx, p.Place); err != nil {
		return err
	}
	if err := h.cfg.Store.Settings.RemovePartner(ctx, name); err != nil {
		return err
	}
	return h.forgetHandler(ctx, name)
}

func (h *Hub) partner(ctx context.Context, name string) (store.Partner, error) {
	have, err := h.cfg.Store.Settings.Partners(ctx)
	if err != nil {
		return store.Partner{}, err
	}
	if p, ok := findPartner(have, name); ok {
		return p, nil
	}
	names := make([]string, 0, len(have))
	for _, p := range have {
		names = append(names, p.Name)
	}
	return store.Partner{}, notFound("partner", name, names, "tandem partner add")
}

func findPartner(list []store.Partner, name string) (store.Partner, bool) {
	for _, p := range list {
		if p.Name == name {
			return p, true
		}
	}
	return store.Partner{}, false
}

func (h *Hub) isProvider(name string) bool {
	_, err := h.cfg.Places.Provider(name)
	return err == nil
}

// notFound names what exists, or how to make the first.
func notFound(what, name string, have []string, add string) error {
	remedy := fmt.Sprintf("there are %s", strings.Join(have, ", "))
	switch len(have) {
	case 0:
		remedy = fmt.Sprintf("there is none yet; add one with `%s`", add)
	case 1:
		remedy = "there is " + have[0]
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "find " + what, Thing: name, Err: fmt.Errorf("there is no %s of this name", what), Remedy: remedy}
}

// checkName holds names to what can be typed without quoting and told from places and options.
func checkName(what, name string) error {
	ok := name != "" && len(name) <= 64 && name[0] != '-'
	for _, r := range name {
		ok = ok && (r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r > 0x9f)
	}
	if !ok {
		remedy := "use letters, digits, '-', '_' and '.'"
		if user, own, cut := strings.Cut(name, "/"); cut {
			remedy += fmt.Sprintf("; if it is %s of the user %s, say so with --user %s", own, user, user)
		}
		return &tandem.Error{Kind: tandem.Invalid, Op: "name " + what, Thing: fmt.Sprintf("%q", name), Err: fmt.Errorf("not usable as a name"), Remedy: remedy}
	}
	return nil
}

// slug makes a name of a text.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if checkName("", string(r)) == nil {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	out := strings.Trim(b.String(), "-.")
	if out == "" || len(out) > 40 {
		return "place"
	}
	return out
}

func freeName(name string, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for i := 2; ; i++ {
		if n := name + "-" + strconv.Itoa(i); !taken(n) {
			return n
		}
	}
}

// callPlace is what a person would call a place: the last part of its path, or the server if that is a number or an identifier that nobody chose.
func callPlace(p provider.Place) string {
	last := lastPart(p)
	if strings.ContainsFunc(last, func(r rune) bool { return unicode.IsLetter(r) && !strings.ContainsRune("abcdefABCDEF", r) }) {
		return last
	}
	if u, err := url.Parse("x:" + p.Path); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return last
}

func lastPart(p provider.Place) string {
	base := path.Base(strings.ReplaceAll(strings.TrimRight(p.Path, "/"), `\`, "/"))
	if base == "." || base == "/" || base == "" {
		return p.Provider
	}
	return base
}

// subPlace is a collection at a partner: its place with sub below the path.
func (h *Hub) subPlace(text, sub string) (provider.Place, error) {
	if sub != "" {
		if path.Clean("/"+sub) != "/"+strings.Trim(sub, "/") || strings.ContainsAny(sub, "?#") { // no options come in this way
			return provider.Place{}, tandem.Errorf(tandem.Invalid, "%q is not the name of a collection below %s", sub, text)
		}
		where, query, has := strings.Cut(text, "?")
		text = strings.TrimRight(where, "/") + "/" + strings.Trim(sub, "/")
		if has {
			text += "?" + query
		}
	}
	return h.cfg.Places.ParsePlace(text)
}
