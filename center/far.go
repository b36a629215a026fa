package center

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/provider"
	"tandem/store"
)

const (
	// farKept is how long what a server answered is good for: a phone asks again for each page and each letter.
	farKept = time.Minute
	// farAnswers and farRead bound how many answers and how many messages that were read are remembered.
	farAnswers, farRead = 8, 256
	// farMost is the size in bytes of the largest message that is read for a phone.
	farMost = 64 << 20
)

// Far reaches the messages that the windows of mail accounts keep out of the hub.
func (h *Hub) Far() mailbox.Far {
	return &far{h: h, answers: map[string]farAnswer{}, read: map[string]farBody{}, down: map[string]time.Time{}}
}

// far implements mailbox.Far.
type far struct {
	h *Hub

	mu      sync.Mutex // guards what follows
	answers map[string]farAnswer
	read    map[string]farBody   // by place and name
	down    map[string]time.Time // items whose place did not answer, until when it is not asked
}

// farBody is a message that was read, in the store.
type farBody struct {
	sum   tandem.Digest
	attrs tandem.Attrs
}

type farAnswer struct {
	until time.Time
	list  []mailbox.FarMessage
}

// Seek implements mailbox.Far.
func (f *far) Seek(ctx context.Context, user string, collection int64, q mailbox.FarQuery) ([]mailbox.FarMessage, error) {
	if q.Empty() {
		return nil, nil
	}
	items, err := f.items(ctx, user, collection)
	if err != nil {
		return nil, err
	}
	var out []mailbox.FarMessage
	for _, it := range items {
		if f.silent(it.Name) || f.h.notBegun(ctx, it, false) != "" {
			continue
		}
		list, err := f.ask(ctx, it, q)
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		if err != nil {
			f.fell(it.Name)
			f.h.cfg.Log.Debug("cannot look for messages beyond the window", "item", it.Name, "error", err)
			continue
		}
		out = append(out, list...)
	}
	return out, nil
}

// items are the items of a user's own mail folder whose places can be searched.
func (f *far) items(ctx context.Context, user string, collection int64) ([]store.Item, error) {
	all, err := f.h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Item
	for _, it := range all {
		if it.Collection != collection || !strings.EqualFold(it.User, user) {
			continue
		}
		if c, err := f.h.collection(ctx, it); err != nil || c.Kind != tandem.Mail {
			continue
		}
		place, err := f.h.itemPlace(ctx, it)
		if err != nil {
			continue
		}
		if prov, err := f.h.cfg.Places.Provider(place.Provider); err == nil && prov.Seek != nil {
			out = append(out, it)
		}
	}
	return out, nil
}

// ask searches at the place of an item, unless it was asked the same a moment ago.
func (f *far) ask(ctx context.Context, it store.Item, q mailbox.FarQuery) ([]mailbox.FarMessage, error) {
	pair, met, err := f.h.pairOf(ctx, it)
	if err != nil || !met {
		return nil, err
	}
	place, err := f.h.itemPlace(ctx, it)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s\x00%s\x00%+q", it.Name, place.Text, []any{q.Text, q.Not, q.From, q.To, q.Cc, q.Bcc, q.Subject}) + fmt.Sprint(q.Since, q.Before, q.Most, q.Head)
	list, ok := f.recall(key)
	if !ok {
		prov, err := f.h.cfg.Places.Provider(place.Provider)
		if err != nil {
			return nil, err
		}
		env, err := f.h.envFor(ctx, place)
		if err != nil {
			return nil, err
		}
		found, err := prov.Seek(ctx, place, env, provider.Sought(q))
		if err != nil {
			return nil, err
		}
		for _, rec := range found.Records {
			body, _ := rec.Body.(tandem.Bytes)
			list = append(list, mailbox.FarMessage{Name: farName{pair.ID, found.Identity.Epoch, rec.ID}.String(), Body: body, Size: rec.Size, Cut: rec.Size > body.Size(), Attrs: rec.Attrs})
		}
		f.note(key, list)
	}
	return f.strange(ctx, pair, list)
}

// farName names a message: by its pair, the epoch of the place, and its id there.
type farName struct {
	pair  int64
	epoch string
	id    tandem.ID
}

func (n farName) String() string { return fmt.Sprintf("f%d-%s-%s", n.pair, n.epoch, n.id) }

// readFarName reads what String wrote. false: it is none.
func readFarName(name string) (n farName, ok bool) {
	part := strings.Split(name, "-")
	if len(part) != 3 || !strings.HasPrefix(part[0], "f") {
		return n, false
	}
	pair, err := strconv.ParseInt(part[0][1:], 10, 64)
	n = farName{pair, part[1], tandem.ID(part[2])}
	return n, err == nil && n.String() == name
}

