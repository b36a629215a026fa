package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/store"
)

// Resolution is a person's answer to a conflict. ISyncMgrResolutionHandler: KeepItems, KeepOther, KeepRecent, RemoveFromSyncSet
type Resolution struct {
	ID   int64
	Take string // one of Comparison.Takes
	Name string // "both": what the second version is to be called; "": as it is now, a file as Comparison.Name says
	Body []byte // "body": the version to be kept

	// "fields": the version to be kept is put together; see FieldChoice.
	Rest   string            `json:",omitempty"`
	Fields map[string]string `json:",omitempty"`

	// All applies the answer to all open conflicts of the same sort. Stamp is that of the comparison that the person saw, "" for none: if a conflict came, went or changed since,
	// nothing more is decided and Resolved.Refresh is set. "body" and a name are for one conflict only.
	All   bool
	Stamp string
}

// Resolved is what came of an answer. The conflicts are over when their stores say so, after the next run, or the program that reported them.
type Resolved struct {
	Done    []int64
	Left    int    // conflicts of the same sort that wait
	Refresh bool   // what the person saw is out of date: look again
	Why     string // of what was left
	Kept    string // "both": what the second version will be called, unless that name is taken; "" where it keeps its own
}

// Resolve implements Service.
func (h *Hub) Resolve(ctx context.Context, r Resolution) (Resolved, error) {
	const op = "resolve conflict"
	out := Resolved{Done: []int64{}}
	view, err := h.Compare(ctx, r.ID)
	if err != nil {
		return out, err
	}
	thing := fmt.Sprint(r.ID)
	take := strings.ToLower(r.Take)
	switch {
	case view.Conflict.Resolved != 0:
		return out, &tandem.Error{Kind: tandem.Changed, Op: op, Thing: thing, Err: errors.New("it is over already")}
	case !slices.Contains(view.Takes, take):
		return out, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: fmt.Errorf("%q is not an answer to it", r.Take), Remedy: "answer one of " + strings.Join(view.Takes, ", ")}
	case r.All && (take == "body" || take == TakeFields || r.Name != ""):
		return out, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New("a version or name of your own is for one conflict"), Remedy: "answer them one by one"}
	case r.Name != "" && take != "both":
		return out, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New("a name goes with keeping both"), Remedy: "take both, or leave the name out"}
	}
	if view.Conflict.Reported != nil {
		return h.resolveReported(ctx, view, take, r)
	}
	same, err := h.alike(ctx, view.Conflict)
	if err != nil {
		return out, err
	}
	if out.Left = len(same); r.Stamp != "" && r.Stamp != view.Stamp {
		out.Refresh, out.Why = true, "a conflict came, went or changed meanwhile"
		return out, nil
	}
	if take == "skip" {
		return out, nil
	}
	if take == TakeFields {
		made, err := h.mergeFields(ctx, view, FieldChoice{r.ID, r.Rest, r.Fields})
		if err != nil {
			return out, err
		}
		take, r.Body = "body", made.Body
	}
	if err := h.answer(ctx, view, take, r); err != nil {
		return out, err
	}
	if take == "both" {
		if out.Kept = r.Name; isFile(view.Conflict.Kind) {
			out.Kept = cmp.Or(r.Name, view.Name)
		}
	}
	out.Done, out.Left = append(out.Done, r.ID), max(0, out.Left-1)
	if r.All {
		err = h.answerAlike(ctx, same, take, r.ID, &out)
	}
	h.kickPair(ctx, view.Conflict.Pair)
	h.news.tell(News{What: ConflictsNews, Item: view.Conflict.Item, User: h.userOf(ctx, view.Conflict.Pair)})
	return out, err
}

// answerAlike gives the other conflicts of the same sort the same answer, and stops at the first one that has changed since.
func (h *Hub) answerAlike(ctx context.Context, same []store.Conflict, take string, first int64, out *Resolved) error {
	for _, c := range same {
		if c.ID == first {
			continue
		}
		view, err := h.Compare(ctx, c.ID)
		if tandem.IsKind(err, tandem.NotFound) || err == nil && (view.Conflict.Resolved != 0 || stampOf([]store.Conflict{view.Conflict}) != stampOf([]store.Conflict{c})) {
			out.Refresh, out.Why = true, fmt.Sprintf("conflict %d changed meanwhile", c.ID)
			return nil
		}
		if err != nil {
			return err
		}
		if !slices.Contains(view.Takes, take) {
			out.Why = fmt.Sprintf("conflict %d cannot be answered so", c.ID)
			continue
		}
		if err := h.answer(ctx, view, take, Resolution{ID: c.ID}); err != nil {
			return err
		}
		out.Done = append(out.Done, c.ID)
		out.Left--
	}
	return nil
}

// answer writes one answer down. The next run of each pair carries it out.
func (h *Hub) answer(ctx context.Context, view Comparison, take string, r Resolution) error {
	id := view.Conflict.ID
	decide := func(id int64, d tandem.Decision, body []byte) error {
		return h.cfg.Store.Conflicts.Decide(ctx, id, d, body)
	}
	switch take {
	case "ask":
		if err := decide(id, tandem.Undecided, nil); err != nil {
			return err
		}
		return h.lookAgain(ctx, view.Conflict)
	case "out":
		return decide(id, tandem.LeaveOut, nil)
	case "body":
		if err := h.checkBody(view.Conflict, r.Body); err != nil {
			return err
		}
		return h.everywhere(ctx, view, func(c int64) error { return decide(c, tandem.TakeBody, r.Body) })
	case "both":
		if len(view.Versions) > 2 && !view.Versions[0].Deleted {
			return h.keepAll(ctx, view, r.Name)
		}
		name := r.Name
		if isFile(view.Conflict.Kind) { // beside one another they need two names, and one that says where it is from is clearer than any other
			name = cmp.Or(name, view.Name)
		}
		if err := h.nameTwin(ctx, view.Conflict, name); err != nil {
			return err
		}
		return decide(id, tandem.TakeBothA, nil)
	case "newest":
		take = newest(view.Versions).Take
	}
	i := slices.IndexFunc(view.Versions, func(v VersionView) bool { return v.Take == take })
	v := view.Versions[i]
	return h.everywhere(ctx, view, func(c int64) error {
		switch {
		case v.Side == tandem.SideA:
			return decide(c, tandem.TakeA, nil)
		case v.Conflict == c:
			return decide(c, tandem.TakeB, nil)
		case v.Kept:
			return decide(c, tandem.TakeBody, v.Body)
		}
		return nil // a deletion, or more than the inbox keeps: that place is asked again once the first is settled
	})
}

