package session

import (
	"context"
	"errors"
	"path"
	"strconv"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/kind"
)

// keepBoth lets both versions of a record live on: the version on the side st.act.To becomes a record of its own on both
// sides, and only when that is done is it replaced by the other side's. A crash in between leaves the new record behind;
// it is known again by its content and not made twice.
func (x *executor) keepBoth(ctx context.Context, st *step) error {
	to := st.act.To
	if st.got[0] == nil || st.got[1] == nil {
		again, err := x.refetch(ctx, st)
		if err != nil || !again {
			return err
		}
	}
	twin, err := x.twin(ctx, st)
	if err != nil {
		x.fail(st, err)
		return nil
	}
	there, err := x.exists(ctx, st, twin)
	if err != nil {
		return err
	}
	if !there {
		if done, err := x.makeTwin(ctx, st, twin); err != nil || !done {
			return err
		}
	}
	st.jobs = nil
	st.body = nil
	x.addFrom(st, to, tandem.Update, st.got[to.Other()], st.act.Attrs)
	todo := [2][]*job{}
	todo[to] = st.jobs
	if err := x.carry(ctx, &todo); err != nil {
		return err
	}
	x.settleJobs(ctx, st)
	if st.failed {
		return nil
	}
	row, _, ok := x.applied(st)
	if ok {
		x.rec.row(row, st.got[to.Other()].body)
	}
	return nil
}

// refetch reads the bodies of a step that was planned as something else and needs them now.
func (x *executor) refetch(ctx context.Context, st *step) (bool, error) {
	b := &batch{steps: []*step{st}}
	if err := x.stage(ctx, b); err != nil {
		return false, err
	}
	for s, err := range b.down {
		if err != nil {
			x.mark(x.sides[s], err)
		}
	}
	if st.err != nil {
		x.fail(st, st.err)
		return false, nil
	}
	return true, nil
}

// twin is the version that becomes a record of its own, under a UID of its own where bodies claim one.
func (x *executor) twin(ctx context.Context, st *step) (*got, error) {
	g := st.got[st.act.To]
	if g.rec.Digest.IsZero() && g.rec.Body != nil {
		g = x.inspect(g.rec)
		if g.err != nil {
			return nil, g.err
		}
	}
	name, err := x.wishedName(ctx, st)
	if err != nil {
		return nil, err
	}
	r, ok := x.pair.Kind.(kind.Renamer)
	if !ok || g.body == nil {
		if name != "" && x.rules.Tree {
			st.act.NewID, err = x.freeName(ctx, g, parent(st.seen[st.act.To].ID), name)
		}
		return g, err
	}
	body, err := r.WithUID(g.body, twinUID(&g.rec))
	if err != nil {
		return nil, err
	}
	if titler, ok := x.pair.Kind.(kind.Titler); ok && name != "" {
		if body, err = titler.WithTitle(body, name); err != nil {
			return nil, err
		}
	}
	t := x.inspect(tandem.Record{ID: g.rec.ID, Body: tandem.Bytes(body), Meta: tandem.Meta{Attrs: g.rec.Attrs, Modified: g.rec.Modified}})
	return t, t.err
}

// maxNumbered bounds how many names are tried for a twin.
const maxNumbered = 1000

// freeName is the path of a twin of this name: one that is taken on either side, by anything but the twin itself, gets a number. What is there is asked for by name, since
// a listing may be older.
func (x *executor) freeName(ctx context.Context, twin *got, dir tandem.ID, name string) (tandem.ID, error) {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; n <= maxNumbered; n++ {
		if n > 1 {
			name = stem + " " + strconv.Itoa(n) + ext
		}
		id := tandem.ID(path.Join(string(dir), name))
		taken := false
		for s := range x.sides {
			found, err := x.fetch(ctx, x.sides[s], []tandem.ID{id})
			if err != nil {
				return "", err
			}
			there := found[id]
			if there == nil || tandem.IsKind(there.err, tandem.NotFound) || tandem.IsKind(there.err, tandem.Gone) {
				continue
			}
			taken = taken || there.err != nil || there.rec.Body == nil || x.inspect(there.rec).rec.Digest != twin.rec.Digest
		}
		if !taken {
			return id, nil
		}
	}
	return "", &tandem.Error{Kind: tandem.Exists, Op: "keep both", Thing: name, Err: errors.New("all names like it are taken"), Remedy: "give the second version another name: `tandem conflict resolve ID --take both --name NAME`"}
}

// wishedName is what a person wants the version to be called that becomes a record of its own, "" for nothing in particular.
func (x *executor) wishedName(ctx context.Context, st *step) (string, error) {
	k := st.act.Row.Clash
	if k == nil || k.Decision != tandem.TakeBoth && k.Decision != tandem.TakeBothA || k.Conflict == 0 {
		return "", nil
	}
	c, err := x.deps.Store.Conflicts.Conflict(ctx, k.Conflict)
	if tandem.IsKind(err, tandem.NotFound) || err == nil && len(c.Versions) <= int(st.act.To) {
		return "", nil
	}
	return c.Versions[st.act.To].Keep, err
}

