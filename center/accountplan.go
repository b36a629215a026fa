package center

import (
	"iter"
	"slices"
	"strings"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/provider"
)

// What is decided about the folders of an account is a function of four lists: the folders that the place has, the mail folders that the user has, those that are
// known to be pairs, and those that other partners are paired with. Both first lists are complete, or nothing is decided at all.

// view is what a plan is made of.
type view struct {
	account mailAccount
	known   []folder
	found   []provider.Found
	colls   []tandem.Collection // the user's, of kind mail
	taken   map[int64]bool      // collections that items of other partners use
	ours    map[int64]bool      // collections whose folder has another path because we renamed one above it
	others  []string            // what the names of folders of the user's other accounts begin with
}

// stepKind is what one step does.
type stepKind uint8

const (
	stepPair        stepKind = iota + 1 // the folder with the collection, which are both there
	stepMakeHome                        // a collection for the folder
	stepMakePlace                       // a folder for the collection
	stepNote                            // that the folder is known by something else now
	stepPark                            // gives a collection that is renamed another name for the time being, since its own is wanted
	stepRenameHome                      // the collection, as the folder was
	stepRenamePlace                     // the folder, as the collection was
	stepDropHome                        // the collection, as the folder is gone
	stepDropPlace                       // the folder, as the collection is gone
	stepForget                          // both are gone
)

// step is one line of a plan.
type step struct {
	do    stepKind
	known folder // all but stepPair, stepMakeHome and, for a new one, stepMakePlace
	found provider.Found
	coll  tandem.Collection
	name  string // stepMakeHome, stepRenameHome: of the collection
	path  string // stepMakePlace, stepRenamePlace: of the folder
	role  string // what the pair is for
}

// plan decides. What removes comes last.
func (v *view) plan() []step {
	p := planner{view: v, left: slices.Clone(v.found), byID: map[int64]tandem.Collection{}, paired: map[int64]bool{}}
	for _, c := range v.colls {
		p.byID[c.ID] = c
	}
	matches := p.match()
	for i, k := range v.known {
		p.decide(k, matches[i])
	}
	p.settleNames()
	for _, f := range p.left {
		p.arrived(f)
	}
	for _, c := range v.colls {
		p.made(c)
	}
	return append(p.steps, p.drops...)
}

// planner is a plan in the making.
type planner struct {
	*view
	left   []provider.Found // those that belong to no pair yet
	byID   map[int64]tandem.Collection
	paired map[int64]bool
	steps  []step
	drops  []step
}

// match finds the folder of each known pair: by the place's own identity, else by its path, unless an identity says that it is another.
func (p *planner) match() []*provider.Found {
	out := make([]*provider.Found, len(p.known))
	take := func(i int, is func(f provider.Found) bool) {
		if at := slices.IndexFunc(p.left, is); out[i] == nil && at >= 0 {
			f := p.left[at]
			out[i], p.left = &f, slices.Delete(p.left, at, at+1)
		}
	}
	for i, k := range p.known {
		take(i, func(f provider.Found) bool { return k.Stable != "" && f.Stable == k.Stable })
	}
	for i, k := range p.known {
		take(i, func(f provider.Found) bool { return f.Name == k.Path })
	}
	return out
}

// decide meets one known pair.
func (p *planner) decide(k folder, f *provider.Found) {
	c, here := p.byID[k.Collection]
	switch {
	case here:
		p.paired[c.ID] = true
	case f != nil && k.Role != "": // a folder that is for something always has a counterpart
		p.steps = append(p.steps, step{do: stepForget, known: k})
		p.left = append(p.left, *f)
		return
	case f != nil:
		p.drops = append(p.drops, step{do: stepDropPlace, known: k, found: *f})
		return
	default:
		p.steps = append(p.steps, step{do: stepForget, known: k})
		return
	}
	if f == nil {
		if k.Role != "" {
			p.steps = append(p.steps, step{do: stepMakePlace, known: k, coll: c, path: k.Path, role: k.Role})
			return
		}
		p.drops = append(p.drops, step{do: stepDropHome, known: k, coll: c})
		return
	}
	s := step{do: stepNote, known: k, found: *f, coll: c, role: k.Role}
	switch {
	case k.Role != "":
	case f.Name != k.Path && !(p.ours[k.Collection] && c.Name != k.Name): // also where both were renamed
		if s.name = p.homeName(f.Name); s.name != c.Name {
			s.do = stepRenameHome
		}
	case c.Name != k.Name:
		s.do, s.path = stepRenamePlace, p.placePath(c)
	}
	if s.do != stepNote || f.Name != k.Path || f.Stable != k.Stable || c.Name != k.Name || k.Held != "" {
		p.steps = append(p.steps, s)
	}
}

// settleNames finds names for the collections that are renamed, where those they should have are taken: by one that is renamed, too, or for good.
func (p *planner) settleNames() {
	renamed := map[int64]bool{}
	for _, s := range p.steps {
		renamed[s.coll.ID] = renamed[s.coll.ID] || s.do == stepRenameHome
	}
	var parked []step
	for i := range p.steps {
		s := &p.steps[i]
		if s.do != stepRenameHome {
			continue
		}
		if c, ok := p.named(s.name); ok && c.ID != s.coll.ID && renamed[c.ID] {
			parked = append(parked, step{do: stepPark, coll: c, name: p.freeName(c.Name+" (moving)", c.ID)})
			continue
		}
		s.name = p.freeName(s.name, s.coll.ID)
	}
	p.steps = append(parked, p.steps...)
}

