package contact

import (
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// families are the properties that hold one text each.
func families() []*family {
	return []*family{
		theEmails, phoneFamily(), theChats,
		{places: []wbxml.Tag{wbxml.Contacts2NickName}, selection: named("NICKNAME"), show: showList, write: writeList, make: maker("NICKNAME")},
		textFamily(wbxml.ContactsJobTitle, "TITLE"),
		textFamily(wbxml.ContactsWebPage, "URL"),
		textFamily(wbxml.ContactsYomiFirstName, "X-PHONETIC-FIRST-NAME"),
		textFamily(wbxml.ContactsYomiLastName, "X-PHONETIC-LAST-NAME"),
		textFamily(wbxml.ContactsYomiCompanyName, "X-PHONETIC-ORG"),
		textFamily(wbxml.Contacts2CustomerId, "X-TANDEM-CUSTOMER-ID"),
		textFamily(wbxml.Contacts2GovernmentId, "X-TANDEM-GOVERNMENT-ID"),
		textFamily(wbxml.Contacts2AccountName, "X-TANDEM-ACCOUNT-NAME"),
		related(wbxml.ContactsSpouse, "SPOUSE"), related(wbxml.Contacts2ManagerName, "MANAGER"), related(wbxml.ContactsAssistantName, "ASSISTANT"),
	}
}

// textFamily is one place for the first property with one of these names; a new one gets the first name.
func textFamily(tag wbxml.Tag, names ...string) *family {
	return &family{places: []wbxml.Tag{tag}, selection: named(names...), show: showText, write: writeText, make: maker(names[0])}
}

// noteFamily is the card's note; its value is not trimmed.
func noteFamily() *family {
	f := textFamily(wbxml.AirSyncBaseBody, "NOTE")
	f.show = func(s *sheet, l *contentline.Line) string { return s.card.Property(l).Text() }
	return f
}

func showText(s *sheet, l *contentline.Line) string { return line(s.card.Property(l).Text()) }

func writeText(s *sheet, l *contentline.Line, v string) { s.card.Property(l).SetText(v) }

// showList shows the texts of a list with ", " between them; what could not be told apart then is shown as one.
func showList(s *sheet, l *contentline.Line) string {
	return line(strings.Join(s.card.Property(l).List(), ", "))
}

func writeList(s *sheet, l *contentline.Line, v string) {
	parts := strings.Split(v, ", ")
	for _, p := range parts {
		if strings.TrimSpace(p) != p || p == "" {
			parts = []string{v}
			break
		}
	}
	s.card.Property(l).SetList(parts)
}

func maker(name string) func(*sheet, int) *contentline.Line {
	return func(s *sheet, _ int) *contentline.Line { return s.card.New(name).Line }
}

// related is a person beside the contact: in a property of Evolution's or Outlook's (MS-OXVCARD 2.1.3), among Apple's named relations, or
// as RELATED (RFC 6350 6.6.6), which has its own type for a spouse only.
func related(tag wbxml.Tag, role string) *family {
	f := textFamily(tag, "X-EVOLUTION-"+role, "X-"+role, "X-MS-"+role)
	f.perhaps, f.also = relations(), func(s *sheet, l *contentline.Line) bool { return isRelated(s, l, role) }
	if role == "SPOUSE" {
		evolution := f.make
		f.make = func(s *sheet, place int) *contentline.Line {
			if s.card.Version == vcard.V40 {
				return newRelated(s, "spouse")
			}
			return evolution(s, place)
		}
	}
	return f
}

// relations are the properties that name persons of many roles.
func relations() []string { return []string{"RELATED", "X-ABRELATEDNAMES"} }

// isRelated reports whether a property names a person of this role.
func isRelated(s *sheet, l *contentline.Line, role string) bool {
	switch {
	case l.Is("RELATED"): // as text; an address is no name
		v, _ := l.Param("VALUE")
		return strings.EqualFold(v, "text") && hasType(s, l, role)
	case l.Is("X-ABRELATEDNAMES"):
		return strings.EqualFold(s.label(l), role) || hasType(s, l, role)
	}
	return false
}

// hasType reports whether a property has a type, whatever its spelling.
func hasType(s *sheet, l *contentline.Line, name string) bool {
	for t := range s.card.Property(l).EachType() {
		if strings.EqualFold(t, name) {
			return true
		}
	}
	return false
}

func newRelated(s *sheet, kind string) *contentline.Line {
	p := s.card.New("RELATED")
	p.SetTypes(kind)
	p.SetParam("VALUE", "text")
	return p.Line
}

func emailFamily() *family {
	return &family{
		places:    []wbxml.Tag{wbxml.ContactsEmail1Address, wbxml.ContactsEmail2Address, wbxml.ContactsEmail3Address},
		selection: named("EMAIL"),
		show:      func(s *sheet, l *contentline.Line) string { return line(textValue("EMAIL", s.card.Property(l).Text())) },
		write:     writeText,
		make: func(s *sheet, _ int) *contentline.Line {
			p := s.card.New("EMAIL")
			if p.Version != vcard.V40 {
				p.SetTypes("INTERNET")
			}
			return p.Line
		},
	}
}

// address is the address of `"Name" <address>`, MS-ASCNTC 2.2.2.27.
func address(v string) string {
	i, j := strings.LastIndexByte(v, '<'), strings.LastIndexByte(v, '>')
	if i < 0 || j < i {
		return v
	}
	if a := strings.TrimSpace(v[i+1 : j]); a != "" {
		return a
	}
	return v
}

// imNames are the properties of single services, from before there was IMPP.
var imNames = []string{"IMPP", "X-AIM", "X-ICQ", "X-JABBER", "X-MSN", "X-YAHOO", "X-SKYPE", "X-SKYPE-USERNAME", "X-GOOGLE-TALK", "X-GTALK", "X-QQ",
	"X-GADUGADU", "X-GROUPWISE", "X-MS-IMADDRESS"}

func imFamily() *family {
	return &family{
		places:    []wbxml.Tag{wbxml.Contacts2IMAddress, wbxml.Contacts2IMAddress2, wbxml.Contacts2IMAddress3},
		selection: named(imNames...),
		show: func(s *sheet, l *contentline.Line) string {
			v := showText(s, l)
			if l.Is("IMPP") {
				return imText(v)
			}
			return v
		},
		write: func(s *sheet, l *contentline.Line, v string) {
			if l.Is("IMPP") && scheme(v) == "" { // RFC 4770 2: the value is a URI
				v = "im:" + v
			}
			writeText(s, l, v)
		},
		make:  maker("IMPP"),
		twins: func(v string) string { return strings.ToLower(strings.TrimPrefix(v, scheme(v))) },
	}
}

// imText is an address without the scheme that says nothing but that it is one (RFC 3860).
func imText(v string) string {
	if rest, ok := strings.CutPrefix(v, "im:"); ok && scheme(rest) == "" {
		return line(rest)
	}
	return v
}

// scheme is the scheme of a URI with its colon, "" if the text begins with none.
func scheme(v string) string {
	for i := 0; i < len(v); i++ {
		switch c := v[i] | 0x20; {
		case v[i] == ':' && i > 0:
			return v[:i+1]
		case c >= 'a' && c <= 'z':
		case i > 0 && (v[i] >= '0' && v[i] <= '9' || v[i] == '+' || v[i] == '-' || v[i] == '.'):
		default:
			return ""
		}
	}
	return ""
}
