package davxml

import "bytes"

// name reads a name with or without a prefix from the beginning of b.
func (t *tokens) name(b []byte) (n rawName, rest []byte, err error) {
	size := nameLength(b)
	if size == 0 {
		return n, b, t.failf("a name is due")
	}
	n.local, rest = t.keep(b[:size]), b[size:]
	if len(rest) == 0 || rest[0] != ':' {
		return n, rest, nil
	}
	rest = rest[1:]
	if size = nameLength(rest); size == 0 || size < len(rest) && rest[size] == ':' {
		return n, rest, t.failf("the prefix %s without a name", n.local)
	}
	return rawName{n.local, t.keep(rest[:size])}, rest[size:], nil
}

func (t *tokens) endTag() (token, error) {
	n := t.find(">", 2)
	if n < 0 {
		return token{}, t.torn()
	}
	name, rest, err := t.name(t.buf[t.pos+2 : t.pos+n])
	if err != nil {
		return token{}, err
	}
	if len(skipSpace(rest)) > 0 {
		return token{}, t.failf("the end of %s has more in it", name)
	}
	if len(t.open) == 0 || t.open[len(t.open)-1].raw != name {
		return token{}, t.failf("an element ends that was not begun: %s", name)
	}
	t.pos += n + 1
	return t.closed()
}

// closed ends the innermost element.
func (t *tokens) closed() (token, error) {
	f := t.open[len(t.open)-1]
	end, err := t.resolve(f.raw, true)
	if err != nil {
		return token{}, err
	}
	t.open, t.bindings = t.open[:len(t.open)-1], t.bindings[:f.bound]
	return token{sort: endToken, name: end}, nil
}

func (t *tokens) startTag() (token, error) {
	n := t.tagEnd()
	if n < 0 {
		return token{}, t.torn()
	}
	if len(t.open) == 0 && t.rooted {
		return token{}, t.failf("a second root element")
	}
	t.rooted = true
	if t.count++; t.count > t.lim.Elements || len(t.open) >= t.lim.Depth {
		return token{}, t.fail(ErrTooLarge)
	}
	b := t.buf[t.pos+1 : t.pos+n]
	if len(b) > 0 && b[len(b)-1] == '/' {
		b, t.empty = b[:len(b)-1], true
	}
	raw, rest, err := t.name(b)
	if err != nil {
		return token{}, err
	}
	t.open = append(t.open, frame{raw: raw, bound: len(t.bindings)})
	if err := t.attributes(rest); err != nil {
		return token{}, err
	}
	tok := token{sort: startToken}
	if tok.name, err = t.resolve(raw, true); err != nil {
		return token{}, err
	}
	if len(t.raw) > 0 {
		tok.attrs = make([]Attr, len(t.raw))
	}
	for i, a := range t.raw {
		tok.attrs[i].Value = a.value
		if tok.attrs[i].Name, err = t.resolve(a.name, false); err != nil {
			return token{}, err
		}
		for _, other := range tok.attrs[:i] {
			if other.Name == tok.attrs[i].Name {
				return token{}, t.failf("the attribute %s twice", a.name)
			}
		}
	}
	t.pos += n + 1
	return tok, nil
}

const maxAttributes = 256 // of one element, which are compared with each other

// attributes reads the attributes of a tag into t.raw, and binds the prefixes that it declares.
func (t *tokens) attributes(b []byte) error {
	t.raw = t.raw[:0]
	for n := 0; ; n++ {
		rest := skipSpace(b)
		if len(rest) == 0 {
			return nil
		}
		if len(rest) == len(b) {
			return t.failf("white space is due before an attribute")
		}
		name, rest, err := t.name(rest)
		if err != nil {
			return err
		}
		if rest = skipSpace(rest); len(rest) == 0 || rest[0] != '=' {
			return t.failf("the attribute %s without a value", name)
		}
		if rest = skipSpace(rest[1:]); len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return t.failf("the attribute %s without a value in quotes", name)
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return t.failf("the attribute %s without a value in quotes", name)
		}
		value, err := t.decode(rest[1:1+end], true)
		if err != nil {
			return t.fail(err)
		}
		if n == maxAttributes {
			return t.fail(ErrTooLarge)
		}
		if b = rest[end+2:]; name.prefix == "xmlns" || name == (rawName{local: "xmlns"}) {
			if err := t.bind(name, value); err != nil {
				return err
			}
			continue
		}
		t.raw = append(t.raw, rawAttr{name, value})
	}
}

// bind declares a prefix. Namespaces in XML 1.0, 3 and 5
func (t *tokens) bind(name rawName, space string) error {
	prefix := name.local
	switch {
	case name.prefix == "":
		prefix = ""
		if space == xmlSpace || space == xmlnsSpace {
			return t.failf("the default namespace cannot be %s", space)
		}
	case space == "" || space == xmlnsSpace || prefix == "xmlns" || (prefix == "xml") != (space == xmlSpace):
		return t.failf("the prefix %s is bound to nothing", prefix)
	}
	for _, b := range t.bindings[t.open[len(t.open)-1].bound:] {
		if b.prefix == prefix {
			return t.failf("the attribute %s twice", name)
		}
	}
	t.bindings = append(t.bindings, binding{prefix, space})
	return nil
}

func (t *tokens) resolve(n rawName, element bool) (Name, error) {
	if n.prefix == "" && !element {
		return Name{Local: n.local}, nil
	}
	if n.prefix == "xml" {
		return Name{Space: xmlSpace, Local: n.local}, nil
	}
	for i := len(t.bindings) - 1; i >= 0; i-- {
		if t.bindings[i].prefix == n.prefix {
			return Name{Space: t.bindings[i].space, Local: n.local}, nil
		}
	}
	if n.prefix != "" {
		return Name{}, t.failf("the prefix %s is not declared", n.prefix)
	}
	return Name{Local: n.local}, nil
}
