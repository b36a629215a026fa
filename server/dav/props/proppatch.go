package props

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// maxProperty is the size in bytes of the largest property that a client may leave.
const maxProperty = 256 << 10

// instruction is one property to set or, without a value, to remove. RFC 4918 14.26, 14.23
type instruction struct {
	name  davxml.Name
	value *davxml.Element
}

// instructions reads what is to be done, in order.
func instructions(root *davxml.Element) (list []instruction, err error) {
	for e := range root.Elements() {
		remove := e.Name == davxml.D("remove")
		if !remove && e.Name != davxml.D("set") {
			continue
		}
		prop := e.Child(davxml.D("prop"))
		for p := range prop.Elements() {
			in := instruction{name: p.Name}
			if !remove {
				in.value = inherit(p, prop, e, root)
			}
			list = append(list, in)
		}
	}
	if len(list) == 0 {
		return nil, davxml.Failf(http.StatusBadRequest, "no property is named")
	}
	return list, nil
}

// inherit gives a property the language of what is around it. RFC 4918 4.3
func inherit(p *davxml.Element, around ...*davxml.Element) *davxml.Element {
	lang := davxml.Name{Space: xmlSpace, Local: "lang"}
	for _, e := range append([]*davxml.Element{p}, around...) {
		for _, a := range e.Attrs {
			if a.Name != lang {
				continue
			}
			if e == p {
				return p
			}
			with := *p
			with.Attrs = append([]davxml.Attr{a}, p.Attrs...)
			return &with
		}
	}
	return p
}

// patch gathers the changes of one request, so that they are made together or not at all.
type patch struct {
	ctx      context.Context
	svc      *Service
	res      *proto.Resource
	author   store.Author
	dead     map[string]string // by key; "": remove
	attr     map[string]string // attributes of a file
	col      *tandem.Collection
	share    *store.Share
	calendar int64   // the default calendar to be, 0: as it is
	me       *string // the user's own card
}

// result is what became of one instruction.
type result struct {
	name davxml.Name
	err  *davxml.Condition // nil: done
}

// Proppatch implements proto.Method. RFC 4918 9.2
func (s *Service) Proppatch(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if !r.Target.There() {
		return &tandem.Error{Kind: tandem.NotFound, Op: "set properties", Thing: r.URL.Path}
	}
	if !r.XML.Is(davxml.D("propertyupdate")) {
		return davxml.Failf(http.StatusBadRequest, "PROPPATCH takes a DAV:propertyupdate")
	}
	list, err := instructions(r.XML)
	if err != nil {
		return err
	}
	if err := s.Guard.Permit(ctx, r, proto.Change{Resource: r.Target}); err != nil {
		return err
	}
	if r.Target.Sort == proto.Collection { // what is kept of one is written as a whole
		s.patching.Lock()
		defer s.patching.Unlock()
		again, err := s.Tree.Resolve(ctx, r.User, r.URL.EscapedPath())
		if err != nil {
			return err
		}
		if !again.There() {
			return &tandem.Error{Kind: tandem.NotFound, Op: "set properties", Thing: r.URL.Path}
		}
		r.Target = again
	}
	results, err := s.Apply(ctx, r.Author, r.Target, list)
	if err != nil {
		return err
	}
	if r.Prefer.Minimal && results.ok() { // RFC 8144 2.2
		w.Header().Set("Preference-Applied", "return=minimal")
		w.WriteHeader(http.StatusOK)
		return nil
	}
	w.Header().Set("Content-Type", davxml.ContentType)
	w.WriteHeader(http.StatusMultiStatus)
	ms := davxml.NewMultistatus(w)
	ms.Response(davxml.Response{Href: r.Target.Href(), Propstats: results.Propstats()})
	return ms.Close()
}

// Results are what became of the instructions of a request.
type Results []result

func (l Results) ok() bool {
	for _, r := range l {
		if r.err != nil {
			return false
		}
	}
	return true
}

// Failed reports whether nothing was done, for one of the properties cannot be as it was asked for.
func (l Results) Failed() bool { return !l.ok() }

// Propstats tell the client: where one failed, the others are 424. RFC 4918 9.2.1
func (l Results) Propstats() (out []davxml.Propstat) {
	failed := !l.ok()
	var rest davxml.Propstat
	for _, r := range l {
		if r.err == nil {
			rest.Props = append(rest.Props, davxml.New(r.name))
			continue
		}
		out = append(out, davxml.Propstat{Status: r.err.Status, Props: []*davxml.Element{davxml.New(r.name)}, Error: r.err.Element()})
	}
	if rest.Props != nil {
		if rest.Status = http.StatusOK; failed {
			rest.Status = http.StatusFailedDependency
		}
		out = append(out, rest)
	}
	return out
}

// Set sets properties of a collection or record, all or none, as MKCOL and MKCALENDAR ask. RFC 5689 3
func (s *Service) Set(ctx context.Context, res *proto.Resource, props []*davxml.Element) (Results, error) {
	list := make([]instruction, len(props))
	for i, e := range props {
		list[i] = instruction{e.Name, e}
	}
	return s.Apply(ctx, store.Author{User: res.User, Via: "dav"}, res, list)
}

// Apply does what the instructions say, all or nothing.
func (s *Service) Apply(ctx context.Context, who store.Author, res *proto.Resource, list []instruction) (Results, error) {
	p := &patch{ctx: ctx, svc: s, author: who, res: res, dead: map[string]string{}}
	var out Results
	for _, in := range list {
		one := result{name: in.name}
		if err := p.one(in); err != nil {
			c, ok := err.(*davxml.Condition)
			if !ok {
				return nil, err
			}
			one.err = c
		}
		out = append(out, one)
	}
	if !out.ok() {
		return out, nil
	}
	return out, p.write()
}

