package engine

import (
	"tandem"
)

// Attributes are merged key by key: what one side changed reaches the other; where both changed a key, the larger value
// wins, so that it does not matter which side is called A. Where neither changed a key, each side keeps its own value,
// which may differ: a place may hold times in whole seconds only.

func (w *work) noAttrs() bool { return w.rules.NoAttrs[sideA] || w.rules.NoAttrs[sideB] }

// attrsEdited tells that side s changed attributes that are compared.
func (w *work) attrsEdited(r *record, s tandem.Side) bool {
	return !w.noAttrs() && r.st[s] != same && r.cur[s].Attrs != r.base.Side(s).Attrs
}

// mergedAttrs is what both sides should have.
func (w *work) mergedAttrs(r *record) tandem.Attrs {
	switch {
	case r.cur[sideA] == nil || !r.has(sideA):
		return r.cur[sideB].Attrs
	case r.cur[sideB] == nil || !r.has(sideB):
		return r.cur[sideA].Attrs
	}
	merged, _ := w.threeWay(r)
	return merged
}

// threeWay merges the attributes of both sides and tells which side does not have the result.
func (w *work) threeWay(r *record) (merged tandem.Attrs, into [2]bool) {
	a, b := r.cur[sideA].Attrs, r.cur[sideB].Attrs
	if w.noAttrs() {
		if w.rules.NoAttrs[sideA] {
			return b, into
		}
		return a, into
	}
	if a == b {
		return a, into
	}
	var base [2]tandem.Attrs
	if r.agreed() {
		base = [2]tandem.Attrs{r.base.A.Attrs, r.base.B.Attrs}
	}
	src, mirror := w.source()
	m := [4]map[string]string{base[0].Map(), base[1].Map(), a.Map(), b.Map()}
	keys := map[string]bool{}
	for _, x := range m {
		for k := range x {
			keys[k] = true
		}
	}
	var own [2]map[string]string // what each side is to have
	own[0], own[1] = map[string]string{}, map[string]string{}
	all := map[string]string{}
	for k := range keys {
		va, vb := m[2][k], m[3][k]
		ca, cb := va != m[0][k], vb != m[1][k]
		var v string
		switch {
		case !ca && !cb:
			own[0][k], own[1][k], all[k] = va, vb, larger(va, vb)
			continue
		case mirror && src == sideA, !mirror && ca && !cb:
			v = va
		case mirror, cb && !ca:
			v = vb
		default:
			v = larger(va, vb)
		}
		own[0][k], own[1][k], all[k] = v, v, v
	}
	for s := range own {
		into[s] = tandem.MakeAttrs(own[s]) != [2]tandem.Attrs{a, b}[s]
	}
	switch {
	case into[0] == into[1]:
		merged = tandem.MakeAttrs(all)
	case into[0]:
		merged = tandem.MakeAttrs(own[0])
	default:
		merged = tandem.MakeAttrs(own[1])
	}
	for _, has := range [...]tandem.Attrs{a, b} {
		if merged == has {
			merged = has // no second copy of it, where a plan has many
		}
	}
	return merged, into
}

// larger compares numbers by value and anything else as text.
func larger(a, b string) string {
	if digits(a) && digits(b) && len(a) != len(b) {
		if len(a) > len(b) {
			return a
		}
		return b
	}
	return max(a, b)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// decideAttrs: the contents agree; new tells that they were not known to.
func (w *work) decideAttrs(r *record, isNew bool) {
	merged, into := w.threeWay(r)
	barred := false
	for s := range into {
		if into[s] && !w.may[s] {
			into[s], barred = false, true
		}
	}
	switch {
	case into[sideA] || into[sideB]:
		r.do, r.into, r.attrs, r.reason = SetAttrs, into, merged, AttrsChanged
		if w.attrsEdited(r, sideA) && w.attrsEdited(r, sideB) {
			r.reason = AttrsMerged
		}
	case barred && !isNew:
		r.wait(OneWay, "")
	case isNew:
		r.do, r.reason = Link, BothChanged
		if !r.agreed() {
			r.reason = BothNew
		}
	case r.st[sideA] == changed || r.st[sideB] == changed:
		r.do, r.reason = Link, AttrsChanged // both changed the same way, or only what is not compared
	}
}
