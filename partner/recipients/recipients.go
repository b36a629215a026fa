// Package recipients keeps whom each user writes to, for phones to complete addresses from: the recipient information cache (MS-ASCMD 2.2.3.30.6). It is a home collection
// with a record per address, and bounded.
package recipients

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/recipient"
	"tandem/store"
	"tandem/wire/mime"
)

// name is what the collection is called.
const name = "Recipients"

const (
	most   = 200                // how many recipients of a user are kept
	expiry = 180 * 24 * 3600    // seconds after which somebody who got no message is forgotten
	each   = 20                 // messages to more are to lists of people, and say little of whom the user writes to
	header = 256 << 10          // bytes of a message in which names are looked for
	tries  = 5                  // of a write that somebody else was faster than
	via    = "mail: recipients" // who wrote, for history
)

// Service keeps recipients.
type Service struct {
	Home store.Home
	Now  func() time.Time // nil: time.Now
}

// Wrote notes that a user sent a message. Names are those in the message.
func (s *Service) Wrote(ctx context.Context, user string, to []string, message tandem.Body) error {
	if len(to) == 0 || len(to) > each {
		return nil
	}
	names, err := namesIn(message)
	if err != nil {
		return err
	}
	c, err := s.collection(ctx, user)
	if err != nil {
		return err
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	at := now().Unix()
	for _, email := range to {
		if err := s.count(ctx, c, email, names[strings.ToLower(email)], at); err != nil {
			return err
		}
	}
	return s.forget(ctx, c, at)
}

// namesIn are the names of a message's recipients, by address in lower case.
func namesIn(message tandem.Body) (map[string]string, error) {
	in, err := message.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	head, err := io.ReadAll(io.LimitReader(in, header))
	if err != nil {
		return nil, err
	}
	root, err := mime.Scan(bytes.NewReader(head), mime.Limits{})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, field := range []string{"To", "Cc", "Bcc"} {
		for _, a := range mime.ParseAddresses(root.Header.Get(field)) {
			if a.Name != "" && !strings.EqualFold(a.Name, a.Email) {
				out[strings.ToLower(a.Email)] = a.Name
			}
		}
	}
	return out, nil
}

func (s *Service) collection(ctx context.Context, user string) (tandem.Collection, error) {
	find := func() (tandem.Collection, bool, error) {
		all, err := s.Home.Collections(ctx, user)
		i := slices.IndexFunc(all, func(c tandem.Collection) bool { return c.Kind == tandem.Recipient })
		if err != nil || i < 0 {
			return tandem.Collection{}, false, err
		}
		return all[i], true, nil
	}
	if c, ok, err := find(); ok || err != nil {
		return c, err
	}
	c, err := s.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: tandem.Recipient, Name: name})
	if tandem.IsKind(err, tandem.Exists) { // made by another at the same moment
		c, _, err = find()
	}
	return c, err
}

// count counts one more message to an address.
func (s *Service) count(ctx context.Context, c tandem.Collection, email, name string, at int64) error {
	id := recipient.ID(email)
	for range tries {
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: id}}
		r := recipient.Recipient{Email: email}
		for rec, err := range s.Home.Get(ctx, c.ID, []tandem.ID{id}) {
			if err != nil {
				return err
			}
			if r, err = read(rec); err != nil {
				return err
			}
			w.Op, w.If = tandem.Update, rec.Version
		}
		r = r.Wrote(name, at)
		body := r.Body()
		info, err := recipient.Handler{}.Inspect(body)
		if err != nil {
			return err
		}
		w.Digest, w.Index, w.Title, w.Record = info.Digest, info.Index, info.Summary.String(), tandem.Record{ID: id, Meta: tandem.Meta{UID: info.Index.UID}, Body: body}
		out, err := s.Home.Write(ctx, c.ID, store.Author{User: c.User, Via: via}, []store.HomeWrite{w})
		if err != nil || out[0].Status == tandem.Applied {
			return err
		}
		if out[0].Status != tandem.PreconditionFailed {
			return &tandem.Error{Kind: tandem.KindOf(out[0].Err), Op: "note recipient", Thing: email, Err: out[0].Err}
		}
	}
	return nil // others are counting the same address all the time
}

func read(rec store.HomeRecord) (recipient.Recipient, error) {
	b, err := tandem.ReadBody(rec.Body, 64<<10)
	if err != nil {
		return recipient.Recipient{}, err
	}
	return recipient.Parse(b)
}

// forget drops who was not written to for long, and of too many those with the lowest ranks.
func (s *Service) forget(ctx context.Context, c tandem.Collection, at int64) error {
	recs, _, err := s.Home.Since(ctx, c.ID, 0, 0)
	if err != nil {
		return err
	}
	var ids []tandem.ID
	for _, rec := range recs {
		if !rec.Deleted {
			ids = append(ids, rec.ID)
		}
	}
	type known struct {
		rec  store.HomeRecord
		rank int
		last int64
	}
	var all []known
	for rec, err := range s.Home.Get(ctx, c.ID, ids) {
		if err != nil {
			return err
		}
		r, err := read(rec)
		if err != nil {
			return err
		}
		all = append(all, known{rec, r.Rank(), r.Last})
	}
	slices.SortFunc(all, func(a, b known) int { return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.rec.ID, b.rec.ID)) })
	var writes []store.HomeWrite
	for i, k := range all {
		if i >= most || at-k.last > expiry {
			writes = append(writes, store.HomeWrite{Title: k.rec.Title, Write: tandem.Write{Op: tandem.Delete, ID: k.rec.ID, If: k.rec.Version}})
		}
	}
	if len(writes) == 0 {
		return nil
	}
	_, err = s.Home.Write(ctx, c.ID, store.Author{User: c.User, Via: via}, writes) // one that was written to meanwhile stays
	return err
}
