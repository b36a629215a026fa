package people

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// entry is somebody in the directory: a user of the hub, or a contact of the one who asks.
type entry struct {
	user    bool
	name    string
	address string
	alias   string
	picture []byte // nil: none
	card    []byte // the contact's body, nil for a user who is no contact
	data    map[wbxml.Tag]string
}

// galOf are the directory's elements and what they are called in a contact, in the order in which they are sent. MS-ASCMD 2.2.3.136, GAL namespace
var galOf = []struct{ gal, contact wbxml.Tag }{
	{wbxml.GALPhone, wbxml.ContactsBusinessPhoneNumber}, {wbxml.GALOffice, wbxml.ContactsOfficeLocation}, {wbxml.GALTitle, wbxml.ContactsJobTitle},
	{wbxml.GALCompany, wbxml.ContactsCompanyName}, {wbxml.GALFirstName, wbxml.ContactsFirstName}, {wbxml.GALLastName, wbxml.ContactsLastName},
	{wbxml.GALHomePhone, wbxml.ContactsHomePhoneNumber}, {wbxml.GALMobilePhone, wbxml.ContactsMobilePhoneNumber},
}

// maxEntries is how many people are found at most by one question.
const maxEntries = 500

// find looks people up by the beginnings of words: the users of the hub first, then the asker's own contacts. Somebody who is both is told once.
func (s *Service) find(ctx context.Context, r *proto.Request, text string) ([]entry, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return nil, nil
	}
	users, err := s.Accounts.Users(ctx)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, u := range users {
		if matches(words, title(u), u.Name, address(u)) {
			out = append(out, entry{user: true, name: title(u), address: address(u), alias: u.Name, data: map[wbxml.Tag]string{}})
		}
	}
	contacts, err := s.contacts(ctx, r, text)
	if err != nil {
		return nil, err
	}
	for _, c := range contacts {
		i := slices.IndexFunc(out, func(e entry) bool { return c.address != "" && strings.EqualFold(e.address, c.address) })
		if i >= 0 { // a user whom the asker has a card of: what the card adds
			out[i].picture, out[i].card, out[i].data = c.picture, c.card, c.data
			continue
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b entry) int { // MS-ASCMD_R426
		return cmp.Or(strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), strings.Compare(a.address, b.address))
	})
	return out, nil
}

// matches reports whether every word begins a word of one of the texts.
func matches(words []string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, " "))
	fields := strings.FieldsFunc(all, func(c rune) bool { return strings.ContainsRune(" .,@_-<>()\"", c) })
	for _, w := range words {
		if !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, w) }) && !strings.HasPrefix(all, w) &&
			!slices.ContainsFunc(strings.Fields(all), func(f string) bool { return strings.HasPrefix(f, w) }) {
			return false
		}
	}
	return true
}

// contacts are the asker's own contacts that match, through the view that phones have of them.
func (s *Service) contacts(ctx context.Context, r *proto.Request, text string) ([]entry, error) {
	var out []entry
	for rec, err := range s.Lookup.Match(ctx, r.User.Name, tandem.Contact, text, maxEntries) {
		if err != nil {
			return nil, err
		}
		e, ok, err := s.entry(r, rec)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e)
		}
	}
	return out, nil
}

// maxCard is the size in bytes of the largest contact that is looked at.
const maxCard = 8 << 20

// entry makes a directory entry of a contact; ok is false for one that cannot be shown.
func (s *Service) entry(r *proto.Request, rec store.HomeRecord) (e entry, ok bool, err error) {
	card, err := tandem.ReadBody(rec.Body, maxCard)
	if tandem.IsKind(err, tandem.TooLarge) {
		return e, false, nil
	}
	if err != nil {
		return e, false, err
	}
	o := r.Options
	o.Version = eas.V141
	list, err := s.Contacts.Get(card, o)
	if err != nil {
		return e, false, nil // the record itself is set aside where it syncs, with the reason
	}
	doc := wbxml.New(wbxml.AirSyncApplicationData, list...)
	e = entry{card: card, data: map[wbxml.Tag]string{}, name: rec.Title, alias: doc.Get(wbxml.ContactsAlias), address: bare(doc.Get(wbxml.ContactsEmail1Address))}
	if n := strings.TrimSpace(doc.Get(wbxml.ContactsFirstName) + " " + doc.Get(wbxml.ContactsLastName)); n != "" {
		e.name = n
	} else if n := doc.Get(wbxml.ContactsFileAs); n != "" {
		e.name = n
	}
	for _, g := range galOf {
		if v := doc.Get(g.contact); v != "" {
			e.data[g.gal] = v
		}
	}
	if p := doc.Child(wbxml.ContactsPicture); p != nil {
		if p.Data != nil {
			e.picture = p.Data
		} else if b, err := base64.StdEncoding.DecodeString(p.String()); err == nil && len(b) > 0 {
			e.picture = b
		}
	}
	return e, true, nil
}

// bare is the address alone of `"Name" <address>`.
func bare(s string) string {
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s = strings.TrimSuffix(s[i+1:], ">")
	}
	return strings.TrimSpace(s)
}

// gal are the entry's elements for Search and Find. pictures is nil where none are wanted.
func (e entry) gal(p *pictures, tag pictureTags) []*wbxml.Element {
	out := []*wbxml.Element{wbxml.Text(wbxml.GALDisplayName, e.name)}
	for _, g := range galOf {
		if v := e.data[g.gal]; v != "" {
			out = append(out, wbxml.Text(g.gal, v))
		}
	}
	if e.alias != "" {
		out = append(out, wbxml.Text(wbxml.GALAlias, e.alias))
	}
	if e.address != "" {
		out = append(out, wbxml.Text(wbxml.GALEmailAddress, e.address))
	}
	if p != nil {
		out = append(out, p.show(e.picture, tag))
	}
	return out
}
