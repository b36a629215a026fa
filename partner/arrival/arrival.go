// Package arrival tells of mail that comes into the inboxes of users, whoever put it there: the door for mail, another user of the hub, or a session that brought it
// from an account. Each message is told of once it is durable, and at least once: how far an inbox has been looked through is kept with it, and is never ahead of
// what was done. Whoever is told must bear to be told again.
package arrival

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
)

// Message is a message that came.
type Message struct {
	User     store.User
	Inbox    tandem.Collection
	Record   store.HomeRecord // with its body
	Envelope *mail.Envelope
	Received int64 // Unix seconds
}

// Handler is told of messages. After an error it is told again, a few times.
type Handler interface {
	Arrived(ctx context.Context, m Message) error
}

// Watcher watches inboxes. Everything without a remark must be set.
type Watcher struct {
	Home     store.Home
	Texts    store.Texts
	Accounts store.Accounts
	Props    store.Properties
	Handlers []Handler
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nowhere

	inboxes map[string][]tandem.Collection // by user
	seen    map[int64]int64                // how far each inbox was looked through, in this run of the program
	tries   map[int64]int                  // by number of a message that failed
}

// position is the property of an inbox in which it is kept how far it was looked through.
const position = "tandem:arrived"

const (
	// old is the age in seconds beyond which a message has not arrived just now: it is part of what was there before, such as the first sync of an account brings.
	old = 7 * 24 * 3600

	page  = 500 // records that are listed at a time
	tries = 5   // how often a handler is told of a message that it fails at
	again = time.Minute
)

// ready fills in what is not set.
func (w *Watcher) ready() {
	if w.Now == nil {
		w.Now = time.Now
	}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	if w.inboxes == nil {
		w.inboxes, w.seen, w.tries = map[string][]tandem.Collection{}, map[int64]int64{}, map[int64]int{}
	}
}

// Once tells of what came until now, and reports whether something failed that is to be tried again. It is not for use beside Run.
func (w *Watcher) Once(ctx context.Context) (failed bool) {
	w.ready()
	return w.all(ctx)
}

// Run tells of messages until ctx is done.
func (w *Watcher) Run(ctx context.Context) {
	w.ready()
	wakeups := w.Home.Subscribe(ctx) // before the first look, so that nothing falls between
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		failed := false
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
			failed = w.all(ctx)
		case wake, ok := <-wakeups:
			if !ok {
				return
			}
			failed = w.woken(ctx, wake)
		}
		if failed {
			wait.Reset(again)
		}
	}
}

// all looks at all inboxes.
func (w *Watcher) all(ctx context.Context) (failed bool) {
	users, err := w.Accounts.Users(ctx)
	if err != nil {
		return w.trouble(ctx, "list users", err)
	}
	for _, u := range users {
		list, err := w.of(ctx, u.Name)
		if err != nil {
			failed = w.trouble(ctx, "find inbox of "+u.Name, err)
		}
		for _, c := range list {
			failed = w.look(ctx, c) || failed
		}
	}
	return failed
}

// woken looks at what a wake-up is about, if it is an inbox.
func (w *Watcher) woken(ctx context.Context, wake store.Wakeup) (failed bool) {
	if wake.Listed {
		delete(w.inboxes, wake.User)
	}
	list, err := w.of(ctx, wake.User)
	if err != nil {
		return w.trouble(ctx, "find inbox of "+wake.User, err)
	}
	for _, c := range list {
		if c.ID == wake.Collection && (wake.Listed || wake.Seq > w.seen[c.ID]) {
			return w.look(ctx, c)
		}
	}
	return false
}

func (w *Watcher) trouble(ctx context.Context, what string, err error) bool {
	if ctx.Err() == nil {
		w.Log.Error("mail not looked at", "what", what, "err", err)
	}
	return true
}

// of are the inboxes of a user.
func (w *Watcher) of(ctx context.Context, user string) ([]tandem.Collection, error) {
	if list, ok := w.inboxes[user]; ok {
		return list, nil
	}
	all, err := w.Home.Collections(ctx, user)
	if err != nil {
		return nil, err
	}
	list := []tandem.Collection{}
	for _, c := range all {
		if c.Kind == tandem.Mail && (mailbox.RoleOf(c) == mailbox.Inbox || mailbox.RoleOf(c) == mailbox.Folder && strings.EqualFold(c.Name, "inbox")) {
			list = append(list, c)
		}
	}
	w.inboxes[user] = list
	return list, nil
}

