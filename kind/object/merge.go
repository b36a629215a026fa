package object

import (
	"bytes"
	"encoding/json"
	"slices"

	"tandem/kind"
)

// Merge implements kind.Handler: field by field, also within objects. Of lists of plain values that are sets, which both sides changed, what either added or took out counts; all
// other values are one field as a whole, also lists in which a value is there twice.
func (h Handler) Merge(base, a, b []byte) (kind.Merged, error) {
	oa, err := h.parse(a)
	if err != nil {
		return kind.Merged{}, err
	}
	ob, err := h.parse(b)
	if err != nil {
		return kind.Merged{}, err
	}
	var o fields
	if base != nil {
		if o, err = h.parse(base); err != nil {
			return kind.Merged{}, err
		}
	}
	switch {
	case same(oa, ob), base != nil && same(o, ob):
		return kind.Merged{Body: a}, nil
	case base != nil && same(o, oa):
		return kind.Merged{Body: b}, nil
	}
	out, clashes := merge("", o, oa, ob)
	return kind.Merged{Body: body(out), Clashes: clashes}, nil
}

func same(x, y any) bool { return bytes.Equal(write(x), write(y)) }

func merge(above string, base, a, b fields) (fields, []kind.Clash) {
	out, clashes := fields{}, []kind.Clash(nil)
	for _, k := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(sortedKeys(a), sortedKeys(b))))) {
		name := label(above, k)
		was, inBase := base[k]
		va, inA := a[k]
		vb, inB := b[k]
		oa, isA := va.(fields)
		ob, isB := vb.(fields)
		ow, _ := was.(fields)
		switch {
		case inA == inB && same(va, vb), inB == inBase && same(vb, was):
			put(out, k, va, inA)
		case inA == inBase && same(va, was):
			put(out, k, vb, inB)
		case isA && isB:
			in, more := merge(name, ow, oa, ob)
			out[k], clashes = in, append(clashes, more...)
		default:
			if list, ok := lists(was, va, vb); ok {
				out[k] = list
				continue
			}
			put(out, k, va, inA)
			clashes = append(clashes, kind.Clash{Field: name, Base: cut(shown(was)), A: cut(shown(va)), B: cut(shown(vb))})
		}
	}
	return out, clashes
}

func put(o fields, k string, v any, there bool) {
	if there {
		o[k] = v
	}
}

// lists merges lists of plain values as sets, in order, so that it does not matter which side is called a. One that has a value twice is no set.
func lists(base, a, b any) ([]any, bool) {
	la, okA := plain(a)
	lb, okB := plain(b)
	lo, okO := plain(base)
	if !okA || !okB || !okO && base != nil || twice(la) || twice(lb) || twice(lo) {
		return nil, false
	}
	kept := map[string]bool{}
	for _, x := range slices.Concat(la, lb) {
		old := slices.Contains(lo, x)
		if !old || slices.Contains(la, x) && slices.Contains(lb, x) {
			kept[x] = true
		}
	}
	out := make([]any, 0, len(kept))
	for _, x := range slices.Sorted(func(yield func(string) bool) {
		for x := range kept {
			if !yield(x) {
				return
			}
		}
	}) {
		out = append(out, json.RawMessage(x))
	}
	return out, true
}

func twice(list []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(list)))) < len(list)
}

// plain is a list of plain values, each as it is written; false for anything else.
func plain(v any) (out []string, ok bool) {
	list, ok := v.([]any)
	for _, x := range list {
		switch x.(type) {
		case fields, []any:
			return nil, false
		}
		out = append(out, string(write(x)))
	}
	return out, ok
}

// cut shortens a value for people.
func cut(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return s
}
