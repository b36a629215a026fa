package contact

import (
	"slices"
	"strconv"
	"strings"

	"tandem/kind/propmerge"
	"tandem/kind/text"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// combine merges one property that both sides changed: its value, its types, each other parameter and its label are
// merged apart from each other. Names and organizations merge by component, notes by line.
func (m *merger) combine(base, a, b *propmerge.Elem) ([]contentline.Item, bool) {
	if !plainProperty(a) || !plainProperty(b) || base != nil && !plainProperty(base) {
		return nil, false
	}
	pa, pb := m.property(a), m.property(b)
	out := vcard.Property{Line: pa.Clone(), Version: m.version}
	var pbase *vcard.Property
	if base != nil {
		p := m.property(base)
		pbase = &p
	}
	sameThing := a.Ident == b.Ident && (a.Field == "TEL" || a.Field == "EMAIL")
	if !combineValue(out, pbase, pa, pb, a.Field, sameThing) || !combineAttributes(out, pbase, pa, pb, a.Field) {
		return nil, false
	}
	if !combineGroup(out, pbase, pa, pb) {
		return nil, false
	}
	labels, ok := m.combineLabels(out, base, a, b)
	if !ok {
		return nil, false
	}
	return append([]contentline.Item{{Line: out.Line}}, labels...), true
}

// plainProperty reports whether an element is a property with at most labels beside it.
func plainProperty(e *propmerge.Elem) bool {
	return e.Field != opaqueField && e.Field != "AGENT" && e.Field != agentField && !e.List
}

func (m *merger) property(e *propmerge.Elem) vcard.Property {
	return vcard.Property{Line: e.Items[0].Line, Version: m.version}
}

// canonicalValue is the value alone, in canonical form.
func canonicalValue(p vcard.Property, field string) string {
	c := canon{}
	c.value(field, p, vcard.ClassOf(field))
	return string(c.buf)
}

// combineValue gives out, a copy of a's line, the merged value. sameThing says that a and b are one number or address in
// two spellings, which nobody needs to be asked about: the longer one reads better.
func combineValue(out vcard.Property, base *vcard.Property, a, b vcard.Property, field string, sameThing bool) bool {
	was := ""
	if base != nil {
		was = canonicalValue(*base, field)
	}
	va, vb := canonicalValue(a, field), canonicalValue(b, field)
	if v, ok := propmerge.Pick(was, va, vb); ok {
		if v != va {
			takeValue(out, b)
		}
		return true
	}
	if sameThing {
		if len(vb) > len(va) || len(vb) == len(va) && vb < va {
			takeValue(out, b)
		}
		return true
	}
	switch field {
	case "NOTE":
		return combineNotes(out, base, a, b)
	case "N", "ORG":
		if base == nil {
			base = &vcard.Property{Line: contentline.NewLine(field, ""), Version: a.Version}
		}
		return combineComponents(out, *base, a, b)
	}
	return false
}

// combineNotes merges a note by lines. Without a base, a note that holds the other one is the merged one.
func combineNotes(out vcard.Property, base *vcard.Property, a, b vcard.Property) bool {
	inA, inB := a.Text(), b.Text()
	if base == nil {
		if strings.Contains(inB, inA) {
			takeValue(out, b)
			return true
		}
		return strings.Contains(inA, inB)
	}
	merged, clean := text.Merge3(base.Text(), inA, inB)
	if clean {
		out.SetText(merged)
	}
	return clean
}

// combineComponents merges a structured value component by component.
func combineComponents(out, base, a, b vcard.Property) bool {
	split := func(p vcard.Property) []string {
		return slices.Collect(contentline.SplitText(p.Plain(), ';'))
	}
	sb, sa, sc := split(base), split(a), split(b)
	merged := make([]string, max(len(sb), len(sa), len(sc)))
	at := func(parts []string, i int) (raw, plain string) {
		if i >= len(parts) {
			return "", ""
		}
		return parts[i], out.Unescape(parts[i])
	}
	for i := range merged {
		_, was := at(sb, i)
		rawA, inA := at(sa, i)
		rawB, inB := at(sc, i)
		v, ok := propmerge.Pick(was, inA, inB)
		if !ok {
			return false
		}
		if merged[i] = rawA; v != inA {
			merged[i] = rawB
		}
	}
	out.SetPlain(contentline.JoinText(merged, ';'))
	return true
}

// takeValue gives a line another one's value, together with the parameters that say how it is written.
func takeValue(to, from vcard.Property) {
	class := vcard.ClassOf(from.Name())
	writing := func(q contentline.Param) bool {
		return aboutWriting(q, class) || q.Name == "" && (contentline.NewLine("X", "", q).Quoted() || contentline.NewLine("X", "", q).Base64())
	}
	params := slices.DeleteFunc(slices.Clone(to.Params()), writing)
	for _, q := range from.Params() {
		if writing(q) {
			params = append(params, q)
		}
	}
	to.SetParams(params)
	to.SetValue(from.Value())
	to.SetNoFold(to.Version == vcard.V21)
}

// combineAttributes gives out the merged types, preference and other parameters. Types are a set.
func combineAttributes(out vcard.Property, base *vcard.Property, a, b vcard.Property, field string) bool {
	of := func(p *vcard.Property) (types []string, pref string, other map[string][]string) {
		other = map[string][]string{}
		if p == nil {
			return nil, "", other
		}
		for _, at := range attributes(nil, field, *p, vcard.ClassOf(field)) {
			switch at.name {
			case "TYPE":
				types = append(types, at.value)
			case "PREF":
				pref = at.value
			default:
				other[at.name] = append(other[at.name], at.value)
			}
		}
		return types, pref, other
	}
	typesBase, prefBase, otherBase := of(base)
	typesA, prefA, otherA := of(&a)
	typesB, prefB, otherB := of(&b)

	types, ok := propmerge.MergeSet(typesBase, typesA, typesB)
	if !ok {
		return false
	}
	pref, ok := propmerge.Pick(prefBase, prefA, prefB)
	if !ok {
		return false
	}
	if !slices.Equal(types, typesA) {
		out.SetTypes(types...)
	}
	if !slices.Equal(types, typesA) || pref != prefA {
		n, _ := strconv.Atoi(pref)
		out.SetPref(n)
	}
	for _, name := range names(otherBase, otherA, otherB) {
		if name == "ENCODING" {
			continue // went with the value
		}
		inA := strings.Join(otherA[name], "\x00")
		v, ok := propmerge.Pick(strings.Join(otherBase[name], "\x00"), inA, strings.Join(otherB[name], "\x00"))
		if !ok {
			return false
		}
		if v != inA {
			out.SetParam(name, otherB[name]...)
		}
	}
	return true
}

// names lists all keys in order.
func names(maps ...map[string][]string) []string {
	var out []string
	for _, m := range maps {
		for k := range m {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// combineGroup merges the group, where its name counts.
func combineGroup(out vcard.Property, base *vcard.Property, a, b vcard.Property) bool {
	named := func(p *vcard.Property) string {
		if p == nil || numbered(p.Group()) {
			return ""
		}
		return strings.ToLower(p.Group())
	}
	group, ok := propmerge.Pick(named(base), named(&a), named(&b))
	if ok && group != named(&a) {
		out.SetGroup(b.Group())
		if group == "" {
			out.SetGroup("")
		}
	}
	return ok
}

// combineLabels merges the labels of a property as one and gives them and the property a common group.
func (m *merger) combineLabels(out vcard.Property, base, a, b *propmerge.Elem) ([]contentline.Item, bool) {
	was := ""
	if base != nil {
		was = m.labelForm(base)
	}
	inA := m.labelForm(a)
	v, ok := propmerge.Pick(was, inA, m.labelForm(b))
	if !ok {
		return nil, false
	}
	if v != "" && out.Group() != "" && !numbered(out.Group()) {
		return nil, false // a property is in one group only
	}
	if v == inA {
		return a.Items[1:], true
	}
	labels := make([]contentline.Item, 0, len(b.Items)-1)
	for _, it := range b.Items[1:] {
		labels = append(labels, m.doc.AdoptItem(it))
	}
	if len(labels) > 0 && !numbered(out.Group()) {
		out.SetGroup(m.freeGroup("item1"))
	}
	for _, it := range labels {
		it.Line.SetGroup(out.Group())
	}
	return labels, true
}

// labelForm is the canonical form of an element's labels.
func (m *merger) labelForm(e *propmerge.Elem) string {
	var forms []string
	for _, it := range e.Items[1:] {
		c := canon{}
		c.label(vcard.Property{Line: it.Line, Version: m.version})
		forms = append(forms, string(c.buf))
	}
	slices.Sort(forms)
	return strings.Join(slices.Compact(forms), "\x00")
}
