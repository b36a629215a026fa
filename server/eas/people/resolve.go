package people

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/event"
	"tandem/server/eas/proto"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// The statuses of ResolveRecipients and of what is in it, MS-ASCMD 2.2.3.177.12.
const (
	resolveOK        = "1"
	resolveAmbiguous = "2"
	resolvePartly    = "3" // ambiguous, and not all are told
	resolveNobody    = "4"
	resolveSyntax    = "5"
	noCertificates   = "7"
	certificateLimit = "8"
	tooManyBusy      = "160"
	noBusy           = "163"
)

const (
	maxRecipients = 100              // in one request; MS-ASCMD 2.2.3.186
	maxBusy       = 100              // whose availability is told in one answer
	day           = 24 * 3600        // seconds
	slot          = 30 * 60          // seconds to a digit of MergedFreeBusy
	maxSlots      = 32 << 10         // MS-ASCMD_R3317
	maxBusyTime   = 42 * 24 * 3600   // seconds; MS-ASCMD_R5175
	busyTime      = 7 * 24 * 60 * 60 // seconds without an EndTime, MS-ASCMD_R2265
)

func resolved(tag wbxml.Tag, v string) *wbxml.Element { return wbxml.Text(tag, v) }

// question is what a ResolveRecipients request asks of everybody.
type question struct {
	certificates int // CertificateRetrieval: 1 none, 2 whole, 3 mini
	maxCerts     int // -1: any
	ambiguous    int // how many suggestions are told
	from, to     int64
	busy         bool
	pictures     *pictures
	asked        int // whose availability was told
}

// ResolveRecipients implements proto.Command. MS-ASCMD 2.2.1.15
func (s *Service) ResolveRecipients(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	fail := func() (*proto.Response, error) {
		return proto.Answer(wbxml.New(wbxml.ResolveRecipientsResolveRecipients, resolved(wbxml.ResolveRecipientsStatus, resolveSyntax))), nil
	}
	if r.Body == nil || r.Body.Tag != wbxml.ResolveRecipientsResolveRecipients {
		return fail()
	}
	tos := slices.Collect(r.Body.All(wbxml.ResolveRecipientsTo))
	q, ok := readQuestion(r)
	if !ok || len(tos) == 0 || len(tos) > maxRecipients {
		return fail()
	}
	doc := wbxml.New(wbxml.ResolveRecipientsResolveRecipients, resolved(wbxml.ResolveRecipientsStatus, resolveOK))
	for _, to := range tos {
		text := strings.TrimSpace(to.String())
		if text == "" || len(text) > maxQuery {
			return fail()
		}
		e, err := s.resolve(ctx, r, &q, text)
		if err != nil {
			return nil, err
		}
		doc.Add(e)
	}
	return proto.Answer(doc), nil
}

// readQuestion reads the options. ok is false where they make no sense.
func readQuestion(r *proto.Request) (q question, ok bool) {
	o := r.Body.Child(wbxml.ResolveRecipientsOptions)
	number := func(tag wbxml.Tag, def int) int {
		if !o.Has(tag) {
			return def
		}
		n, err := strconv.Atoi(o.Get(tag))
		ok = ok && err == nil && n >= 0
		return n
	}
	ok = true
	q.certificates = number(wbxml.ResolveRecipientsCertificateRetrieval, 1)
	q.maxCerts = number(wbxml.ResolveRecipientsMaxCertificates, -1)
	q.ambiguous = number(wbxml.ResolveRecipientsMaxAmbiguousRecipients, 20)
	q.pictures = readPictures(r, o.Child(wbxml.ResolveRecipientsPicture), wbxml.ResolveRecipientsMaxSize, wbxml.ResolveRecipientsMaxPictures)
	if q.certificates < 1 || q.certificates > 3 {
		return q, false
	}
	a := o.Child(wbxml.ResolveRecipientsAvailability)
	if a == nil || r.Version < eas.V140 { // MS-ASCMD_R6085
		return q, ok
	}
	q.busy = true
	start, err := time.Parse(time.RFC3339, a.Get(wbxml.ResolveRecipientsStartTime))
	if err != nil {
		return q, false // MS-ASCMD_R3986
	}
	q.from, q.to = start.Unix(), start.Unix()+busyTime
	if text := a.Get(wbxml.ResolveRecipientsEndTime); text != "" {
		end, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return q, false // MS-ASCMD_R2264
		}
		q.to = end.Unix()
	}
	return q, ok && q.to >= q.from+slot && q.to-q.from <= maxBusyTime // MS-ASCMD_R2266
}

// resolve answers for one recipient.
func (s *Service) resolve(ctx context.Context, r *proto.Request, q *question, text string) (*wbxml.Element, error) {
	list, err := s.find(ctx, r, text)
	if err != nil {
		return nil, err
	}
	if exact := slices.DeleteFunc(slices.Clone(list), func(e entry) bool { return !strings.EqualFold(e.address, text) && !strings.EqualFold(e.alias, text) }); len(exact) > 0 {
		list = exact[:1]
	}
	out := wbxml.New(wbxml.ResolveRecipientsResponse, resolved(wbxml.ResolveRecipientsTo, text))
	status := func(v string) *wbxml.Element { return out.Add(resolved(wbxml.ResolveRecipientsStatus, v)) }
	count := resolved(wbxml.ResolveRecipientsRecipientCount, strconv.Itoa(len(list)))
	switch {
	case len(list) == 0:
		return status(resolveNobody), nil
	case len(list) > 1:
		st, told := resolveAmbiguous, list
		if len(list) > q.ambiguous {
			st, told = resolvePartly, list[:q.ambiguous]
		}
		status(st).Add(count)
		for _, e := range told { // without certificates or availability: MS-ASCMD_R4279, R4623
			out.Add(e.recipient())
		}
		return out, nil
	}
	one := list[0].recipient()
	status(resolveOK).Add(count, one)
	if q.busy {
		e, err := s.availability(ctx, q, list[0])
		if err != nil {
			return nil, err
		}
		one.Add(e)
	}
	if q.certificates > 1 {
		one.Add(certificates(q, list[0].card, unix(r.Options.Now)))
	}
	if q.pictures != nil {
		one.Add(q.pictures.show(list[0].picture, recipientPicture))
	}
	return out, nil
}