// protected is RFC 4918 16.
func protected() error {
	return davxml.Fail(http.StatusForbidden, davxml.D("cannot-modify-protected-property"))
}

// one checks an instruction and notes what it changes.
func (p *patch) one(in instruction) error {
	l := liveNamed(in.name)
	switch {
	case l != nil && l.own:
		return l.set(p, in.as())
	case l == nil && isHome(p.res, p.author.User):
		return p.keep(in.name, in.value)
	case !keeps(p.res), l != nil && l.set == nil:
		return protected()
	case l != nil:
		return l.set(p, in.as())
	}
	if err := p.mayWrite(); err != nil {
		return err
	}
	return p.keep(in.name, in.value)
}

// as is the value with its name, nil for a removal; the name of what is removed is lost.
func (in instruction) as() *davxml.Element { return in.value }

// mayWrite reports whether the one who asks may change what everybody sees.
func (p *patch) mayWrite() error {
	if p.res.Sort == proto.Collection {
		if p.res.Reach.Owned {
			return nil
		}
		return proto.Needs(p.res, access.Own, "write-properties")
	}
	return proto.Needs(p.res, access.Write, "write-properties")
}

// keep notes a dead property.
func (p *patch) keep(name davxml.Name, value *davxml.Element) error {
	if value == nil {
		p.dead[key(name)] = ""
		return nil
	}
	text := value.String()
	if len(text) > maxProperty {
		c := davxml.Failf(http.StatusInsufficientStorage, "the property is larger than %d bytes", maxProperty)
		return c
	}
	p.dead[key(name)] = text
	return nil
}

// collection is the collection as it will be.
func (p *patch) collection() *tandem.Collection {
	if p.col == nil {
		c := p.res.Reach.Collection
		c.Props = maps.Clone(c.Props)
		if c.Props == nil {
			c.Props = map[string]string{}
		}
		p.col = &c
	}
	return p.col
}

// own are the properties of one's own for what somebody else shares.
func (p *patch) own() map[string]string {
	if p.share == nil {
		s := p.res.Reach.Share
		s.Props = maps.Clone(s.Props)
		if s.Props == nil {
			s.Props = map[string]string{}
		}
		p.share = &s
	}
	return p.share.Props
}

// write makes the changes. What was changed is put back where a later one fails, so that a refusal leaves everything as it was. RFC 4918 9.2
func (p *patch) write() (err error) {
	var undo []func(ctx context.Context) error
	defer func() {
		if err == nil {
			return
		}
		ctx := context.WithoutCancel(p.ctx)
		for _, back := range slices.Backward(undo) {
			err = errors.Join(err, back(ctx))
		}
	}()
	if len(p.dead) > 0 {
		back, err := p.writeDead()
		if err != nil {
			return err
		}
		undo = append(undo, back)
	}
	if p.col != nil {
		was := p.res.Reach.Collection
		c, err := PutNamed(p.ctx, p.svc.Home, *p.col)
		if err != nil {
			return err
		}
		p.res.Reach.Collection = c
		undo = append(undo, func(ctx context.Context) (err error) {
			p.res.Reach.Collection, err = p.svc.Home.PutCollection(ctx, was)
			return err
		})
	}
	switch { // of what follows a resource has one
	case p.me != nil:
		return p.svc.Accounts.SetProps(p.ctx, p.res.User, map[string]string{meProp: *p.me})
	case len(p.attr) > 0:
		return p.writeAttrs()
	case p.calendar != 0:
		owner, err := p.svc.Accounts.User(p.ctx, p.res.User)
		if err != nil {
			return err
		}
		return p.svc.Meet.Meetings.SetDefaultCalendar(p.ctx, owner, p.calendar)
	case p.share != nil:
		p.res.Reach.Share, err = p.svc.Shares.PutShare(p.ctx, *p.share)
	}
	return err
}

// writeDead sets the dead properties, and gives what puts back those that were.
func (p *patch) writeDead() (back func(context.Context) error, err error) {
	if !keeps(p.res) {
		return p.writeHome()
	}
	col, n := p.res.Reach.ID, number(p.res)
	all, err := p.svc.Props.Properties(p.ctx, col, n)
	if err != nil {
		return nil, err
	}
	was := map[string]string{}
	for name := range p.dead {
		was[name] = all[n][name] // "": it was not there, and goes again
	}
	return func(ctx context.Context) error { return p.svc.Props.SetProperties(ctx, col, n, was) }, p.svc.Props.SetProperties(p.ctx, col, n, p.dead)
}

// PutNamed writes a collection under its title. Where another of the kind has that name, it gets one with a number, and is shown by its title all the same.
func PutNamed(ctx context.Context, home store.Home, c tandem.Collection) (tandem.Collection, error) {
	title := c.Title()
	tree := proto.BranchOf(c.Kind) == proto.Files // whose name is its path
	if !tree {
		c.Name = title
		delete(c.Props, "title")
	}
	for n := 2; ; n++ {
		out, err := home.PutCollection(ctx, c)
		if tree || n > maxNames || !tandem.IsKind(err, tandem.Exists) {
			return out, err
		}
		c.Name, c.Props["title"] = title+" ("+strconv.Itoa(n)+")", title
	}
}

// maxNames is how many collections of one title there may be.
const maxNames = 1000
