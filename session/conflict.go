package session

import (
	"tandem"
	"tandem/store"
)

// conflict records a conflict, or refreshes the one that the record is in already: one record has at most one.
func (x *executor) conflict(st *step) error {
	row, _, ok := x.applied(st)
	if !ok || row.Clash == nil {
		return tandem.Errorf(tandem.Internal, "a conflict about %s came without a row", nameOf(&st.act))
	}
	c := store.Conflict{Pair: x.st.ID, Item: x.pair.Name, Kind: x.pair.Kind.Kind(), When: x.opt.Now(), Reason: st.act.Reason.String()}
	if st.act.Note != "" {
		c.Reason += ": " + st.act.Note
	}
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		v := x.version(st, s)
		if c.Title == "" {
			c.Title = v.Title
		}
		c.Versions = append(c.Versions, v)
	}
	for _, f := range st.fields {
		c.Fields = append(c.Fields, store.ConflictField{Name: f.Field, Base: f.Base, A: f.A, B: f.B})
	}
	clash := *row.Clash
	clash.Decision, clash.Body = tandem.Undecided, tandem.Digest{}
	if id := x.conflictOf[row.Link]; id != 0 && row.Link != 0 {
		c.ID, clash.Conflict = id, id
	} else {
		clash.Conflict = -int64(len(x.rec.c.Conflicts) + 1)
	}
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		sh := &clash.A
		if s == tandem.SideB {
			sh = &clash.B
		}
		if sh.ID != "" && sh.Version == st.act.Shown(s).Version {
			sh.Version, sh.Digest = st.seen[s].Version, st.seen[s].Digest
		}
	}
	row.Clash = &clash
	x.rec.c.Conflicts = append(x.rec.c.Conflicts, c)
	x.rec.keep(row)
	x.report.Done[tandem.SideA].Conflicts++
	x.note(store.Event{Level: store.Warning, Record: nameOf(&st.act), Text: "conflict: " + c.Title + ": " + c.Reason, Remedy: "see `tandem conflict list`", Link: "conflicts/" + x.pair.Name, LinkText: "decide it"})
	return nil
}

// version is one side of a conflict, with its body where that fits.
func (x *executor) version(st *step, s tandem.Side) store.ConflictVersion {
	sh := &st.seen[s]
	v := store.ConflictVersion{Place: x.sides[s].Place, ID: sh.ID, Version: sh.Version, Digest: sh.Digest, Attrs: sh.Attrs,
		Title: string(sh.ID), Deleted: sh.ID == ""}
	v.Modified = st.act.ModifiedA
	if s == tandem.SideB {
		v.Modified = st.act.ModifiedB
	}
	if g := st.got[s]; g != nil {
		if g.title != "" {
			v.Title = g.title
		}
		if v.Modified == 0 {
			v.Modified = g.rec.Modified
		}
		if body := x.keepable(g); body != nil {
			v.Body = sum(body)
			x.rec.body(body)
		}
	}
	return v
}

// keepable is the body that a conflict keeps, nil where it is too large or can no longer be read.
func (x *executor) keepable(g *got) tandem.Bytes {
	if g.body != nil || g.rec.Body == nil || g.rec.Body.Size() > keepBody {
		return g.body
	}
	body, err := tandem.ReadBody(g.rec.Body, keepBody)
	if err != nil {
		return nil
	}
	return body
}
