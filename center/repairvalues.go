package center

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tandem/internal/atomicfile"
	"tandem/partner/account"
	"tandem/store"
)

// Leftover is something left over that the center cannot know of, and how it is mended.
type Leftover struct {
	store.Dangling
	Mend func() error
}

// known is what names in values and secrets may lead to.
type knownNames struct {
	users, items, partners, hooks map[string]bool
	places                        []string // in lower case
	secrets                       []string // their names
}

func (r *repairer) knownNames(ctx context.Context) (k knownNames, err error) {
	k = knownNames{users: map[string]bool{}, items: map[string]bool{}, partners: map[string]bool{}, hooks: map[string]bool{}}
	users, err := r.cfg.Store.Accounts.Users(ctx)
	if err != nil {
		return k, err
	}
	for _, u := range users {
		k.users[strings.ToLower(u.Name)] = true
	}
	items, err := r.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return k, err
	}
	for _, it := range items {
		k.items[it.Name] = true
	}
	partners, err := r.cfg.Store.Settings.Partners(ctx)
	if err != nil {
		return k, err
	}
	for _, p := range partners {
		k.partners[p.Name] = true
		k.places = append(k.places, strings.ToLower(p.Place))
	}
	pairs, err := r.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return k, err
	}
	for _, p := range pairs {
		k.places = append(k.places, strings.ToLower(p.Key))
	}
	if r.cfg.Secrets != nil {
		if k.secrets, err = r.cfg.Secrets.Names(ctx); err != nil {
			return k, err
		}
	}
	hooks, err := r.cfg.Store.Hooks.Hooks(ctx, "*")
	for _, h := range hooks {
		k.hooks[strconv.FormatInt(h.ID, 10)] = true
	}
	return k, err
}

// names finds values, secrets and notices that are about what is gone.
func (r *repairer) names(ctx context.Context) error {
	k, err := r.knownNames(ctx)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context, knownNames) error{r.values, r.secrets, r.notices} {
		if err := part(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// values finds what the hub remembers of items, partners and users that are gone.
func (r *repairer) values(ctx context.Context, k knownNames) error {
	values, err := r.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return err
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		text := ""
		if item, ok := strings.CutPrefix(name, questionName); ok && !k.items[item] {
			text = "a question about a plan of an item that is gone; it is forgotten"
		} else if item, ok := strings.CutPrefix(name, valueFolder); ok && !k.items[item] {
			text = "a note on a folder whose item is gone; it is forgotten, and the account's next look finds the folder anew"
		} else if partner, ok := strings.CutPrefix(name, valueAccount); ok && !k.partners[partner] {
			text = "a note that the folders of a partner are kept in step, which is gone; it is forgotten"
		} else if rest, ok := strings.CutPrefix(name, kindRuleName); ok {
			if _, user, _ := strings.Cut(rest, "/"); user != Everybody && !k.users[strings.ToLower(user)] {
				text = "a rule of conflicts of a user who is gone; it is forgotten"
			}
		} else if secret, ok := strings.CutPrefix(name, valueLoginLeft); ok && !slices.Contains(k.secrets, secret) {
			text = "a note on a login that is forgotten; it is, too"
		}
		if text != "" {
			r.add(store.Dangling{Sort: "setting", Thing: name, Text: text, Count: 1}, func() error { return r.cfg.Store.Settings.PutValues(ctx, map[string]string{name: ""}) })
		}
	}
	return nil
}

// secrets finds those of users, webhooks and places that are gone. What the hub itself has, and what cannot be told, stays.
func (r *repairer) secrets(ctx context.Context, k knownNames) error {
	if r.cfg.Secrets == nil {
		return nil
	}
	names, err := r.cfg.Secrets.Names(ctx)
	if err != nil {
		return err
	}
	values, err := r.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		text := k.unused(name)
		if ofPlace(name) != "" && text != "" {
			mark, err := r.sealedMark(ctx, name)
			if err != nil {
				return err
			}
			if values[valueLoginLeft+name] != mark { // no partner was at it yet, or somebody logged in anew: it may be about to be used
				continue
			}
		}
		if text != "" {
			r.add(store.Dangling{Sort: "secret", Thing: name, Text: text, Count: 1}, func() error {
				if err := r.cfg.Secrets.Put(ctx, name, ""); err != nil {
					return err
				}
				return r.cfg.Store.Settings.PutValues(ctx, map[string]string{valueLoginLeft + name: ""})
			})
		}
	}
	return nil
}

// valueLoginLeft begins the names of values that note which logins a partner used that is gone: the secret's name follows. The value is what the secret was then.
const valueLoginLeft = "login left "

