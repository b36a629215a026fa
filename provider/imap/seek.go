package imap

import (
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/provider"
)

// seek implements provider.Provider.Seek: the server searches (SEARCH), and of what it finds the beginning is read.
func (s *accounts) seek(ctx context.Context, secure bool, place provider.Place, env provider.Env, q provider.Sought) (provider.Beyond, error) {
	var out provider.Beyond
	p, err := parse(secure, place, env)
	if err != nil {
		return out, err
	}
	in, err := p.windowOf(p.path)
	if err != nil || in.days == 0 || q.Most <= 0 {
		return out, err
	}
	o, err := s.openMailbox(ctx, secure, place, env)
	if err != nil {
		return out, err
	}
	defer o.Close()
	if out.Identity, err = o.Identity(ctx); err != nil {
		return out, err
	}
	r := o.Replica.(*replica) // it is what was opened
	err = r.with(ctx, false, nil, func(l *link, _ *box) error {
		x := &seeker{r: r, l: l, q: q, first: in.first(r.now())}
		found, err := l.search(ctx, x.criteria())
		if err == nil {
			err = x.read(ctx, latest(found, q.Most))
		}
		out.Records = x.out
		return err
	})
	slices.SortFunc(out.Records, func(a, b tandem.Record) int { return cmp.Compare(len(b.ID), len(a.ID))*2 + cmp.Compare(b.ID, a.ID) })
	return out, err
}

// latest are the highest numbers of a set, n at most.
func latest(found uids, n int) (out uids) {
	for i := len(found) - 1; i >= 0 && n > 0; i-- {
		x := found[i]
		if size := int64(x.to) - int64(x.from) + 1; size > int64(n) {
			x.from = x.to - imap.UID(n) + 1
		}
		n -= int(x.to - x.from + 1)
		out.addSpan(x)
	}
	return out
}

// seeker looks for messages that the window keeps out of sight.
type seeker struct {
	r     *replica
	l     *link
	q     provider.Sought
	first int64 // day that is in sight
	out   []tandem.Record
}

// criteria is the question. The days of a search are those of the server's zone, so that it is asked for a day more on each side. RFC 9051 6.4.4
func (x *seeker) criteria() *imap.SearchCriteria {
	c := &imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}, Text: x.q.Text, Before: time.Unix((x.first+2)*day, 0).UTC()}
	if x.q.Since > day {
		c.Since = time.Unix(x.q.Since-day, 0).UTC()
	}
	if at := time.Unix(x.q.Before+2*day, 0).UTC(); x.q.Before > 0 && at.Before(c.Before) {
		c.Before = at
	}
	for _, f := range []struct {
		key    string
		values []string
	}{{"From", x.q.From}, {"To", x.q.To}, {"Cc", x.q.Cc}, {"Bcc", x.q.Bcc}, {"Subject", x.q.Subject}} {
		for _, v := range f.values {
			c.Header = append(c.Header, imap.SearchCriteriaHeaderField{Key: f.key, Value: v})
		}
	}
	for _, w := range x.q.Not {
		c.Not = append(c.Not, imap.SearchCriteria{Text: []string{w}})
	}
	return c
}

// hidden tells whether a message that came then is what is looked for: out of sight, and of the time that was asked for.
func (x *seeker) hidden(m *message) bool {
	at := m.date / day
	return at < x.first && !x.r.window.beside(at) && m.date >= x.q.Since && (x.q.Before == 0 || m.date < x.q.Before) && !m.deleted()
}

// read reads the beginnings of messages.
func (x *seeker) read(ctx context.Context, of uids) error {
	if len(of) == 0 {
		return nil
	}
	opt := plain()
	opt.BodySection = []*imap.FetchItemBodySection{{Peek: true, Partial: &imap.SectionPartial{Size: x.q.Head}}}
	return x.l.do(ctx, func() error {
		cmd := x.l.Client.Fetch(of.set(), opt)
		defer cmd.Close()
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m := &message{}
			var head []byte
			for item := data.Next(); item != nil; item = data.Next() {
				m.take(item)
				b, ok := item.(imapclient.FetchItemDataBodySection)
				if !ok || b.Literal == nil {
					continue
				}
				var err error
				head, err = io.ReadAll(io.LimitReader(b.Literal, x.q.Head))
				if err == nil && int64(len(head)) < min(b.Literal.Size(), x.q.Head) {
					err = io.ErrUnexpectedEOF
				}
				if err != nil {
					return x.l.broke(err)
				}
			}
			if m.whole() && head != nil && of.has(m.uid) && x.hidden(m) {
				x.out = append(x.out, tandem.Record{ID: idOf(m.uid), Meta: m.meta(), Body: tandem.Bytes(head)})
			}
		}
		return cmd.Close()
	})
}
