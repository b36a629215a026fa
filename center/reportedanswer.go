package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"tandem"
	"tandem/center/progress"
	"tandem/store"
)

// compareReported is Compare of a conflict that a program reported.
func (h *Hub) compareReported(ctx context.Context, id int64) (Comparison, error) {
	r, err := h.cfg.Store.Reported.Reported(ctx, id)
	if err != nil {
		return Comparison{}, conflictError(err, id)
	}
	out := Comparison{Conflict: ofReported(r)}
	for i, v := range r.Versions {
		view := VersionView{Take: string(rune('a' + i)), Conflict: id, Side: tandem.SideB, Place: v.Where, Title: v.Title, Modified: v.When, By: v.Who, Named: true, Deleted: v.Deleted, Kept: v.HasBody, Body: v.Body}
		if kinds, ok := h.cfg.Kind(r.Kind); ok && view.Kept {
			if info, err := kinds.Inspect(v.Body); err == nil {
				view.Title, view.When, view.Who = cmp.Or(v.Title, info.Summary.Title), info.Summary.When, info.Summary.Who
			}
		}
		out.Versions = append(out.Versions, view)
	}
	out.Fields = h.fieldViews(out.Conflict, out.Versions)
	same, err := h.alikeReported(ctx, r)
	if err != nil {
		return out, err
	}
	out.Same, out.Stamp = len(same), stampOf(append(same, out.Conflict))
	out.Takes = h.reportedTakes(r, out.Fields)
	if slices.Contains(out.Takes, TakeFields) {
		if err := h.noteUsual(ctx, &out); err != nil {
			return out, err
		}
	}
	if slices.Contains(out.Takes, takeBoth) {
		nameReported(&out)
	}
	return out, nil
}

// nameReported proposes what the second of several versions that are kept is called: as now, and where it is from.
func nameReported(c *Comparison) {
	seen := false
	for i := range c.Versions {
		v := &c.Versions[i]
		switch {
		case v.Deleted:
		case !seen:
			seen = true
		default:
			v.Keep = beside(c.Conflict.Kind, cmp.Or(v.Title, c.Conflict.Title), " ("+cmp.Or(v.Place, strings.ToUpper(v.Take))+")")
			c.Second, c.Name = v.Take, v.Keep
			return
		}
	}
}

// beside is a name for a version beside another: its own, and a mark. Both are what a program says, and may be anything.
func beside(k tandem.Kind, title, mark string) string {
	line := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r == utf8.RuneError {
				return ' '
			}
			return r
		}, s)
	}
	if isFile(k) {
		return fileBeside(path.Base(line(title)), line(mark))
	}
	return progress.Cut(line(title)+line(mark), maxKeepName)
}

// reportedTakes are the answers that a program takes and that make sense.
func (h *Hub) reportedTakes(r store.Reported, fields []FieldView) []string {
	out := []string{}
	there, dated := 0, true
	takes := func(t string) bool { return slices.Contains(r.Takes, t) }
	for i, v := range r.Versions {
		if takes(takeVersion) {
			out = append(out, string(rune('a'+i)))
		}
		if !v.Deleted {
			there++
		}
		dated = dated && v.When != 0
	}
	if takes(takeBoth) && there > 1 {
		out = append(out, takeBoth)
	}
	if takes(takeNewest) && there > 1 && dated {
		out = append(out, takeNewest)
	}
	if takes(takeBody) {
		if there > 1 && slices.ContainsFunc(fields, func(f FieldView) bool { return f.Picks && f.Differs }) {
			out = append(out, TakeFields)
		}
		out = append(out, takeBody)
	}
	for _, t := range []string{takeSkip, takeOut} {
		if takes(t) {
			out = append(out, t)
		}
	}
	if r.Answer != "" {
		out = append(out, takeAsk)
	}
	return out
}

// alikeReported are the conflicts of the same sort, as alike.
func (h *Hub) alikeReported(ctx context.Context, r store.Reported) ([]store.Conflict, error) {
	list, err := h.cfg.Store.Reported.Reports(ctx, r.Handler)
	sort := sortOf(ofReported(r))
	var out []store.Conflict
	for _, o := range list {
		if c := ofReported(o); o.ID == r.ID || o.Answer == "" && o.Item == r.Item && o.Kind == r.Kind && sortOf(c) == sort {
			out = append(out, c)
		}
	}
	return out, err
}