func (e entry) recipient() *wbxml.Element {
	typ := "2" // a contact
	if e.user {
		typ = "1" // of the directory
	}
	return wbxml.New(wbxml.ResolveRecipientsRecipient, resolved(wbxml.ResolveRecipientsType, typ), resolved(wbxml.ResolveRecipientsDisplayName, e.name),
		resolved(wbxml.ResolveRecipientsEmailAddress, e.address))
}

// availability tells when a user of the hub is free. Of contacts nothing is known. MS-ASCMD 2.2.3.15
func (s *Service) availability(ctx context.Context, q *question, e entry) (*wbxml.Element, error) {
	out := wbxml.Empty(wbxml.ResolveRecipientsAvailability)
	if q.asked++; q.asked > maxBusy {
		return out.Add(resolved(wbxml.ResolveRecipientsStatus, tooManyBusy)), nil
	}
	if !e.user {
		return out.Add(resolved(wbxml.ResolveRecipientsStatus, noBusy)), nil
	}
	digits, err := s.busy(ctx, e.alias, q.from, q.to)
	if err != nil {
		return nil, err
	}
	return out.Add(resolved(wbxml.ResolveRecipientsStatus, resolveOK), resolved(wbxml.ResolveRecipientsMergedFreeBusy, string(digits))), nil
}

// busy are the digits of MergedFreeBusy: one for each half hour begun, the weightiest of what falls into it. MS-ASCMD_R3327, R3329
func (s *Service) busy(ctx context.Context, user string, from, to int64) ([]byte, error) {
	digits := slices.Repeat([]byte{'0'}, int(min((to-from+slot-1)/slot, maxSlots)))
	u, err := s.Accounts.User(ctx, user)
	if err != nil {
		return nil, err
	}
	cols, err := s.Home.Collections(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, c := range cols {
		if c.Kind != tandem.Event {
			continue
		}
		// The index holds days and floating times as if they were UTC; the user's may lie most of a day off.
		for rec, err := range s.Lookup.During(ctx, c.ID, from-day, to+day) {
			if err != nil {
				return nil, err
			}
			body, err := tandem.ReadBody(rec.Body, maxCard)
			if tandem.IsKind(err, tandem.TooLarge) {
				continue
			}
			if err != nil {
				return nil, err
			}
			spans, err := event.Busy(body, address(u), from, to, s.Zone(u))
			if err != nil {
				continue // it is set aside where it syncs, with the reason
			}
			for _, span := range spans {
				mark(digits, span, from)
			}
		}
	}
	return digits, nil
}

// elsewhere is the status of somebody who works, but not here: for others they are free, and the digit would say that nothing is known.
const elsewhere = 4

func mark(digits []byte, span event.Span, from int64) {
	if span.End <= span.Start || span.Status >= elsewhere {
		return
	}
	first, last := (span.Start-from)/slot, (span.End-1-from)/slot
	if span.Start < from {
		first = 0
	}
	for i := max(first, 0); i <= last && i < int64(len(digits)); i++ {
		digits[i] = max(digits[i], '0'+byte(span.Status))
	}
}

// certificates are the S/MIME certificates that a card holds. MS-ASCMD 2.2.3.23
func certificates(q *question, card []byte, now time.Time) *wbxml.Element {
	list := keys(card, now)
	out := wbxml.Empty(wbxml.ResolveRecipientsCertificates)
	status := func(v string) *wbxml.Element {
		return out.Add(resolved(wbxml.ResolveRecipientsStatus, v), resolved(wbxml.ResolveRecipientsCertificateCount, strconv.Itoa(len(list))))
	}
	switch {
	case len(list) == 0:
		return status(noCertificates)
	case q.maxCerts >= 0 && len(list) > q.maxCerts: // MS-ASCMD_R3255
		return status(certificateLimit)
	}
	status(resolveOK).Add(resolved(wbxml.ResolveRecipientsRecipientCount, "1"))
	if q.maxCerts > 0 {
		q.maxCerts -= len(list)
	}
	if q.certificates == 3 {
		return out.Add(resolved(wbxml.ResolveRecipientsMiniCertificate, mini(list[0])))
	}
	for _, c := range list {
		out.Add(resolved(wbxml.ResolveRecipientsCertificate, base64.StdEncoding.EncodeToString(c)))
	}
	return out
}

// keys are the X.509 certificates of a card's KEY properties that are in force, in DER. RFC 6350 6.8.1
func keys(card []byte, now time.Time) [][]byte {
	if card == nil {
		return nil
	}
	f, err := vcard.Parse(card, contentline.Limits{})
	if err != nil {
		return nil
	}
	var out [][]byte
	for _, c := range f.Cards {
		for p := range c.Each("KEY") {
			b, err := p.Blob()
			if err != nil || len(b.Data) == 0 {
				continue
			}
			for _, der := range parseCertificates(b.Data) {
				if !now.Before(der.NotBefore) && !now.After(der.NotAfter) { // MS-ASCMD_R3435
					out = append(out, der.Raw)
				}
			}
		}
	}
	return out
}
