package center

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/provider"
	"tandem/store"
)

// Accounts is the part of Service about accounts of mail: partners whose folders the hub keeps in step with mail folders of a user, whatever folders come and go
// on either side.
type Accounts interface {
	// FollowFolders makes an account of a partner, and pairs its folders with mail folders of the user, which are made if need be. Exists: it is one.
	FollowFolders(ctx context.Context, f Follow) error
	// Folders tells how an account's folders stand. Invalid: the partner is no account.
	Folders(ctx context.Context, partner string) ([]FolderStatus, error)
	// AnswerFolders answers what was held: the folders are removed on the other side, too, or, with restore, put back where they were removed.
	AnswerFolders(ctx context.Context, partner string, restore bool) error
	// SetFolders says when an account's folders, and the messages in those that say nothing of their own, are kept in step, as package when reads it. "": whenever something
	// changes.
	SetFolders(ctx context.Context, partner, when string) error
	// UnfollowFolders ends it. Folders and messages stay where they are, on both sides.
	UnfollowFolders(ctx context.Context, partner string) error
}

// Follow describes an account.
type Follow struct {
	Partner string
	User    string // whose mail it is; "" where there is only one

	// Under is the beginning of the names of the account's folders in the hub: with "work", its folder "Lists" is "work/Lists". "" chooses: the first account of a
	// user has its folders beside the inbox, further ones below their partner's name.
	Under string
}

// FolderStatus is one folder of an account.
type FolderStatus struct {
	Path string // at the place
	Home string // the name of the mail folder of the hub, "" where it was removed
	Role string `json:",omitempty"`
	Item string
	Held string `json:",omitempty"` // what waits for an answer, in words
	When string `json:",omitempty"` // when the account is kept in step; "": whenever something changes
}

// account is an account as it is kept, in a value of the store.
type mailAccount struct {
	User  string
	Under string  `json:",omitempty"`
	When  string  `json:",omitempty"` // when its folders are kept in step, as package when reads it; "": whenever something changes
	Left  []int64 `json:",omitempty"` // mail folders that were there before: they are no part of the account
	name  string  // of the partner
}

// folder is what is known of one folder of an account: how both sides last agreed to call it. It is kept in a value of the store by the name of its item.
type folder struct {
	Partner    string
	Collection int64
	Sub        string // of the item
	Path       string // at the place, as provider.Found.Name
	Stable     string `json:",omitempty"`
	Name       string // of the collection
	Role       string `json:",omitempty"` // what it is for; its two names have nothing to do with each other then
	Held       string `json:",omitempty"` // "home" or "place": that side's is to be removed, and a person must say so
	item       string
}

const (
	valueAccount = "account "
	valueFolder  = "folder "
)

func encodeValue(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // plain data always can
		return ""
	}
	return string(b)
}

// accounts reads the accounts there are.
func (h *Hub) accounts(ctx context.Context) ([]mailAccount, error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	var out []mailAccount
	for k, v := range values {
		if name, ok := strings.CutPrefix(k, valueAccount); ok {
			a := mailAccount{name: name}
			if err := json.Unmarshal([]byte(v), &a); err != nil {
				return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read account", Thing: name, Err: err}
			}
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b mailAccount) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

func (h *Hub) account(ctx context.Context, partner string) (mailAccount, error) {
	all, err := h.accounts(ctx)
	if err != nil {
		return mailAccount{}, err
	}
	for _, a := range all {
		if a.name == partner {
			return a, nil
		}
	}
	if _, err := h.partner(ctx, partner); err != nil { // names those there are
		return mailAccount{}, err
	}
	return mailAccount{}, &tandem.Error{Kind: tandem.Invalid, Op: "find account", Thing: partner, Err: errors.New("the folders of this partner are not kept in step"),
		Remedy: "begin with `tandem item add --all " + partner + "`"}
}

// folders reads what is known of an account's folders, by path.
func (h *Hub) folders(ctx context.Context, partner string) ([]folder, error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	var out []folder
	for k, v := range values {
		item, ok := strings.CutPrefix(k, valueFolder)
		if !ok {
			continue
		}
		f := folder{item: item}
		if err := json.Unmarshal([]byte(v), &f); err != nil {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read folder of account", Thing: item, Err: err}
		}
		if f.Partner == partner {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b folder) int { return strings.Compare(a.Path+"\x00"+a.item, b.Path+"\x00"+b.item) })
	return out, nil
}

func (h *Hub) putFolder(ctx context.Context, f folder) error {
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueFolder + f.item: encodeValue(f)})
}