// sealedMark tells one keeping of a secret from another, without telling the secret: each is sealed anew.
func (h *Hub) sealedMark(ctx context.Context, name string) (string, error) {
	sealed, err := h.cfg.Store.Secrets.Secret(ctx, name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(sealed)
	return hex.EncodeToString(sum[:]), nil
}

// leaveLogins notes the logins that were for a place which a partner is at no longer, so that a repair may forget them. One that was kept before any partner was at its
// place is not among them, nor is one that is kept anew afterwards.
func (h *Hub) leaveLogins(ctx context.Context, place string) error {
	if h.cfg.Secrets == nil {
		return nil
	}
	names, err := h.cfg.Secrets.Names(ctx)
	if err != nil {
		return err
	}
	marks := map[string]string{}
	for _, name := range names {
		if host := ofPlace(name); host == "" || !strings.Contains(strings.ToLower(place), host) {
			continue
		}
		if marks[valueLoginLeft+name], err = h.sealedMark(ctx, name); err != nil {
			return err
		}
	}
	if len(marks) == 0 {
		return nil
	}
	return h.cfg.Store.Settings.PutValues(ctx, marks)
}

// ofPlace is the domain of the servers that a secret is for: "password of anna at dav.example.org", as providers call them; "" if it is no such secret.
func ofPlace(name string) string {
	for _, prefix := range []string{account.UserSecrets, "submission/", "sieve/", "webhook/"} {
		if strings.HasPrefix(name, prefix) {
			return ""
		}
	}
	i := strings.LastIndex(name, " at ")
	if i < 0 || !strings.Contains(name[:i], " of ") {
		return ""
	}
	return domainOf(name[i+len(" at "):])
}

// unused says why nothing asks for a secret any longer: "" where something does, or where that cannot be told.
func (k knownNames) unused(name string) string {
	const ofUser = "a secret of a user who is gone; it is forgotten"
	for _, prefix := range []string{account.UserSecrets, "submission/", "sieve/"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if user, _, _ := strings.Cut(rest, "/"); !k.users[strings.ToLower(user)] {
				return ofUser
			}
			return ""
		}
	}
	if id, ok := strings.CutPrefix(name, "webhook/"); ok {
		if !k.hooks[id] {
			return "the key of a webhook that is gone; it is forgotten"
		}
		return ""
	}
	if host := ofPlace(name); host == "" || slices.ContainsFunc(k.places, func(place string) bool { return strings.Contains(place, host) }) {
		return ""
	}
	return "a password or login for a server that a partner was at which is gone; it is forgotten, and asked for when one is there again"
}

// domainOf is what the places of one owner's servers have in common: a place may name another host of it, which leads there.
func domainOf(host string) string {
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	labels := strings.Split(host, ".")
	if n := len(labels); n > 2 && strings.Trim(host, "0123456789.") != "" {
		labels = labels[n-2:]
	}
	return strings.Join(labels, ".")
}

// notices finds open ones about items that are gone. Others are about devices and people.
func (r *repairer) notices(ctx context.Context, k knownNames) error {
	list, err := r.cfg.Store.Notices.Notices(ctx, "")
	if err != nil {
		return err
	}
	var gone []int64
	var names []string
	for _, n := range list {
		if n.Sort != "device" && n.Item != "" && !k.items[n.Item] && !k.partners[n.Item] {
			gone = append(gone, n.ID)
			if !slices.Contains(names, n.Item) {
				names = append(names, n.Item)
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	r.add(store.Dangling{Sort: "notice", Thing: strings.Join(names, ", "), Text: "notices about items that are gone; they are closed", Count: len(gone)},
		func() error { return r.cfg.Store.Notices.ChangeNotices(ctx, store.NoticeChange{Solved: gone}) })
	return nil
}

// ownFiles finds files in the making in the data folder, and what the program that runs the hub knows of.
func (r *repairer) ownFiles(ctx context.Context) error {
	if r.cfg.Dir != "" {
		for _, dir := range []string{r.cfg.Dir, filepath.Join(r.cfg.Dir, "tls"), filepath.Join(r.cfg.Dir, "tls", "acme")} {
			n, size, err := leftIn(dir, r.cfg.Now().Add(-leftAge))
			if err != nil || n == 0 {
				continue // the folder need not be there
			}
			r.add(store.Dangling{Sort: "leftover", Thing: dir, Text: "files in the making that an interrupted write left in the data folder; they are removed", Count: n, Bytes: size}, func() error { return atomicfile.Sweep(dir, leftAge) })
		}
	}
	if r.cfg.Left == nil {
		return nil
	}
	list, err := r.cfg.Left(ctx)
	for _, l := range list {
		r.add(l.Dangling, func() error {
			if err := l.Mend(); !os.IsNotExist(err) {
				return err
			}
			return nil
		})
	}
	return err
}
