// Package notify tells people what needs them: that something fails, that a conflict or a question waits, that a phone wants to be let in. It is quiet by default. A
// cause is told once; again only after it was solved and came back. What solves itself is told only when it lasts, what comes together is told together, and nothing
// is told in somebody's quiet hours.
//
// Causes come from looking at how things stand (Seen), never from counting what happened: what is open now, and was not told, is told. So nothing is lost when the
// hub stops, and nothing is doubled when it starts. What is open is in the store (store.Notices).
//
// A person is told on the desktop of the hub's machine, by mail, and in browsers that asked for it (Web Push).
package notify

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tandem/store"
)

// The sorts of causes.
const (
	Problem  = "error"    // something fails
	Conflict = "conflict" // two versions wait for a decision
	Question = "question" // a plan waits for a person's word
	Device   = "device"   // a device waits to be let in
)

// Cause is something that needs a person, as it is now.
type Cause struct {
	User  string // whom it needs; "": the administrators
	Key   string // names it: the sort, the item, the code and the thing, so that the same trouble is the same cause
	Sort  string // see above
	Item  string
	Code  string // of the error; "": none
	Title string // what it is about, in a few words
	Text  string // what is the matter, and what helps
	Link  string // a path of the page
}

// Seen is how things stand.
type Seen struct {
	Causes []Cause
	// Unsure reports whether it is not known yet if a cause that is not among them is solved: what was not tried since the hub started may fail as it did before.
	Unsure func(n store.Notice) bool
}

// Message is what a person is told at once.
type Message struct {
	Key   string // names it; the same message is not sent twice by mail
	Open  string // what a button to Link says
	Foot  string // why they are told, for the end of a letter
	Title string
	Text  string // one line
	Lines []string
	Link  string // a path of the page
	About []int64
}

// Channel is a way to tell a person something.
type Channel interface {
	// Name is a word for it: "desktop".
	Name() string
	// Ready reports whether a user can be told so, or why not.
	Ready(ctx context.Context, u store.User, s Settings) (ok bool, why string)
	// Twice reports whether a message that is sent twice, under one key, is seen once.
	Twice() bool
	// Send tells a user. An error means that they were not told.
	Send(ctx context.Context, u store.User, m Message) error
	// Solved takes back what is about these notices alone, where that can be done.
	Solved(ids []int64)
}

// Config is what a Service stands on. Everything without a remark must be set.
type Config struct {
	Accounts store.Accounts
	Notices  store.Notices
	Channels []Channel // in the order to be shown

	// Told says what webhooks are sent about causes that began and that were solved; nil: nothing.
	Told func(ctx context.Context, began, solved []store.Notice) ([]store.Delivery, error)
	// Say says a text in one of Languages, as the pages say it; nil: everything is told in English.
	Say func(language, text string) string
	// Queued is called after something that Told said was written down; nil: nobody.
	Queued func()

	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nowhere
	Times Times
}

// Times are the waits. Zero fields mean the defaults.
type Times struct {
	Settle time.Duration // after a hint, before it is looked how things stand; 2 s
	Look   time.Duration // between looks without a hint; 10 min
	Gather time.Duration // from when a cause is seen until it is told, for others to join it; 15 s
	Retry  time.Duration // before a channel that failed is tried again, doubled each time; 30 s
}

func (t Times) filled() Times {
	for _, x := range []struct {
		d *time.Duration
		v time.Duration
	}{{&t.Settle, 2 * time.Second}, {&t.Look, 10 * time.Minute}, {&t.Gather, 15 * time.Second}, {&t.Retry, 30 * time.Second}} {
		if *x.d == 0 {
			*x.d = x.v
		}
	}
	return t
}

// Service tells people. Its methods may be called concurrently.
type Service struct {
	cfg  Config
	wake chan struct{} // holds one token while there is a hint

	mu   sync.Mutex       // guards what follows
	last map[string]int64 // when users were told last, Unix seconds
}

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Say == nil {
		cfg.Say = func(_, text string) string { return text }
	}
	if cfg.Queued == nil {
		cfg.Queued = func() {}
	}
	cfg.Times = cfg.Times.filled()
	return &Service{cfg: cfg, wake: make(chan struct{}, 1), last: map[string]int64{}}
}

// Poke hints that something may have changed.
func (s *Service) Poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run looks how things stand and tells people, until ctx is done. Nobody else may do so at the same time.
func (s *Service) Run(ctx context.Context, look func(context.Context) (Seen, error)) {
	var group sync.WaitGroup
	defer group.Wait()
	if err := s.resume(ctx, &group); err != nil && ctx.Err() == nil {
		s.cfg.Log.Error("cannot look what people were being told", "error", err)
	}
	for {
		wait := s.cfg.Times.Look
		next, err := s.once(ctx, look, &group)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.cfg.Log.Error("cannot look what people are to be told", "error", err)
		case next > 0:
			wait = min(wait, next)
		}
		if !s.await(ctx, wait) {
			return
		}
	}
}

// await waits for a hint and what follows it at once, or for some time. It reports whether ctx goes on.
func (s *Service) await(ctx context.Context, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	case <-s.wake:
	}
	settle := time.NewTimer(s.cfg.Times.Settle)
	defer settle.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-settle.C:
		return true
	}
}

// once looks once, and returns how long nothing is due, 0: for as long as nothing changes.
func (s *Service) once(ctx context.Context, look func(context.Context) (Seen, error), group *sync.WaitGroup) (time.Duration, error) {
	seen, err := look(ctx)
	if err != nil {
		return 0, err
	}
	users, err := s.cfg.Accounts.Users(ctx)
	if err != nil {
		return 0, err
	}
	if err := s.note(ctx, seen, users); err != nil {
		return 0, err
	}
	open, err := s.cfg.Notices.Notices(ctx, "")
	if err != nil {
		return 0, err
	}
	byUser := map[string][]store.Notice{}
	for _, n := range open {
		byUser[n.User] = append(byUser[n.User], n)
	}
	var next time.Duration
	for _, u := range users {
		wait, err := s.tell(ctx, u, users, byUser[u.Name], group)
		if err != nil {
			return 0, err
		}
		if wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
	}
	return next, nil
}
