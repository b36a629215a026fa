package vcard

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"

	"tandem/wire/contentline"
)

// Blob is what a property of class Media holds: bytes with their media type, or an address.
type Blob struct {
	Type string // media type in lower case ("image/jpeg"), "" if not told
	Data []byte // nil where only URI is known
	URI  string // the address, where the bytes are elsewhere
}

// Blob reads a picture, sound or key in any of the three versions' wrappings. A base64 value that is broken is an
// error.
func (p Property) Blob() (Blob, error) {
	if inline, ok := p.inline(); ok {
		data, err := decodeBase64(inline)
		return Blob{Type: p.mediaType(), Data: data}, err
	}
	v := p.Text()
	if len(v) < 5 || !strings.EqualFold(v[:5], "data:") {
		return Blob{Type: p.mediaType(), URI: v}, nil
	}
	head, body, ok := strings.Cut(p.Plain()[5:], ",")
	if !ok {
		return Blob{}, errors.New("data URI without a comma")
	}
	head = strings.ReplaceAll(head, `\`, "")
	if kind, ok := strings.CutSuffix(head, ";base64"); ok {
		data, err := decodeBase64(body)
		return Blob{Type: strings.ToLower(kind), Data: data}, err
	}
	s, err := url.PathUnescape(body)
	return Blob{Type: strings.ToLower(head), Data: []byte(s)}, err
}

// InlineBase64 is the base64 of a value that is written inline, in whichever wrapping, without the wrapping; ok is
// false where the value is no inline base64.
func (p Property) InlineBase64() (s string, ok bool) {
	if s, ok = p.inline(); ok {
		return s, true
	}
	v := p.Value()
	if len(v) < 5 || !strings.EqualFold(v[:5], "data:") {
		return "", false
	}
	head, body, found := strings.Cut(v, ",")
	return body, found && strings.HasSuffix(strings.TrimSuffix(head, `\`), ";base64")
}

func (p Property) inline() (string, bool) {
	if len(p.Params()) > 0 && p.Base64() {
		return p.Value(), true
	}
	return "", false
}

// mediaType is the type that the parameters tell: MEDIATYPE of 4.0, TYPE=JPEG of 3.0, bare JPEG of 2.1.
func (p Property) mediaType() string {
	if v, ok := p.Param("MEDIATYPE"); ok {
		return strings.ToLower(v)
	}
	for _, t := range p.Types() {
		switch t {
		case "home", "work", "pref":
			continue
		}
		if strings.Contains(t, "/") {
			return t
		}
		switch {
		case p.Is("SOUND"):
			return "audio/" + t
		case p.Is("KEY"):
			return "application/" + t
		}
		return "image/" + t
	}
	return ""
}

// SetBlob replaces the value, wrapped as the version asks for. Types that tell a place (home, work) stay.
func (p Property) SetBlob(b Blob) {
	var places []string
	for _, t := range p.Types() {
		if t == "home" || t == "work" || t == "pref" {
			places = append(places, t)
		}
	}
	p.SetTypes(places...)
	p.SetParams(slices.DeleteFunc(slices.Clone(p.Params()), func(q contentline.Param) bool {
		return q.Is("ENCODING") || q.Is("VALUE") || q.Is("MEDIATYPE") || q.Is("CHARSET") || q.Name == "" && isEncoding(q.Value)
	}))
	if b.Data == nil {
		p.SetParam("VALUE", uriValue(p.Version))
		if p.Version == V40 && b.Type != "" {
			p.SetParam("MEDIATYPE", b.Type)
		}
		p.SetValue(b.URI)
		return
	}
	p.SetNoFold(p.Version == V21)
	text := base64.StdEncoding.EncodeToString(b.Data)
	if p.Version == V40 {
		p.SetValue("data:" + b.Type + ";base64," + text)
		return
	}
	if _, sub, ok := strings.Cut(b.Type, "/"); ok {
		p.SetTypes(append(places, strings.ToUpper(sub))...)
	}
	p.SetParam("ENCODING", map[Version]string{V21: "BASE64", V30: "b"}[p.Version])
	p.SetValue(text)
}

// exactBase64 reports whether inline base64 says nothing beyond the bytes it decodes to, so that it may be written anew.
func (p Property) exactBase64() bool {
	s, ok := p.InlineBase64()
	if !ok {
		return true
	}
	data, err := decodeBase64(s)
	return err == nil && base64.RawStdEncoding.EncodeToString(data) == bareBase64(s)
}

// decodeBase64 decodes leniently: white space and missing padding do no harm.
func decodeBase64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(bareBase64(s))
}

func bareBase64(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '=' {
			return -1
		}
		return r
	}, s)
}