func (h *Hub) forgetFolder(ctx context.Context, f folder) error {
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueFolder + f.item: ""})
}

// FollowFolders implements Service.
func (h *Hub) FollowFolders(ctx context.Context, f Follow) error {
	p, err := h.partner(ctx, f.Partner)
	if err != nil {
		return err
	}
	prov, err := h.cfg.Places.Provider(p.Provider)
	if err != nil {
		return err
	}
	if prov.List == nil || !slices.Contains(prov.Kinds, tandem.Mail) {
		return &tandem.Error{Kind: tandem.Invalid, Op: "follow folders of", Thing: f.Partner, Err: errors.New("it has no folders of mail"), Remedy: "pair it with `tandem item add HOME-COLLECTION " + f.Partner + "`"}
	}
	if err := checkUnder(f.Under); err != nil {
		return err
	}
	all, err := h.accounts(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(a mailAccount) bool { return a.name == p.Name }) {
		return &tandem.Error{Kind: tandem.Exists, Op: "follow folders of", Thing: p.Name, Err: errors.New("that is done already"), Remedy: "look with `tandem partner folders " + p.Name + "`"}
	}
	if _, err := h.listFolders(ctx, p); err != nil { // before anything is written
		return err
	}
	user, err := h.user(ctx, firstText(f.User, p.User))
	if err != nil {
		return err
	}
	a := mailAccount{User: user, Under: strings.Trim(f.Under, "/"), name: p.Name}
	if a.Under == "" && slices.ContainsFunc(all, func(o mailAccount) bool { return o.User == user && o.Under == "" }) {
		a.Under = p.Name
	}
	colls, err := h.cfg.Store.Home.Collections(ctx, user)
	if err != nil {
		return err
	}
	for _, c := range colls {
		if c.Kind == tandem.Mail && mailbox.RoleOf(c) == mailbox.Folder {
			a.Left = append(a.Left, c.ID)
		}
	}
	if err := h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueAccount + p.Name: encodeValue(a)}); err != nil {
		return err
	}
	err = h.follow(ctx, a, unanswered)
	h.keepAccount(a) // what failed is tried again
	return err
}

// checkUnder checks the beginning of the names of an account's folders: names of folders, with slashes between them.
func checkUnder(under string) error {
	bad := func(why string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "follow folders under", Thing: fmt.Sprintf("%q", under), Err: errors.New(why), Remedy: "give names of folders, with slashes between them"}
	}
	trimmed := strings.Trim(under, "/")
	switch {
	case trimmed == "":
		return nil
	case len(trimmed) > 200:
		return bad("it is longer than 200 bytes")
	case !utf8.ValidString(trimmed) || strings.ContainsFunc(trimmed, unicode.IsControl):
		return bad("it holds what is no letter")
	}
	for part := range strings.SplitSeq(trimmed, "/") {
		if part != strings.TrimSpace(part) || part == "" || part == "." || part == ".." {
			return bad("one of its parts is no name")
		}
	}
	return nil
}

// Folders implements Service.
func (h *Hub) Folders(ctx context.Context, partner string) ([]FolderStatus, error) {
	a, err := h.account(ctx, partner)
	if err != nil {
		return nil, err
	}
	list, err := h.folders(ctx, partner)
	if err != nil {
		return nil, err
	}
	colls, err := h.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return nil, err
	}
	out := make([]FolderStatus, 0, len(list))
	for _, f := range list {
		st := FolderStatus{Path: f.Path, Role: f.Role, Item: f.item, Held: heldText(f), When: a.When}
		for _, c := range colls {
			if c.ID == f.Collection {
				st.Home = c.Title()
			}
		}
		out = append(out, st)
	}
	return out, nil
}

// heldText says what waits for an answer.
func heldText(f folder) string {
	switch f.Held {
	case heldHome:
		return "removed at the place; removing it here waits for an answer"
	case heldPlace:
		return "removed here; removing it at the place waits for an answer"
	}
	return ""
}

// AnswerFolders implements Service.
func (h *Hub) AnswerFolders(ctx context.Context, partner string, restore bool) error {
	a, err := h.account(ctx, partner)
	if err != nil {
		return err
	}
	if restore {
		return h.follow(ctx, a, putBack)
	}
	return h.follow(ctx, a, goAhead)
}

