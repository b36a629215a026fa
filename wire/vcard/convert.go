package vcard

import (
	"slices"

	"tandem/wire/contentline"
)

// Convert rewrites the properties of a card for another version, so that single lines of it can stand in a card of
// that version: escaping, transport encoding, types, preference and pictures. What both versions write alike is not
// touched, nor are properties whose value is not known, beyond their transport encoding.
func (c *Card) Convert(to Version) {
	if to == c.Version {
		return
	}
	for p := range c.Properties() {
		switch {
		case p.Is("VERSION"):
			p.SetValue(to.String())
		default:
			p.convert(to)
		}
	}
	for child := range c.Children() {
		if child.Is("VCARD") {
			NewCard(child).Convert(to)
		}
	}
	c.Version = to
}

func (p Property) convert(to Version) {
	n := Property{Line: p.Line, Version: to}
	types, pref := p.Types(), p.Pref()
	if ClassOf(p.Name()) == Media {
		if b, err := p.Blob(); err == nil && b.Data != nil && p.exactBase64() {
			n.convertTypes(types, pref)
			n.SetBlob(b)
			return
		} else if err == nil && b.Data == nil {
			n.encode(n.escapeAs(p, p.Plain(), 0))
			n.SetParam("VALUE", uriValue(to))
			n.convertTypes(types, pref)
			return
		}
	}
	switch plain := p.Plain(); ClassOf(p.Name()) {
	case Text, Date, URI:
		if p.Is("GEO") {
			n.encode(plain)
		} else {
			n.encode(n.escapeAs(p, plain, 0))
		}
	case List:
		n.encode(n.escapeAs(p, plain, ','))
	case Structured:
		n.encode(n.escapeAs(p, plain, ';'))
	default:
		if p.Base64() {
			n.encodeBase64()
		} else {
			n.encode(plain)
		}
	}
	n.convertTypes(types, pref)
}

// uriValue is the name of the value type of addresses.
func uriValue(v Version) string {
	if v == V21 {
		return "URL"
	}
	return "uri"
}

// escapeAs takes the escaped value of another version over into this one's escaping. sep is the separator of the
// value's parts, 0 for none. Commas that separate the texts of one component stay separators.
func (p Property) escapeAs(from Property, v string, sep byte) string {
	switch sep {
	case 0:
		return p.escape(from.Unescape(v), false)
	case ';':
		var out []string
		for part := range contentline.SplitText(v, ';') {
			if from.Version == V21 { // a comma is no separator there
				out = append(out, p.escape(from.Unescape(part), true))
			} else {
				out = append(out, p.escapeAs(from, part, ','))
			}
		}
		return contentline.JoinText(out, ';')
	}
	var out []string
	for part := range contentline.SplitText(v, sep) {
		out = append(out, p.escape(from.Unescape(part), true))
	}
	return contentline.JoinText(out, sep)
}

// encodeBase64 names the encoding of a base64 value as the version does.
func (p Property) encodeBase64() {
	p.SetParams(slices.DeleteFunc(slices.Clone(p.Params()), func(q contentline.Param) bool {
		return q.Is("ENCODING") || q.Name == "" && isEncoding(q.Value)
	}))
	if p.SetNoFold(p.Version == V21); p.Version == V21 {
		p.SetParam("ENCODING", "BASE64")
	} else {
		p.SetParam("ENCODING", "b")
	}
}

// convertTypes spells types and preference as the version does, and leaves them alone if it already reads so.
func (p Property) convertTypes(types []string, pref int) {
	bare := slices.ContainsFunc(p.Params(), func(q contentline.Param) bool { return q.Name == "" && !isEncoding(q.Value) && q.Value != "" })
	if pref == 1 { // the older versions know no degrees; what they cannot say stays as the parameter it was
		p.SetPref(pref)
		types = p.Types()
	}
	if bare != (p.Version == V21) && len(types) > 0 {
		p.SetTypes(types...)
	}
	if p.Version != V21 {
		p.SetParams(slices.DeleteFunc(slices.Clone(p.Params()), func(q contentline.Param) bool { return q.Name == "" }))
	}
}
