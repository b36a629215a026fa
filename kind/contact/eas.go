package contact

import (
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/kind/eas"
	bodies "tandem/kind/eas/body"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// View is what Exchange ActiveSync sees of a contact, MS-ASCNTC. The zero value is ready for use.
//
// The protocol has a fixed number of places for what a card has any number of: three addresses of e-mail, two numbers at home. Which
// property stands in which place follows from its types and its order (eas_family.go); what finds no place is not shown and stays. A write
// changes only what differs from what the client was shown.
type View struct{}

var _ eas.View = View{}

// Class implements eas.View.
func (View) Class() string { return "Contacts" }

// Get implements eas.View.
func (View) Get(data []byte, o eas.Options) ([]*wbxml.Element, error) {
	scratch := scratches.Get().(*contentline.Scratch)
	defer scratches.Put(scratch)
	f, card, err := only(scratch.Parse(data, contentline.Limits{}))
	if err != nil {
		return nil, err
	}
	s := &sheet{file: f, card: card, o: o}
	s.sortOut()
	b, native := bodies.Show(s.note(), o)
	var values texts
	s.values(&values)
	out := make([]*wbxml.Element, 1, 8+values.set)
	out[0] = b
	elements := make([]wbxml.Element, values.set)
	for _, tag := range theTextTags {
		if v := *values.at(tag); v != "" {
			e := &elements[0]
			elements = elements[1:]
			e.Tag, e.Text = tag, v
			out = append(out, e)
		}
	}
	for _, d := range theDates {
		if v := s.day(d.family).element(o.Quirks.BirthdayHour); v != "" {
			out = append(out, wbxml.Text(d.tag, v))
		}
	}
	for i := range theLists {
		l := &theLists[i]
		if e := l.element(l.all(s)); e != nil {
			out = append(out, e)
		}
	}
	if p := s.picture(); p != "" {
		out = append(out, wbxml.Text(wbxml.ContactsPicture, p))
	}
	return append(out, native), nil
}

// scratches lend memory to Get and Inspect, which keep nothing of a card but strings.
var scratches = sync.Pool{New: func() any { return new(contentline.Scratch) }}

// texts are the elements of a contact that hold one text each. Their tags are on two pages.
type texts struct {
	list [2 << 6]string
	set  int // how many were set, counted at most too high
}

func (t *texts) at(tag wbxml.Tag) *string {
	i := int(tag.Token())
	if tag.Page() == wbxml.Contacts2 {
		i += 1 << 6
	}
	return &t.list[i]
}

// put sets the text of an element.
func (t *texts) put(tag wbxml.Tag, v string) {
	if v != "" {
		*t.at(tag) = v
		t.set++
	}
}

// Put implements eas.View.
func (View) Put(data []byte, in []*wbxml.Element, o eas.Put) (eas.Result, error) {
	f, card, err := openOrNew(data, o)
	if err != nil {
		return eas.Result{}, err
	}
	s := &sheet{file: f, card: card, o: o.Options, managed: o.Managed, fresh: data == nil}
	if err := s.put(in); err != nil {
		return eas.Result{}, err
	}
	if data != nil && string(f.Bytes()) == s.before {
		return eas.Result{Body: data, Notes: s.notes}, nil
	}
	s.stamp()
	return eas.Result{Body: f.Bytes(), Notes: s.notes}, nil
}

// openOrNew opens a body, or makes an empty card: of version 3.0, which every program reads.
func openOrNew(data []byte, o eas.Put) (*vcard.File, *vcard.Card, error) {
	if data != nil {
		return parse(data)
	}
	c := contentline.NewComponent("VCARD")
	c.Set("VERSION", "3.0")
	c.Set("PRODID", "-//Tandem//EN")
	if o.UID != "" {
		c.Set("UID", contentline.EscapeText(o.UID))
	}
	c.Set("N", ";;;;")
	c.Set("FN", "")
	return parse(contentline.NewDocument(c).Bytes())
}

// sheet is a card that is looked at or edited.
type sheet struct {
	file    *vcard.File
	card    *vcard.Card
	o       eas.Options
	managed func(wbxml.Tag) bool
	fresh   bool              // a new card
	before  string            // the card as it was, to tell whether it was edited
	notes   []string          // what was not understood
	labels  map[string]string // by group; see label
	sorted  []sorted          // see sortOut; nil: the card is edited
	any     uint32            // all that is in sorted
	few     [24]sorted        // where sorted begins
}

// label is what a person called a property, as Card.Label finds it, without looking through the card each time.
func (s *sheet) label(l *contentline.Line) string {
	if l.Group() == "" {
		return ""
	}
	if s.labels == nil {
		s.labels = map[string]string{}
		for p := range s.card.Each("X-ABLABEL") {
			if group := strings.ToLower(p.Group()); s.labels[group] == "" {
				s.labels[group] = vcard.CleanLabel(p.Text())
			}
		}
	}
	return s.labels[strings.ToLower(l.Group())]
}

// stamp says when the card was changed.
func (s *sheet) stamp() {
	if s.o.Now == 0 {
		return
	}
	p, ok := s.card.Find("REV")
	if !ok {
		p = s.card.New("REV")
	}
	at := time.Unix(s.o.Now, 0).UTC().Format("20060102T150405Z")
	if s.card.Version == vcard.V30 {
		at = time.Unix(s.o.Now, 0).UTC().Format("2006-01-02T15:04:05Z")
	}
	p.DelParam("VALUE")
	p.SetText(at)
}

// want is what a client asks for in one element: nil leaves it alone.
type want map[wbxml.Tag]*string

// wants reads the elements that hold texts. One that is missing is empty if the client manages it (MS-ASCMD_R5912), and else left alone
// (MS-ASCMD_R5911).
func (s *sheet) wants(in []*wbxml.Element, tags []wbxml.Tag) want {
	w := want{}
	for _, tag := range tags {
		if e := find(in, tag); e != nil {
			v := line(e.String())
			w[tag] = &v
		} else if s.managed != nil && s.managed(tag) && !s.fresh {
			w[tag] = new(string)
		}
	}
	return w
}

// find is the first element with this tag, nil if there is none.
func find(in []*wbxml.Element, tag wbxml.Tag) *wbxml.Element {
	i := slices.IndexFunc(in, func(e *wbxml.Element) bool { return e != nil && e.Tag == tag })
	if i < 0 {
		return nil
	}
	return in[i]
}

// line is a value as it is shown and compared: without space around it, and fit for XML.
func line(s string) string {
	if s = eas.Clean(s); strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return strings.TrimSpace(s)
}

// put writes what the client sent.
func (s *sheet) put(in []*wbxml.Element) error {
	s.before = string(s.file.Bytes())
	picture, err := s.wantPicture(in)
	if err != nil {
		return err
	}
	w := s.wants(in, theTextTags)
	for _, tag := range theEmails.places {
		if v := w[tag]; v != nil {
			*v = line(address(*v))
		}
	}
	for _, tag := range theChats.places {
		if v := w[tag]; v != nil {
			*v = imText(*v)
		}
	}
	s.putNames(w)
	for _, f := range theFamilies {
		f.put(s, f.from(w))
	}
	s.putOrg(w)
	s.putAddresses(w)
	for _, d := range theDates {
		s.putDay(d, in)
	}
	for i := range theLists {
		theLists[i].put(s, in)
	}
	s.putPicture(picture)
	if t, changed, note := bodies.Take(s.note(), find(in, wbxml.AirSyncBaseBody), s.o); changed {
		s.setNote(t)
	} else if note != "" {
		s.notes = append(s.notes, note)
	}
	s.putFormattedName(w)
	s.unknown(in)
	return nil
}

// unknown notes the elements that no contact has.
func (s *sheet) unknown(in []*wbxml.Element) {
	known := append(slices.Clone(theTextTags), wbxml.AirSyncBaseBody, wbxml.AirSyncBaseNativeBodyType, wbxml.ContactsPicture,
		wbxml.ContactsAlias, wbxml.ContactsWeightedRank) // the last two are the server's, MS-ASCNTC 2.2.2.2 and 2.2.2.64
	for _, d := range theDates {
		known = append(known, d.tag)
	}
	for _, l := range theLists {
		known = append(known, l.tag)
	}
	for _, e := range in {
		if e != nil && !slices.Contains(known, e.Tag) {
			s.notes = append(s.notes, "element "+e.Tag.String()+" is none of a contact's, left out")
		}
	}
}

// values are all that is shown as text.
func (s *sheet) values(out *texts) {
	for _, f := range theFamilies {
		for i, l := range f.assign(s) {
			if l != nil {
				out.put(f.places[i], f.show(s, l))
			}
		}
	}
	s.nameValues(out)
	s.orgValues(out)
	s.addressValues(out)
}

// note is the card's note. A card has no formatted text.
func (s *sheet) note() bodies.Text {
	if l := theNote.assign(s)[0]; l != nil {
		return bodies.Text{Type: eas.Plain, Data: s.card.Property(l).Text()}
	}
	return bodies.Text{Type: eas.Plain}
}

func (s *sheet) setNote(t bodies.Text) {
	text := t.Plain()
	theNote.put(s, []*string{&text})
}

// remove takes a line out, with the labels that only it has.
func (s *sheet) remove(l *contentline.Line) {
	s.card.Remove(contentline.Item{Line: l})
	if !numbered(l.Group()) {
		return
	}
	var labels []*contentline.Line
	for o := range s.card.Lines() {
		if !strings.EqualFold(o.Group(), l.Group()) {
			continue
		}
		if !isLabel(o) {
			return
		}
		labels = append(labels, o)
	}
	for _, o := range labels {
		s.card.Remove(contentline.Item{Line: o})
	}
}

// textTags are the elements that hold one text each, in the order in which they are shown.
func textTags() []wbxml.Tag {
	return []wbxml.Tag{
		wbxml.ContactsFileAs, wbxml.ContactsFirstName, wbxml.ContactsLastName, wbxml.ContactsMiddleName, wbxml.ContactsTitle, wbxml.ContactsSuffix,
		wbxml.Contacts2NickName, wbxml.ContactsYomiFirstName, wbxml.ContactsYomiLastName, wbxml.ContactsYomiCompanyName,
		wbxml.ContactsCompanyName, wbxml.ContactsDepartment, wbxml.ContactsJobTitle, wbxml.ContactsOfficeLocation,
		wbxml.Contacts2ManagerName, wbxml.ContactsAssistantName, wbxml.ContactsSpouse,
		wbxml.ContactsEmail1Address, wbxml.ContactsEmail2Address, wbxml.ContactsEmail3Address,
		wbxml.Contacts2IMAddress, wbxml.Contacts2IMAddress2, wbxml.Contacts2IMAddress3,
		wbxml.ContactsMobilePhoneNumber, wbxml.ContactsHomePhoneNumber, wbxml.ContactsHome2PhoneNumber,
		wbxml.ContactsBusinessPhoneNumber, wbxml.ContactsBusiness2PhoneNumber, wbxml.ContactsHomeFaxNumber, wbxml.ContactsBusinessFaxNumber,
		wbxml.ContactsPagerNumber, wbxml.ContactsCarPhoneNumber, wbxml.ContactsRadioPhoneNumber, wbxml.ContactsAssistantPhoneNumber,
		wbxml.Contacts2CompanyMainPhone, wbxml.Contacts2MMS,
		wbxml.ContactsBusinessAddressStreet, wbxml.ContactsBusinessAddressCity, wbxml.ContactsBusinessAddressState,
		wbxml.ContactsBusinessAddressPostalCode, wbxml.ContactsBusinessAddressCountry,
		wbxml.ContactsHomeAddressStreet, wbxml.ContactsHomeAddressCity, wbxml.ContactsHomeAddressState,
		wbxml.ContactsHomeAddressPostalCode, wbxml.ContactsHomeAddressCountry,
		wbxml.ContactsOtherAddressStreet, wbxml.ContactsOtherAddressCity, wbxml.ContactsOtherAddressState,
		wbxml.ContactsOtherAddressPostalCode, wbxml.ContactsOtherAddressCountry,
		wbxml.ContactsWebPage, wbxml.Contacts2CustomerId, wbxml.Contacts2GovernmentId, wbxml.Contacts2AccountName,
	}
}