// everywhere answers all conflicts about one record, and has their pairs run.
func (h *Hub) everywhere(ctx context.Context, view Comparison, answer func(conflict int64) error) error {
	done := map[int64]bool{}
	for _, v := range view.Versions {
		if done[v.Conflict] {
			continue
		}
		done[v.Conflict] = true
		if err := answer(v.Conflict); err != nil {
			return err
		}
		if c, err := h.cfg.Store.Conflicts.Conflict(ctx, v.Conflict); err == nil && v.Conflict != view.Conflict.ID {
			h.kickPair(ctx, c.Pair)
		}
	}
	return nil
}

// keepAll keeps every version of a record that has more than two: the home collection's stays, and each of the others becomes a record under its own name. name is that of
// the conflict that was answered; the others have the names that were proposed.
func (h *Hub) keepAll(ctx context.Context, view Comparison, name string) error {
	names, taken := map[int64]string{}, map[string]bool{}
	titled := h.canName(view.Conflict.Kind)
	for _, v := range view.Versions[1:] {
		if v.Deleted {
			continue
		}
		want := ""
		if titled {
			want = v.Keep
		}
		if v.Conflict == view.Conflict.ID {
			want = cmp.Or(name, want)
		}
		for n, base := 2, want; want != "" && taken[want]; n++ {
			want = numbered(view.Conflict.Kind, base, n)
		}
		names[v.Conflict], taken[want] = want, true
	}
	// All names are checked before anything is decided.
	if err := h.everywhere(ctx, view, func(id int64) error {
		c, err := h.cfg.Store.Conflicts.Conflict(ctx, id)
		if err == nil {
			err = h.nameTwin(ctx, c, names[id])
		}
		return err
	}); err != nil {
		return err
	}
	return h.everywhere(ctx, view, func(id int64) error {
		d := tandem.TakeBothA
		if _, there := names[id]; !there { // deleted there: the one at home stays
			d = tandem.TakeA
		}
		return h.cfg.Store.Conflicts.Decide(ctx, id, d, nil)
	})
}

// numbered tells a name from another that is the same.
func numbered(k tandem.Kind, name string, n int) string {
	ext := ""
	if isFile(k) {
		ext = path.Ext(name)
	}
	return fmt.Sprintf("%s %d%s", strings.TrimSuffix(name, ext), n, ext)
}

// canName reports whether a version of this kind can be given a name.
func (h *Hub) canName(k tandem.Kind) bool {
	handler, _ := h.cfg.Kind(k)
	_, titles := handler.(kind.Titler)
	return titles || isFile(k)
}

// newest is the version that claims the latest change.
func newest(versions []VersionView) VersionView {
	return slices.MaxFunc(versions, func(a, b VersionView) int {
		if a.Deleted != b.Deleted {
			return map[bool]int{true: -1, false: 1}[a.Deleted]
		}
		return cmp.Compare(a.Modified, b.Modified)
	})
}

// maxKeepName bounds a name for a version, in characters; most file systems take 255 bytes.
const maxKeepName = 128

// nameTwin notes what the version is to be called that becomes a record of its own, whichever that will be.
func (h *Hub) nameTwin(ctx context.Context, c store.Conflict, name string) error {
	if name == "" {
		return h.cfg.Store.Conflicts.Name(ctx, c.ID, nil)
	}
	bad := func(why, remedy string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "name version of conflict", Thing: fmt.Sprint(c.ID), Err: errors.New(why), Remedy: remedy}
	}
	if !plainName(name) {
		return bad("this is no name", fmt.Sprintf("use at most %d characters on one line", maxKeepName))
	}
	handler, _ := h.cfg.Kind(c.Kind)
	_, titles := handler.(kind.Titler)
	if !h.canName(c.Kind) {
		return bad("records of this kind have no name", "leave the name out")
	}
	if !titles && (strings.ContainsAny(name, `/\`) || name == "." || name == "..") {
		return bad(fmt.Sprintf("%q has a slash or leads elsewhere, and the second version lies beside the first", name), "give a plain name")
	}
	names := make([]string, len(c.Versions))
	for i := range names {
		names[i] = name
		if !titles && name == baseName(c.Versions[i].ID) {
			return bad(fmt.Sprintf("a version is called %q already", name), "choose another name")
		}
	}
	return h.cfg.Store.Conflicts.Name(ctx, c.ID, names)
}

func baseName(id tandem.ID) string { return string(id)[strings.LastIndexByte(string(id), '/')+1:] }

// lookAgain has a pair look at everything: what became of a record while it was left out is behind its cursors.
func (h *Hub) lookAgain(ctx context.Context, c store.Conflict) error {
	return h.cfg.Store.Bases.Commit(ctx, c.Pair, store.Commit{Cursors: &[2]tandem.Cursor{}})
}