// resolveReported is Resolve of a conflict that a program reported, after what holds for all was checked. The program is told; the conflict stays until it says that it is settled.
func (h *Hub) resolveReported(ctx context.Context, view Comparison, take string, r Resolution) (Resolved, error) {
	out := Resolved{Done: []int64{}, Left: view.Same}
	if r.Stamp != "" && r.Stamp != view.Stamp {
		out.Refresh, out.Why = true, "a conflict came, went or changed meanwhile"
		return out, nil
	}
	if take == takeSkip {
		return out, nil
	}
	if take == TakeFields {
		made, err := h.mergeFields(ctx, view, FieldChoice{r.ID, r.Rest, r.Fields})
		if err != nil {
			return out, err
		}
		take, r.Body = takeBody, made.Body
	}
	kept, err := h.answerReported(ctx, view, take, r)
	if err != nil {
		return out, err
	}
	out.Done, out.Left, out.Kept = append(out.Done, r.ID), max(0, out.Left-1), kept
	if r.All {
		err = h.answerAlikeReported(ctx, view, take, &out)
	}
	told := view.Conflict.Reported
	h.news.tell(News{What: ConflictsNews, Item: told.Item, Handler: told.Handler, User: told.User})
	return out, err
}

// answerAlikeReported gives the other conflicts of the same sort the same answer, and stops at the first one that changed since.
func (h *Hub) answerAlikeReported(ctx context.Context, first Comparison, take string, out *Resolved) error {
	same, err := h.alikeReported(ctx, *first.Conflict.Reported)
	if err != nil {
		return err
	}
	for _, c := range same {
		if c.ID == first.Conflict.ID {
			continue
		}
		view, err := h.compareReported(ctx, c.ID)
		if err == nil && stampOf([]store.Conflict{view.Conflict}) == stampOf([]store.Conflict{c}) {
			if !slices.Contains(view.Takes, take) {
				out.Why = fmt.Sprintf("conflict %d cannot be answered so", c.ID)
				continue
			}
			_, err = h.answerReported(ctx, view, take, Resolution{ID: c.ID})
		} else if err == nil {
			err = &tandem.Error{Kind: tandem.Changed}
		}
		if tandem.IsKind(err, tandem.NotFound) || tandem.IsKind(err, tandem.Changed) {
			out.Refresh, out.Why = true, fmt.Sprintf("conflict %d changed meanwhile", c.ID)
			return nil
		}
		if err != nil {
			return err
		}
		out.Done = append(out.Done, c.ID)
		out.Left--
	}
	return nil
}

// answerReported writes one answer down, which the program is told. kept is what the second version is to be called.
func (h *Hub) answerReported(ctx context.Context, view Comparison, take string, r Resolution) (kept string, err error) {
	c := view.Conflict
	a := store.Reported{ID: c.ID, Mark: c.Reported.Mark, Answer: take, Answered: h.now()}
	switch take {
	case takeAsk:
		a.Answer, a.Answered = "", 0
	case takeNewest:
		a.Answer = newest(view.Versions).Take
	case takeBoth:
		if a.Name = cmp.Or(r.Name, view.Name); !plainName(a.Name) {
			return "", &tandem.Error{Kind: tandem.Invalid, Op: "name version of conflict", Thing: fmt.Sprint(c.ID), Err: errors.New("this is no name"), Remedy: fmt.Sprintf("use at most %d characters on one line", maxKeepName)}
		}
	case takeBody:
		if err := h.checkReportedBody(c, r.Body); err != nil {
			return "", err
		}
		a.Body = r.Body
	}
	return a.Name, h.cfg.Store.Reported.Answer(ctx, a, reportLimits())
}

// plainName reports whether a text can be a name: it is short, and on one line.
func plainName(name string) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxKeepName && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// checkReportedBody refuses a version written by hand that the program cannot be given.
func (h *Hub) checkReportedBody(c store.Conflict, body []byte) error {
	const op = "read the version for conflict"
	thing := fmt.Sprint(c.ID)
	switch {
	case len(body) == 0:
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New("it is empty"), Remedy: "give the version that is to be kept"}
	case len(body) > maxVersionSize:
		return tandem.Errorf(tandem.TooLarge, "the version has %d bytes; at most %d are taken", len(body), maxVersionSize)
	case !utf8.Valid(body):
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: errors.New("it is no text"), Remedy: "save it as UTF-8 and try again"}
	case c.Kind == "":
		return nil
	}
	return h.checkBody(c, body)
}
