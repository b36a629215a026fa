package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/store"
)

// FieldChoice puts a version together from those of a conflict. ISyncMgrResolutionHandler.KeepOther
type FieldChoice struct {
	ID int64
	// Rest is the version that all fields are from which Fields does not name: "a", "b" and so on. "" is the merge of all versions: what only one of them changed is taken
	// from that, and what clashes from the first.
	Rest   string
	Fields map[string]string // label → version: "a", "b" and so on
}

// ChosenVersion is what a FieldChoice comes to.
type ChosenVersion struct {
	Body   []byte
	Title  string
	Fields []kind.Field
}

// MergeFields implements Service.
func (h *Hub) MergeFields(ctx context.Context, c FieldChoice) (ChosenVersion, error) {
	view, err := h.Compare(ctx, c.ID)
	if err != nil {
		return ChosenVersion{}, err
	}
	return h.mergeFields(ctx, view, c)
}

func (h *Hub) mergeFields(ctx context.Context, view Comparison, c FieldChoice) (ChosenVersion, error) {
	var out ChosenVersion
	bad := func(why, remedy string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "merge versions of conflict", Thing: fmt.Sprint(c.ID), Err: errors.New(why), Remedy: remedy}
	}
	if !slices.Contains(view.Takes, TakeFields) {
		return out, bad("its versions cannot be put together field by field", "take one of them, or give a version of your own")
	}
	handler, _ := h.cfg.Kind(view.Conflict.Kind)
	picker, fielder := handler.(kind.Picker), handler.(kind.Fielder) // or it could not be taken
	labels := map[string][]string{}
	for _, label := range slices.Sorted(maps.Keys(c.Fields)) {
		take := strings.ToLower(c.Fields[label])
		if !slices.ContainsFunc(view.Fields, func(f FieldView) bool { return f.Label == label && f.Picks }) {
			return out, bad(fmt.Sprintf("there is no field %q to choose", label), "name fields as the comparison shows them")
		}
		if keptBody(view, take) == nil {
			return out, bad(fmt.Sprintf("%s cannot be from version %q", label, c.Fields[label]), "choose one that is shown with its fields")
		}
		labels[take] = append(labels[take], label)
	}
	var err error
	if c.Rest == "" {
		out.Body, err = h.mergeAll(ctx, view, handler)
	} else if out.Body = keptBody(view, strings.ToLower(c.Rest)); out.Body == nil {
		err = bad(fmt.Sprintf("there is no version %q with its fields", c.Rest), "choose one that is shown with its fields")
	}
	if err != nil {
		return out, err
	}
	for _, take := range slices.Sorted(maps.Keys(labels)) {
		if out.Body, err = picker.Pick(out.Body, keptBody(view, take), labels[take]); err != nil {
			return out, err
		}
	}
	info, err := handler.Inspect(out.Body)
	if err != nil {
		return out, &tandem.Error{Kind: tandem.Invalid, Op: "merge versions of conflict", Thing: fmt.Sprint(c.ID), Err: err, Remedy: "choose fields that go together"}
	}
	out.Title = cmp.Or(info.Summary.Title, view.Conflict.Title)
	out.Fields, err = fielder.Fields(out.Body)
	return out, err
}

// noteUsual tells of each field that can be chosen which version it is from where nobody chooses.
func (h *Hub) noteUsual(ctx context.Context, view *Comparison) error {
	handler, _ := h.cfg.Kind(view.Conflict.Kind)
	body, err := h.mergeAll(ctx, *view, handler)
	if err != nil {
		return err
	}
	merged, err := handler.(kind.Fielder).Fields(body) // or the versions could not be compared by field
	if err != nil {
		return nil // what cannot be shown has no usual choice; choosing says why
	}
	text := map[string]string{}
	for _, f := range merged {
		text[f.Label] = f.Text
	}
	for i := range view.Fields {
		f := &view.Fields[i]
		if !f.Picks {
			continue
		}
		for n, v := range view.Versions {
			if v.Kept && f.Values[n] == text[f.Label] {
				f.Usual = v.Take
				break
			}
		}
	}
	return nil
}

func keptBody(view Comparison, take string) []byte {
	for _, v := range view.Versions {
		if v.Take == take && v.Kept {
			return v.Body
		}
	}
	return nil
}

// mergeAll merges all versions by field, against what the sides last agreed on where that is known.
func (h *Hub) mergeAll(ctx context.Context, view Comparison, handler kind.Handler) ([]byte, error) {
	base, err := h.agreed(ctx, view.Conflict)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, v := range view.Versions {
		switch {
		case !v.Kept:
		case out == nil:
			out = v.Body
		default:
			m, err := handler.Merge(base, out, v.Body)
			if err != nil {
				return nil, err
			}
			out = m.Body
		}
	}
	return out, nil
}

// agreed is the body that both sides of a conflict last agreed on, nil where that is not known.
func (h *Hub) agreed(ctx context.Context, c store.Conflict) ([]byte, error) {
	if c.Reported != nil {
		return nil, nil
	}
	for row, err := range h.cfg.Store.Bases.Rows(ctx, c.Pair) {
		if err != nil {
			return nil, err
		}
		if row.Clash == nil || row.Clash.Conflict != c.ID || row.Body.IsZero() {
			continue
		}
		body, err := h.cfg.Store.Blobs.Get(ctx, row.Body)
		if tandem.IsKind(err, tandem.NotFound) {
			return nil, nil
		}
		return body, err
	}
	return nil, nil
}