// UnfollowFolders implements Service.
func (h *Hub) UnfollowFolders(ctx context.Context, partner string) error {
	a, err := h.account(ctx, partner)
	if err != nil {
		return err
	}
	h.unkeepAccount(a.name)
	list, err := h.folders(ctx, partner)
	if err != nil {
		return err
	}
	if err := h.leave(ctx, a, list); err != nil {
		return err
	}
	for _, f := range list {
		if err := h.removeItem(ctx, f.item); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
		if err := h.forgetFolder(ctx, f); err != nil {
			return err
		}
	}
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueAccount + a.name: ""})
}

// withoutAccounts is Busy while a user who is to be removed has accounts: what is at a place must not follow the user's folders.
func (h *Hub) withoutAccounts(ctx context.Context, user string) error {
	list, err := h.accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.User == user {
			return &tandem.Error{Kind: tandem.Busy, Op: "remove user", Thing: user, Err: errors.New("the folders of the account " + a.name + " are kept in step"), Remedy: "end that first: tandem partner folders " + a.name + " --stop"}
		}
	}
	return nil
}

// leave keeps the collections of an account that ends out of the user's other accounts.
func (h *Hub) leave(ctx context.Context, ends mailAccount, list []folder) error {
	all, err := h.accounts(ctx)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, o := range all {
		if o.name == ends.name || o.User != ends.User {
			continue
		}
		for _, f := range list {
			o.Left = append(o.Left, f.Collection)
		}
		values[valueAccount+o.name] = encodeValue(o)
	}
	return h.cfg.Store.Settings.PutValues(ctx, values)
}

// checkAccounts adds to a check-up how the mail accounts stand.
func (h *Hub) checkAccounts(ctx context.Context, user string, out []Check) ([]Check, error) {
	all, err := h.accounts(ctx)
	if err != nil {
		return out, err
	}
	for _, a := range all {
		if user != "" && !strings.EqualFold(a.User, user) {
			continue
		}
		list, err := h.Folders(ctx, a.name)
		if err != nil {
			return out, err
		}
		held := 0
		for _, f := range list {
			if f.Held != "" {
				held++
			}
		}
		h.mu.Lock()
		failing := h.failing[a.name].text
		h.mu.Unlock()
		c := Check{Name: "account " + a.name, User: a.User, Level: "ok", Text: fmt.Sprintf("%d folders are kept in step", len(list))}
		switch {
		case failing != "":
			c.Level, c.Text, c.Remedy = "warn", failing, "it is tried again; see `tandem log`"
		case held > 0:
			c.Level, c.Text, c.Remedy = "warn", fmt.Sprintf("%d removed folders wait for an answer", held), "see them with `tandem partner folders "+a.name+"`"
		}
		out = append(out, c)
	}
	return out, nil
}

// listFolders lists a partner's mail folders. An error concludes nothing.
func (h *Hub) listFolders(ctx context.Context, p store.Partner) ([]provider.Found, error) {
	place, prov, err := h.accountPlace(p)
	if err != nil {
		return nil, err
	}
	env, err := h.envFor(ctx, place)
	if err != nil {
		return nil, err
	}
	found, err := prov.List(ctx, place, env)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(f provider.Found) bool { return f.Kind != tandem.Mail }), nil
}

func (h *Hub) accountPlace(p store.Partner) (provider.Place, *provider.Provider, error) {
	place, err := h.cfg.Places.ParsePlace(p.Place)
	if err != nil {
		return place, nil, err
	}
	prov, err := h.cfg.Places.Provider(p.Provider)
	return place, prov, err
}

// withFolders opens a partner's folders for being changed.
func (h *Hub) withFolders(ctx context.Context, p store.Partner, do func(provider.Folders) error) error {
	place, prov, err := h.accountPlace(p)
	if err != nil {
		return err
	}
	if prov.Folders == nil {
		return &tandem.Error{Kind: tandem.Denied, Op: "change folders of", Thing: p.Name, Err: errors.New("this place has no folders that could be made or removed from here")}
	}
	env, err := h.envFor(ctx, place)
	if err != nil {
		return err
	}
	f, err := prov.Folders(ctx, place, env)
	if err != nil {
		return err
	}
	if c, ok := f.(io.Closer); ok {
		defer c.Close()
	}
	return do(f)
}