// look tells of what came into an inbox since it was looked at.
func (w *Watcher) look(ctx context.Context, c tandem.Collection) (failed bool) {
	err := w.pass(ctx, c)
	if tandem.IsKind(err, tandem.NotFound) { // it was removed at this moment
		return false
	}
	if err != nil {
		return w.trouble(ctx, c.User+"/"+c.Name, err)
	}
	return false
}

// pass goes once through what changed in an inbox. Only its end is a position: a message that changes meanwhile moves to the end of the list, where it is met again.
// What was begun is finished when ctx is done, so that who stops in order is told of nothing twice.
func (w *Watcher) pass(ctx context.Context, c tandem.Collection) error {
	done, err := w.done(ctx, c)
	if err != nil {
		return err
	}
	since := max(done, w.seen[c.ID])
	user, news := (*store.User)(nil), false
	for more := true; more; {
		var recs []store.HomeRecord
		recs, more, err = w.Home.Since(ctx, c.ID, since, page)
		if tandem.IsKind(err, tandem.Gone) && since != 0 { // tombstones were forgotten since
			since, more = 0, true
			continue
		}
		if err != nil {
			return err
		}
		for _, r := range recs {
			if err := ctx.Err(); err != nil {
				return err
			}
			since = r.Seq
			if r.Deleted || r.Born <= done {
				continue
			}
			news = true
			if user == nil {
				u, err := w.Accounts.User(context.WithoutCancel(ctx), c.User)
				if err != nil {
					return err
				}
				user = &u
			}
			if err := w.tell(context.WithoutCancel(ctx), *user, c, r); err != nil {
				return err
			}
		}
	}
	w.seen[c.ID] = since
	if !news {
		return nil
	}
	return w.Props.SetProperties(context.WithoutCancel(ctx), c.ID, 0, map[string]string{position: strconv.FormatInt(since, 10)})
}

// done is the position up to which all that came into an inbox was told of.
func (w *Watcher) done(ctx context.Context, c tandem.Collection) (int64, error) {
	kept, err := w.Props.Properties(ctx, c.ID, 0)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(kept[0][position], 10, 64)
	if err != nil {
		return 0, nil // none is kept
	}
	return n, nil
}

// tell tells of one message. What fails again and again is passed over, so that others are heard of.
func (w *Watcher) tell(ctx context.Context, u store.User, c tandem.Collection, r store.HomeRecord) error {
	received := mail.FlagsOf(r.Attrs).Received
	if received == 0 {
		received = r.Index.Start
	}
	if mail.FlagsOf(r.Attrs).Draft || w.Now().Unix()-received > old {
		return nil
	}
	err := w.handle(ctx, u, c, r, received)
	if err == nil {
		delete(w.tries, r.Number)
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	if w.tries[r.Number]++; w.tries[r.Number] < tries {
		return err
	}
	delete(w.tries, r.Number)
	w.Log.Error("a message is passed over", "user", u.Name, "message", r.ID, "err", err)
	return nil
}

func (w *Watcher) handle(ctx context.Context, u store.User, c tandem.Collection, r store.HomeRecord, received int64) error {
	sketches, err := w.Texts.Sketches(ctx, c.ID, r.Number)
	if err != nil {
		return err
	}
	for rec, err := range w.Home.Get(ctx, c.ID, []tandem.ID{r.ID}) {
		if err != nil {
			return err
		}
		e, ok := mail.ParseEnvelope(sketches[r.Number])
		if !ok {
			if e, _, _, err = mail.Read(rec.Body); err != nil {
				return err
			}
		}
		var failed []error
		for _, h := range w.Handlers {
			if err := h.Arrived(ctx, Message{User: u, Inbox: c, Record: rec, Envelope: e, Received: received}); err != nil {
				failed = append(failed, err)
			}
		}
		return errors.Join(failed...)
	}
	return nil // it was deleted meanwhile
}