// strange leaves out what a base knows: the hub has that.
func (f *far) strange(ctx context.Context, pair store.Pair, list []mailbox.FarMessage) ([]mailbox.FarMessage, error) {
	ids := make([]tandem.ID, 0, len(list))
	for _, m := range list {
		n, _ := readFarName(m.Name) // it was made here
		ids = append(ids, n.id)
	}
	rows, err := f.h.cfg.Store.Bases.RowsOf(ctx, pair.ID, tandem.SideB, ids)
	if err != nil {
		return nil, err
	}
	known := map[tandem.ID]bool{}
	for _, row := range rows {
		known[row.B.ID] = row.Agreed()
	}
	var out []mailbox.FarMessage
	for i, m := range list {
		if !known[ids[i]] {
			out = append(out, m)
		}
	}
	return out, nil
}

// Open implements mailbox.Far.
func (f *far) Open(ctx context.Context, user string, collection int64, name string) (mailbox.FarMessage, error) {
	missing := &tandem.Error{Kind: tandem.NotFound, Op: "read message", Thing: name}
	n, ok := readFarName(name)
	if !ok {
		return mailbox.FarMessage{}, missing
	}
	items, err := f.items(ctx, user, collection)
	if err != nil {
		return mailbox.FarMessage{}, err
	}
	for _, it := range items {
		pair, ok, err := f.h.pairOf(ctx, it)
		if err != nil {
			return mailbox.FarMessage{}, err
		}
		if ok && pair.ID == n.pair {
			m, err := f.openAt(ctx, it, n)
			m.Name = name
			return m, err
		}
	}
	return mailbox.FarMessage{}, missing
}

// openAt reads a message at the place of an item. Phones read attachments in ranges, so that it is kept in the store until it is tidied.
func (f *far) openAt(ctx context.Context, it store.Item, n farName) (mailbox.FarMessage, error) {
	gone := &tandem.Error{Kind: tandem.NotFound, Op: "read message", Thing: n.String()}
	if why := f.h.notBegun(ctx, it, true); why != "" {
		return mailbox.FarMessage{}, &tandem.Error{Kind: tandem.Transient, Op: "read message at", Thing: it.Name, Err: errors.New(why)}
	}
	place, err := f.h.itemPlace(ctx, it)
	if err != nil {
		return mailbox.FarMessage{}, err
	}
	key := place.Text + "\x00" + n.String()
	if m, ok := f.again(ctx, key); ok {
		return m, nil
	}
	o, err := f.h.openItem(ctx, it, place, tandem.Mail)
	if err != nil {
		return mailbox.FarMessage{}, err
	}
	defer o.Close()
	if is, err := o.Identity(ctx); err != nil {
		return mailbox.FarMessage{}, err
	} else if is.Epoch != n.epoch {
		return mailbox.FarMessage{}, gone
	}
	for rec, err := range o.Fetch(ctx, []tandem.ID{n.id}) {
		if err != nil {
			return mailbox.FarMessage{}, err
		}
		return f.keep(ctx, key, rec)
	}
	return mailbox.FarMessage{}, gone
}

// keep puts a message that was read into the store.
func (f *far) keep(ctx context.Context, key string, rec tandem.Record) (mailbox.FarMessage, error) {
	if rec.Body == nil || rec.Body.Size() > farMost {
		return mailbox.FarMessage{}, &tandem.Error{Kind: tandem.TooLarge, Op: "read message", Thing: string(rec.ID)}
	}
	in, err := rec.Body.Open()
	if err != nil {
		return mailbox.FarMessage{}, err
	}
	defer in.Close()
	sum, size, err := f.h.cfg.Store.Blobs.Put(ctx, in)
	if err != nil {
		return mailbox.FarMessage{}, err
	}
	body, err := f.h.cfg.Store.Blobs.Open(ctx, sum)
	if err != nil {
		return mailbox.FarMessage{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.read) >= farRead {
		clear(f.read)
	}
	f.read[key] = farBody{sum, rec.Attrs}
	return mailbox.FarMessage{Body: body, Size: size, Attrs: rec.Attrs}, nil
}

// again is a message that was read a while ago, with the flags it had then.
func (f *far) again(ctx context.Context, key string) (mailbox.FarMessage, bool) {
	f.mu.Lock()
	x, ok := f.read[key]
	f.mu.Unlock()
	if !ok {
		return mailbox.FarMessage{}, false
	}
	body, err := f.h.cfg.Store.Blobs.Open(ctx, x.sum)
	if err != nil { // tidied away
		return mailbox.FarMessage{}, false
	}
	return mailbox.FarMessage{Body: body, Size: body.Size(), Attrs: x.attrs}, true
}

func (f *far) recall(key string) ([]mailbox.FarMessage, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, ok := f.answers[key]; ok && f.h.cfg.Now().Before(a.until) {
		return a.list, true
	}
	return nil, false
}

func (f *far) note(key string, list []mailbox.FarMessage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.answers) >= farAnswers {
		clear(f.answers)
	}
	f.answers[key] = farAnswer{f.h.cfg.Now().Add(farKept), list}
}

// silent tells that the place of an item did not answer a moment ago: nobody waits for it again at each letter.
func (f *far) silent(item string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.h.cfg.Now().Before(f.down[item])
}

func (f *far) fell(item string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down[item] = f.h.cfg.Now().Add(farKept)
}
