package contact

import (
	"slices"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// nameTags are the elements of N by component (RFC 6350 6.2.2).
func nameTags() []wbxml.Tag {
	return []wbxml.Tag{wbxml.ContactsLastName, wbxml.ContactsFirstName, wbxml.ContactsMiddleName, wbxml.ContactsTitle, wbxml.ContactsSuffix}
}

const fileAsName = "X-EVOLUTION-FILE-AS"

// name is the person's name as it is shown: N, or what the formatted name tells where N says nothing.
func (s *sheet) name() [5]string {
	var out [5]string
	p, ok := s.card.Find("N")
	if ok {
		for i, c := range p.Components() {
			if i < len(out) {
				out[i] = line(c)
			}
		}
	}
	if out != [5]string{} || ok && pin(p.Line) == pinNone {
		return out
	}
	return s.guess()
}

// guess takes the formatted name for a person's: the last word is the family's. Names of companies and the like are left alone.
func (s *sheet) guess() (out [5]string) {
	fn := line(s.card.Text("FN"))
	for _, other := range []string{"ORG", "NICKNAME", "EMAIL", "TEL"} {
		for p := range s.card.Each(other) {
			if strings.EqualFold(line(strings.Trim(strings.Join(p.Components(), ", "), ", ")), fn) {
				return out
			}
		}
	}
	for _, name := range []string{"KIND", "X-ADDRESSBOOKSERVER-KIND"} {
		if k := s.card.Text(name); k != "" && !strings.EqualFold(k, "individual") {
			return out
		}
	}
	if p, ok := s.card.Find("X-ABSHOWAS"); ok && strings.EqualFold(p.Text(), "company") {
		return out
	}
	words := strings.Fields(fn)
	if family, given, ok := strings.Cut(fn, ", "); ok && !strings.Contains(given, ",") {
		return [5]string{family, given}
	}
	switch len(words) {
	case 0:
	case 1:
		out[1] = words[0]
	default:
		out[0], out[1] = words[len(words)-1], strings.Join(words[:len(words)-1], " ")
	}
	return out
}

// nameValues adds the name and what is filed under it.
func (s *sheet) nameValues(out *texts) {
	name := s.name()
	for i, tag := range nameTags() {
		out.put(tag, name[i])
	}
	out.put(wbxml.ContactsFileAs, s.fileAs())
}

// fileAs is under which name the contact is filed, MS-ASCNTC 2.2.2.30: Evolution's property, or the formatted name.
func (s *sheet) fileAs() string {
	if v := line(s.card.Text(fileAsName)); v != "" {
		return v
	}
	return line(s.card.Text("FN"))
}

// putNames writes the parts of the name, and lets the names follow that are made of it.
func (s *sheet) putNames(w want) {
	old := s.name()
	next, changed := old, false
	for i, tag := range nameTags() {
		if v := w[tag]; v != nil && *v != old[i] {
			next[i], changed = *v, true
		}
	}
	if !changed {
		return
	}
	p, ok := s.card.Find("N")
	if !ok {
		p = s.card.New("N")
	}
	p.DelParam(pinParam)
	for i := range next {
		if line(p.Component(i)) != next[i] {
			setComponent(p, i, next[i])
		}
	}
	for _, name := range []string{"FN", fileAsName} {
		if q, ok := s.card.Find(name); ok && line(q.Text()) != "" {
			q.SetText(follow(line(q.Text()), old, next))
		}
	}
}

// setComponent replaces one component of a structured value and leaves the others as they are written.
func setComponent(p vcard.Property, i int, text string) {
	parts := slices.Collect(contentline.SplitText(p.Plain(), ';'))
	for len(parts) <= i {
		parts = append(parts, "")
	}
	parts[i] = escaped(p, text)
	p.SetPlain(contentline.JoinText(parts, ';'))
}

// follow changes a name that is made of the parts of another: in the form that it has, else part by part.
func follow(name string, old, next [5]string) string {
	for _, form := range nameForms() {
		if v := form(old); v != "" && v == name {
			return form(next)
		}
	}
	for i := range old {
		if old[i] != "" && old[i] != next[i] && strings.Contains(name, old[i]) {
			name = strings.Join(strings.Fields(strings.Replace(name, old[i], next[i], 1)), " ")
		}
	}
	return name
}

// nameForms are the ways to write a name in one line.
func nameForms() []func(n [5]string) string {
	const family, given, middle, prefix, suffix = 0, 1, 2, 3, 4
	words := func(parts ...int) func([5]string) string {
		return func(n [5]string) string {
			var out []string
			for _, i := range parts {
				if n[i] != "" {
					out = append(out, n[i])
				}
			}
			return strings.Join(out, " ")
		}
	}
	comma := func(rest ...int) func([5]string) string {
		return func(n [5]string) string { return strings.Trim(n[family]+", "+words(rest...)(n), ", ") }
	}
	return []func([5]string) string{
		words(prefix, given, middle, family, suffix), words(given, family), words(given, middle, family), words(prefix, given, family),
		words(given, family, suffix), words(prefix, given, middle, family), words(given, middle, family, suffix),
		comma(given), comma(given, middle), words(family, given), words(given), words(family),
	}
}

// putFormattedName writes under which name the contact is filed, and sees to it that there is a formatted name (RFC 6350 6.2.1).
func (s *sheet) putFormattedName(w want) {
	fn, ok := s.card.Find("FN")
	if edited := s.fresh || string(s.file.Bytes()) != s.before; edited && (!ok || line(fn.Text()) == "") {
		if v := s.formatted(w); v != "" {
			if !ok {
				fn = s.card.New("FN")
			}
			fn.SetText(v)
		}
	}
	if v := w[wbxml.ContactsFileAs]; v != nil && *v != s.fileAs() {
		p, ok := s.card.Find(fileAsName)
		switch {
		case *v == "" || *v == line(s.card.Text("FN")):
			if ok {
				s.remove(p.Line)
			}
		case !ok:
			s.card.New(fileAsName).SetText(*v)
		default:
			p.SetText(*v)
		}
	}
	s.holdName(w)
}

// formatted finds a formatted name for a card that has none.
func (s *sheet) formatted(w want) string {
	n := s.name()
	v := nameForms()[0](n)
	for _, tag := range []wbxml.Tag{wbxml.ContactsFileAs, wbxml.Contacts2NickName, wbxml.ContactsCompanyName, wbxml.ContactsEmail1Address,
		wbxml.ContactsMobilePhoneNumber, wbxml.ContactsHomePhoneNumber, wbxml.ContactsBusinessPhoneNumber} {
		if p := w[tag]; v == "" && p != nil {
			v = *p
		}
	}
	return v
}

// holdName keeps a name from being guessed where the client said that there is none.
func (s *sheet) holdName(w want) {
	name := s.name()
	for i, tag := range nameTags() {
		if v := w[tag]; v != nil && *v != name[i] || s.fresh && v == nil && name[i] != "" {
			p, ok := s.card.Find("N")
			if !ok {
				p = s.card.New("N")
				p.SetText("")
				setComponent(p, 4, "")
			}
			p.SetParam(pinParam, pinNone)
			return
		}
	}
}