// exists tells whether the twin was made already, by a run that died before it was done: then it is among the records
// that are new on one side, or that were found equal on both. Where it has a UID of its own, that tells, whatever became of it since.
func (x *executor) exists(ctx context.Context, st *step, twin *got) (bool, error) {
	near := func(sh *tandem.Shown) bool { return x.nearTwin(st, sh) }
	own := twin.rec.UID != "" && twin.rec.UID != st.got[st.act.To].rec.UID
	made := func(row *tandem.Row) bool {
		return row.Agreed() && row.Link != st.act.Row.Link && near(&row.A) &&
			(own && row.UID == twin.rec.UID || row.A.Digest == twin.rec.Digest && !row.A.Digest.IsZero())
	}
	if x.known {
		for row, err := range x.deps.Store.Bases.Rows(ctx, x.st.ID) {
			if err != nil {
				return false, err
			}
			if made(&row) {
				return true, nil
			}
		}
	}
	for _, list := range [][]tandem.Row{x.rec.flying, x.rec.c.Put} { // made of what was new by this run
		for i := range list {
			if list[i].Link == 0 && made(&list[i]) {
				return true, nil
			}
		}
	}
	var ids [2][]tandem.ID
	for i := range x.plan.Len() {
		if x.plan.Do(i) != engine.Copy {
			continue
		}
		act := x.plan.Action(i)
		from := act.To.Other()
		sh := act.Shown(from)
		if act.Row.Link != 0 || !near(sh) {
			continue
		}
		if !sh.Digest.IsZero() && sh.Digest == twin.rec.Digest {
			return true, nil
		}
		if size := twin.rec.Body.Size(); sh.Digest.IsZero() && (sh.Size == 0 || size < 0 || sh.Size == size) {
			ids[from] = append(ids[from], sh.ID)
		}
	}
	is := func(row *tandem.Row) bool {
		return row.Link == 0 && near(&row.A) && row.A.Digest == twin.rec.Digest && !row.A.Digest.IsZero()
	}
	for i := range x.plan.Base {
		if is(&x.plan.Base[i].Row) {
			return true, nil
		}
	}
	for row := range x.plan.InStep() {
		if is(&row) {
			return true, nil
		}
	}
	for s := range ids {
		for part := range pieces(ids[s], bodiesPerFetch) {
			found, err := x.fetch(ctx, x.sides[s], part)
			if err != nil {
				x.mark(x.sides[s], err)
				return false, ctx.Err()
			}
			for _, g := range found {
				if g.err == nil && x.inspect(g.rec).rec.Digest == twin.rec.Digest {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// nearTwin tells whether a record could be the twin, by its place: in a tree, that is beside the original under a longer
// name.
func (x *executor) nearTwin(st *step, sh *tandem.Shown) bool {
	if sh.ID == "" || sh.ID == st.seen[0].ID || sh.ID == st.seen[1].ID {
		return false
	}
	if !x.rules.Tree {
		return true
	}
	if sh.ID == st.act.NewID {
		return true
	}
	was := string(st.seen[st.act.To].ID)
	return parent(sh.ID) == parent(tandem.ID(was)) && strings.HasPrefix(string(sh.ID), strings.TrimSuffix(was, path.Ext(was)))
}

// makeTwin creates the twin on both sides and records it. It tells whether it is there.
func (x *executor) makeTwin(ctx context.Context, st *step, twin *got) (bool, error) {
	st.jobs = nil
	todo := [2][]*job{}
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		x.addFrom(st, s, tandem.Create, twin, st.seen[st.act.To].Attrs)
		j := st.jobs[len(st.jobs)-1]
		j.write.ID = st.act.NewID
		if isTwinUID(twin.rec.UID) {
			j.write.Marker = x.twinMarker(s, twin.rec.UID)
		}
		if j.skip == nil {
			todo[s] = append(todo[s], j)
		}
	}
	if err := x.carry(ctx, &todo); err != nil {
		return false, err
	}
	x.settleJobs(ctx, st)
	if st.failed {
		return false, nil
	}
	row := tandem.Row{UID: twin.rec.UID}
	for _, j := range st.jobs {
		o := &j.out
		*row.Side(j.side.Side) = tandem.Shown{ID: o.ID, Version: o.Version, Digest: o.Digest, Attrs: o.Attrs, Node: o.Node, Size: o.Size}
	}
	x.rec.row(row, twin.body)
	return true, nil
}

// addFrom plans a write of a fetched record.
func (x *executor) addFrom(st *step, s tandem.Side, op tandem.Op, g *got, attrs tandem.Attrs) {
	x.add(st, s, op, attrs)
	j := st.jobs[len(st.jobs)-1]
	rec := g.rec
	rec.Attrs = attrs
	if rec.Body != nil {
		rec.Size = max(0, rec.Body.Size())
	}
	j.write.Record = rec
	j.write.Progress = nil
	if op == tandem.Create {
		j.write.Marker += "-twin"
	}
}

// parent is the folder that holds id, "" at the root.
func parent(id tandem.ID) tandem.ID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i] == '/' {
			return id[:i]
		}
	}
	return ""
}
