package folders

import (
	"context"
	"slices"
	"strings"

	"tandem"
	"tandem/partner/access"
	"tandem/partner/mailbox"
	"tandem/wire/wbxml"
)

// Folders of mail lie within each other as their names say: "Projects/House" lies in "Projects", as at the places that they come from (provider.Found.Name). A slash
// within the name of one level is a sign that looks alike.
const (
	between = "/"
	slash   = "∕"
	inbox   = "INBOX" // what the folder for what comes in is called in paths, whatever its own name. RFC 9051 5.1
)

// level is a name as one level of a path, and leaf what is shown of it.
func level(name string) string { return strings.ReplaceAll(name, between, slash) }
func leaf(level string) string { return strings.ReplaceAll(level, slash, between) }

// nested reports whether a collection has its place in the tree: a mail folder of the user's own, for nothing in particular.
func nested(c access.Reach) bool {
	return c.Kind == tandem.Mail && c.Owned && mailbox.RoleOf(c.Collection) == ""
}

// tree knows the mail folders of a user by their paths.
type tree struct {
	shown []access.Reach
	at    map[string]access.Reach
}

func treeOf(shown []access.Reach) *tree {
	t := &tree{shown: shown, at: map[string]access.Reach{}}
	for _, c := range shown {
		if c.Kind == tandem.Mail && c.Owned {
			t.at[path(c)] = c
		}
	}
	return t
}

// path is where a mail folder of the user's own lies.
func path(c access.Reach) string {
	if mailbox.RoleOf(c.Collection) == mailbox.Inbox {
		return inbox
	}
	return c.Name
}

// place is the folder in which another lies, and what it is called there: in the nearest that is there.
func (t *tree) place(c access.Reach) (parent, name string) {
	if !nested(c) {
		return "", Name(c.Collection)
	}
	above, below := "", c.Name
	for i, r := range c.Name {
		if string(r) != between || i == 0 || i+1 == len(c.Name) {
			continue
		}
		p, ok := t.at[c.Name[:i]]
		if !ok && strings.EqualFold(c.Name[:i], inbox) {
			p, ok = t.at[inbox]
		}
		if ok && p.ID != c.ID {
			above, below = ID(p.ID), c.Name[i+1:]
		}
	}
	if c.Props["title"] != "" {
		return above, Name(c.Collection)
	}
	return above, leaf(below)
}

// below are the folders within one, at any depth, those deepest in it first.
func (t *tree) below(id string) (out []access.Reach) {
	for _, c := range t.shown {
		if parent, _ := t.place(c); parent == id {
			out = append(append(out, t.below(ID(c.ID))...), c)
		}
	}
	return out
}

// free reports whether no other folder than those in but has a path.
func (t *tree) free(path string, but ...access.Reach) bool {
	for _, c := range t.shown {
		if c.Kind == tandem.Mail && c.Owned && c.Name == path && !slices.ContainsFunc(but, func(b access.Reach) bool { return b.ID == c.ID }) {
			return false
		}
	}
	return true
}

// Below are the folders that lie within one, at any depth, as a user sees them.
func (s *Service) Below(ctx context.Context, user string, collection int64) ([]access.Reach, error) {
	all, err := s.Access.Reachable(ctx, user)
	if err != nil {
		return nil, err
	}
	return treeOf(all).below(ID(collection)), nil
}

// parent checks the folder in which another of a kind is to be, and tells its id, "" for the root, and what is before the names of those in it. A status tells why it
// cannot be.
func (e *edit) parent(t *tree, k tandem.Kind) (id, prefix, status string) {
	id = e.r.Body.Get(wbxml.FolderHierarchyParentId)
	if id == Root || id == "" {
		return "", "", ""
	}
	if !slices.ContainsFunc(e.has, func(f Folder) bool { return f.ID == id }) {
		return "", "", statusParent
	}
	for _, c := range t.shown {
		if ID(c.ID) != id {
			continue
		}
		if c.Kind != tandem.Mail || !c.Owned || k != tandem.Mail {
			return "", "", statusSpecial // no folders within folders, but for mail
		}
		return id, path(c) + between, ""
	}
	if id == Recipients {
		return "", "", statusSpecial
	}
	return "", "", statusParent
}

// move gives a mail folder another path, and those within it with it. It comes first itself, since places move what is in a folder with it; done again after
// it was cut short, it goes on with the rest.
func (e *edit) move(ctx context.Context, t *tree, c access.Reach, to string) (status string, err error) {
	was := []string{c.Name}
	if known := e.knownPath(ID(c.ID)); known != c.Name && t.free(known) {
		was = append(was, known)
	}
	type step struct {
		c  access.Reach
		to string
	}
	var steps []step
	if c.Name != to || c.Props["title"] != "" {
		steps = append(steps, step{c, to})
	}
	for _, kid := range t.shown {
		for _, old := range was {
			if rest, ok := strings.CutPrefix(kid.Name, old+between); ok && old != to && nested(kid) && kid.ID != c.ID {
				steps = append(steps, step{kid, to + between + rest})
				break
			}
		}
	}
	var moving []access.Reach
	for _, s := range steps {
		moving = append(moving, s.c)
	}
	for _, s := range steps {
		if !t.free(s.to, moving...) {
			return statusExists, nil
		}
	}
	for _, s := range steps {
		now := s.c.Collection
		now.Name = s.to
		if s.c.ID == c.ID {
			_, err = e.Access.Change(ctx, e.r.User.Name, c.ID, map[string]string{"name": s.to})
		} else {
			_, err = e.Home.PutCollection(ctx, now)
		}
		switch {
		case tandem.IsKind(err, tandem.Exists):
			return statusExists, nil
		case tandem.IsKind(err, tandem.NotFound) && s.c.ID != c.ID: // gone this moment
		case err != nil:
			return "", err
		}
	}
	return "", nil
}

// knownPath is where the device believes a folder to lie.
func (e *edit) knownPath(id string) string {
	var levels []string
	for range e.has {
		i := slices.IndexFunc(e.has, func(f Folder) bool { return f.ID == id })
		if i < 0 {
			break
		}
		levels = append(levels, level(e.has[i].Name))
		id = e.has[i].Parent
	}
	slices.Reverse(levels)
	return strings.Join(levels, between)
}

// depth is how many folders a folder of a list lies in.
func depth(list map[string]Folder, f Folder) (n int) {
	for n < len(list) && f.Parent != "" {
		f, n = list[f.Parent], n+1
	}
	return n
}