// arrived meets a folder that belongs to no pair.
func (p *planner) arrived(f provider.Found) {
	if f.Role != "" {
		if c, ok := p.ofRole(f.Role); ok {
			if !p.taken[c.ID] && !p.paired[c.ID] {
				p.paired[c.ID] = true
				p.steps = append(p.steps, step{do: stepPair, found: f, coll: c, role: f.Role})
				return
			}
		} else if p.account.Under == "" {
			p.steps = append(p.steps, step{do: stepMakeHome, found: f, role: f.Role})
			return
		}
	}
	name := p.homeName(f.Name)
	if c, ok := p.named(name); ok && p.couldBe(c) { // also one that was there before the account, as the inbox was
		p.paired[c.ID] = true
		p.steps = append(p.steps, step{do: stepPair, found: f, coll: c})
		return
	}
	p.steps = append(p.steps, step{do: stepMakeHome, found: f, name: p.freeName(name, 0)})
}

// made meets a collection that belongs to no pair.
func (p *planner) made(c tandem.Collection) {
	if !p.mine(c) {
		return
	}
	role := string(mailbox.RoleOf(c))
	if role != "" && p.account.Under != "" {
		return
	}
	p.paired[c.ID] = true
	p.steps = append(p.steps, step{do: stepMakePlace, coll: c, path: p.placePath(c), role: role})
}

// mine tells whether a collection that is in no pair is part of the account.
func (p *planner) mine(c tandem.Collection) bool {
	return p.couldBe(c) && !slices.Contains(p.account.Left, c.ID)
}

// couldBe tells whether a collection that is in no pair may be paired with a folder of the account.
func (p *planner) couldBe(c tandem.Collection) bool {
	if p.taken[c.ID] || p.paired[c.ID] || mailbox.RoleOf(c) == mailbox.Outbox {
		return false
	}
	if p.account.Under != "" {
		return strings.HasPrefix(c.Name, p.account.Under+"/")
	}
	return !slices.ContainsFunc(p.others, func(o string) bool { return strings.HasPrefix(c.Name, o+"/") })
}

func (p *planner) ofRole(role string) (tandem.Collection, bool) {
	i := slices.IndexFunc(p.colls, func(c tandem.Collection) bool { return string(mailbox.RoleOf(c)) == role })
	if i < 0 {
		return tandem.Collection{}, false
	}
	return p.colls[i], true
}

func (p *planner) named(name string) (tandem.Collection, bool) {
	i := slices.IndexFunc(p.colls, func(c tandem.Collection) bool { return c.Name == name })
	if i < 0 {
		return tandem.Collection{}, false
	}
	return p.colls[i], true
}

// homeName is what a folder of the place is called here. A slash within one level's name becomes one that looks alike.
func (p *planner) homeName(path string) string {
	unescape := strings.NewReplacer("%2F", "∕", "%25", "%")
	for there, here := range p.special() {
		if rest, ok := strings.CutPrefix(path, there+"/"); ok {
			return here + "/" + unescape.Replace(rest)
		}
	}
	name := unescape.Replace(path)
	if p.account.Under != "" {
		return p.account.Under + "/" + name
	}
	return name
}

// placePath is what a collection is called at the place.
func (p *planner) placePath(c tandem.Collection) string {
	name, above := c.Name, ""
	for there, here := range p.special() {
		if rest, ok := strings.CutPrefix(name, here+"/"); ok {
			name, above = rest, there+"/"
			break
		}
	}
	if p.account.Under != "" {
		name = strings.TrimPrefix(name, p.account.Under+"/")
	}
	var levels []string
	for l := range strings.SplitSeq(name, "/") {
		if l = strings.TrimSpace(l); l != "" {
			levels = append(levels, strings.NewReplacer("%", "%25", "∕", "%2F").Replace(l))
		}
	}
	return above + strings.Join(levels, "/")
}

// special yields the folders that are for something, which are not called the same on both sides: their paths there and their names here. Paths in the inbox are alike.
func (p *planner) special() iter.Seq2[string, string] {
	return func(yield func(path, name string) bool) {
		for _, k := range p.known {
			c, ok := p.byID[k.Collection]
			if k.Role != "" && k.Role != string(mailbox.Inbox) && ok && !yield(k.Path, c.Name) {
				return
			}
		}
		for _, f := range p.found { // about to be paired
			if f.Role == "" || f.Role == string(mailbox.Inbox) || p.account.Under != "" {
				continue
			}
			name := mailbox.NameOf(mailbox.Role(f.Role))
			if c, ok := p.ofRole(f.Role); ok {
				name = c.Name
			}
			if name != "" && !yield(f.Name, name) {
				return
			}
		}
	}
}

// freeName is a name, or one like it, that no collection has but the one with this id.
func (p *planner) freeName(name string, but int64) string {
	taken := func(n string) bool {
		c, ok := p.named(n)
		return ok && c.ID != but
	}
	if !taken(name) {
		return name
	}
	return freeName(name+" ("+p.account.name+")", taken)
}
