package people

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/server/eas/kql"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

const (
	farPatience = 5 * time.Second // how long servers elsewhere are waited for
	farMost     = 50              // messages of one folder
	farHead     = 16 << 10        // bytes that are read of each
	farShort    = 3               // characters below which nobody elsewhere is asked: somebody is typing
	farAtOnce   = 3
)

// seekAll is seek together with what is at servers and, because of a window, not in the hub. What servers do not answer in time is left out.
func (s *Service) seekAll(ctx context.Context, r *proto.Request, folders []int64, q kql.Query, from, to int64) ([]letter, error) {
	if s.Far == nil {
		return s.seek(ctx, r, folders, q, from, to)
	}
	fctx, cancel := context.WithTimeout(ctx, farPatience)
	defer cancel()
	found := make(chan []letter, 1)
	go func() { found <- s.far(fctx, r, folders, q, from, to) }()
	own, err := s.seek(ctx, r, folders, q, from, to)
	if err != nil {
		cancel()
		<-found
		return nil, err
	}
	list := append(own, <-found...)
	sortLetters(list)
	return list[:min(len(list), mailMost)], ctx.Err()
}

// far asks the servers.
func (s *Service) far(ctx context.Context, r *proto.Request, folders []int64, q kql.Query, from, to int64) []letter {
	var mu sync.Mutex
	var out []letter
	seen := map[string]bool{}
	var g errgroup.Group
	g.SetLimit(farAtOnce)
	for _, c := range q {
		fq, ok := farQuery(c, from, to)
		if !ok {
			continue
		}
		for _, folder := range folders {
			g.Go(func() error {
				list, err := s.Far.Seek(ctx, r.User.Name, folder, fq)
				if err != nil {
					return nil // the hub's own results are an answer, too
				}
				mu.Lock()
				defer mu.Unlock()
				for _, m := range list {
					l, err := farLetter(m, folder)
					if err == nil && !seen[l.id()] && c.Match(l.message(), s.clock(r)) {
						seen[l.id()] = true
						out = append(out, l)
					}
				}
				return nil
			})
		}
	}
	_ = g.Wait() // none of them fails
	return out
}

// clock is the time where the user is.
func (s *Service) clock(r *proto.Request) time.Time {
	now := unix(r.Options.Now)
	if r.Options.Zone != nil {
		now = now.In(r.Options.Zone)
	}
	return now
}

// farQuery is a clause as servers are asked it. false: it says too little.
func farQuery(c kql.Clause, from, to int64) (mailbox.FarQuery, bool) {
	q := mailbox.FarQuery{Text: terms(c.Words), Since: from, Before: to, Most: farMost, Head: farHead}
	for _, w := range c.Not {
		q.Not = append(q.Not, terms(w)...)
	}
	fields := map[string]*[]string{"from": &q.From, "to": &q.To, "cc": &q.Cc, "bcc": &q.Bcc, "subject": &q.Subject}
	for _, p := range c.Props {
		if list := fields[p.Name]; list != nil && !p.Not && p.Op != "<>" {
			*list = append(*list, terms(p.Value)...)
		}
	}
	n := 0
	for _, list := range [][]string{q.Text, q.From, q.To, q.Cc, q.Bcc, q.Subject} {
		for _, w := range list {
			n += utf8.RuneCountInString(w)
		}
	}
	return q, n >= farShort || n == 0 && !q.Empty()
}

// terms are the words of a text, and what is in quotes as one.
func terms(s string) (out []string) {
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 0 {
			out = append(out, strings.Fields(part)...)
		} else if part = strings.Join(strings.Fields(part), " "); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// farLetter is a message that is not in the hub as one that was found.
func farLetter(m mailbox.FarMessage, folder int64) (letter, error) {
	e, _, _, err := mail.Read(m.Body)
	if err != nil {
		return letter{}, err
	}
	rec := store.HomeRecord{Record: tandem.Record{Body: m.Body, Meta: tandem.Meta{Attrs: m.Attrs, Size: m.Size}}, Kind: tandem.Mail}
	if rec.Index.End = mail.FlagsOf(m.Attrs).Received; rec.Index.End == 0 {
		rec.Index.End = e.Arrived
	}
	return letter{HomeRecord: rec, collection: folder, envelope: e, far: m.Name, cut: m.Cut}, nil
}

// id names a message for the phone.
func (l letter) id() string { return recordID(l.collection, l.Number, l.far) }

// recordID is a ServerId, or one of a message that is not in the hub.
func recordID(collection, number int64, far string) string {
	if far != "" {
		return strconv.FormatInt(collection, 10) + ":" + far
	}
	return strconv.FormatInt(collection, 10) + ":" + strconv.FormatInt(number, 10)
}

// shortened says of what is shown of a message of which only the beginning was read that there is more. MS-ASAIRS 2.2.2.49
func shortened(data []*wbxml.Element, size int64) {
	for _, e := range data {
		if e == nil || e.Tag != wbxml.AirSyncBaseBody {
			continue
		}
		var kept []*wbxml.Element
		for _, c := range e.Children {
			switch c.Tag {
			case wbxml.AirSyncBaseEstimatedDataSize:
				c = wbxml.Text(c.Tag, strconv.FormatInt(size, 10))
				kept = append(kept, c, wbxml.Text(wbxml.AirSyncBaseTruncated, "1"))
				continue
			case wbxml.AirSyncBaseTruncated:
				continue
			}
			kept = append(kept, c)
		}
		e.Children = kept
	}
}
