package cardquery

import (
	"strings"

	"tandem/kind/contact"
	"tandem/wire/contentline"
	"tandem/wire/davxml"
)

// Data is what a request wants to see of cards: CARDDAV:address-data. It is safe for concurrent use. RFC 6352 10.4
type Data struct {
	version string // "3.0", "4.0"; "": as they are stored
	props   []prop // nil: all
	all     bool
}

type prop struct {
	group, name string
	noValue     bool
}

// ParseData reads a CARDDAV:address-data of a request; nil, or an empty one, asks for cards as they are stored, whatever version that is. What cannot be
// given is refused with the condition supported-address-data. RFC 6352 8.6, 8.7
func ParseData(e *davxml.Element) (*Data, error) {
	d := &Data{all: true}
	if e == nil {
		return d, nil
	}
	media, version := strings.TrimSpace(e.Attr("content-type")), strings.TrimSpace(e.Attr("version"))
	switch strings.ToLower(media) {
	case "", "text/vcard", "text/x-vcard", "text/directory":
	default:
		return nil, unsupportedData("cards are given as text/vcard, not as " + media)
	}
	switch version {
	case "", "3.0", "4.0":
	default:
		return nil, unsupportedData("cards are given in the versions 3.0 and 4.0, not " + version)
	}
	d.version = version
	for c := range e.Elements() {
		switch c.Name {
		case davxml.A("allprop"):
			d.props, d.all = nil, true
			return d, nil
		case davxml.A("prop"):
			p := prop{name: strings.ToUpper(strings.TrimSpace(c.Attr("name"))), noValue: c.Attr("novalue") == "yes"}
			if group, name, ok := strings.Cut(p.name, "."); ok {
				p.group, p.name = group, name
			}
			if p.name == "" {
				return nil, malformed("a prop needs a name")
			}
			if d.all = false; len(d.props) == maxFilters {
				return nil, unsupportedData("address-data names too many properties")
			}
			d.props = append(d.props, p)
		}
	}
	return d, nil
}

func unsupportedData(text string) error {
	c := davxml.Fail(403, davxml.A("supported-address-data"), Types()...)
	c.Text = text
	return c
}

// Types are the elements CARDDAV:address-data-type of what Apply can give: the content of the property CARDDAV:supported-address-data. RFC 6352 6.2.2
func Types() []*davxml.Element {
	var out []*davxml.Element
	for _, v := range []string{"3.0", "4.0"} {
		out = append(out, davxml.New(davxml.A("address-data-type")).With("content-type", "text/vcard").With("version", v))
	}
	return out
}

// Whole reports whether Apply gives every body as it is.
func (d *Data) Whole() bool { return d == nil || d.all && d.version == "" }

// Apply gives what is wanted of a card. Where that is the whole, in the version it has, it is the very bytes of body. A card that cannot be brought to the
// version asked for is refused with the condition supported-address-data-conversion. RFC 6352 8.7
func (d *Data) Apply(body []byte) ([]byte, error) {
	if d.Whole() {
		return body, nil
	}
	if d.version != "" {
		converted, err := contact.Convert(body, d.version)
		if err != nil {
			c := davxml.Fail(403, davxml.A("supported-address-data-conversion"))
			c.Text = err.Error()
			return nil, c
		}
		body = converted
	}
	if d.all {
		return body, nil
	}
	card, err := open(body)
	if err != nil {
		return nil, err
	}
	kept := make([]contentline.Item, 0, len(card.Items))
	for _, it := range card.Items {
		if it.Line == nil {
			if n := len(kept); n > 0 && kept[n-1].Line != nil && kept[n-1].Line.Is("AGENT") && kept[n-1].Line.Value() == "" {
				kept = append(kept, it) // the agent's card in version 2.1
			}
			continue
		}
		if wanted, noValue := d.wants(it.Line); wanted {
			if noValue {
				it.Line.SetValue("")
			}
			kept = append(kept, it)
		}
	}
	card.Items = kept
	return card.file.Bytes(), nil
}

// wants reports whether a line is wanted. VERSION is in every card, for without it the others cannot be read.
func (d *Data) wants(l *contentline.Line) (wanted, noValue bool) {
	for _, p := range d.props {
		if l.Is(p.name) && (p.group == "" || strings.EqualFold(p.group, l.Group())) {
			return true, p.noValue
		}
	}
	return l.Is("VERSION"), false
}
