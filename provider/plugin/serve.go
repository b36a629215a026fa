package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/kind/object"
	"tandem/provider"
)

// Main serves a provider on standard input and output until the hub is done with it, for a program that is nothing else:
//
//	func main() { plugin.Main(stocks.Provider()) }
func Main(p *provider.Provider) {
	if err := Serve(context.Background(), os.Stdin, os.Stdout, p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Serve serves a provider to a hub that writes to in and reads from out, until in ends. The provider is as it would be within the hub: its functions may use what Env has
// of secrets, kinds and people. What its replicas can beyond provider.Replica and provider.Arbiter does not travel.
func Serve(ctx context.Context, in io.Reader, out io.Writer, p *provider.Provider) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{p: p, lines: newLines(in, out), cancels: map[int64]context.CancelFunc{}, wants: map[int64]chan request{}}
	defer func() {
		cancel()
		s.work.Wait()
		if s.place != nil {
			_ = s.place.Close() // nobody is there to be told
		}
	}()
	for {
		var req request
		if _, err := s.lines.read(&req); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch req.Do {
		case "cancel":
			s.mu.Lock()
			if stop := s.cancels[req.Of]; stop != nil {
				stop()
			}
			s.mu.Unlock()
			continue
		case "answer":
			s.mu.Lock()
			ch := s.wants[req.Of]
			delete(s.wants, req.Of)
			s.mu.Unlock()
			if ch != nil {
				ch <- req
			}
			continue
		}
		each, stop := context.WithCancel(ctx)
		s.mu.Lock()
		s.cancels[req.ID] = stop
		s.mu.Unlock()
		s.work.Go(func() {
			s.handle(each, req)
			stop()
			s.mu.Lock()
			delete(s.cancels, req.ID)
			s.mu.Unlock()
		})
	}
}

// server is one program's end of the line.
type server struct {
	p     *provider.Provider
	lines *lines
	work  sync.WaitGroup

	mu      sync.Mutex // guards what is below
	place   *provider.Opened
	cancels map[int64]context.CancelFunc
	wants   map[int64]chan request
	last    int64
}

func (s *server) handle(ctx context.Context, req request) {
	tell := func(a answer) error {
		a.ID = req.ID
		return s.lines.write(a)
	}
	err := s.do(ctx, req, tell)
	_ = tell(answer{End: true, Error: faultOf(err)}) // a hub that is gone ends the input, too
}

var errNotOpen = tandem.Errorf(tandem.Invalid, "no place is open")

func (s *server) do(ctx context.Context, req request, tell func(answer) error) error {
	var at provider.Place
	if req.Place != nil {
		at = provider.Place{Provider: s.p.Name, Path: req.Place.Path, Options: req.Place.Options, Text: req.Place.Text}
	}
	switch req.Do {
	case "declare":
		d := Declare(s.p)
		return tell(answer{Declaration: &d})
	case "open":
		return s.open(ctx, at, tell)
	case "list":
		if s.p.List == nil {
			return tandem.Errorf(tandem.Invalid, "it has no list of collections")
		}
		found, err := s.p.List(ctx, at, s.env())
		if err != nil {
			return err
		}
		return tell(answer{Found: found})
	case "ask":
		if s.p.Ask == nil {
			return nil
		}
		return s.p.Ask(ctx, at, s.env(), req.Task)
	}
	s.mu.Lock()
	o := s.place
	s.mu.Unlock()
	if o == nil {
		return errNotOpen
	}
	return s.at(ctx, o, req, tell)
}

func (s *server) open(ctx context.Context, at provider.Place, tell func(answer) error) error {
	o, err := s.p.Open(ctx, at, s.env())
	if err != nil {
		return err
	}
	s.mu.Lock()
	taken := s.place != nil
	if !taken {
		s.place = o
	}
	s.mu.Unlock()
	if taken {
		return errors.Join(tandem.Errorf(tandem.Invalid, "a place is open already"), o.Close())
	}
	f := featuresOf(o.Features)
	_, f.Judges = o.Replica.(provider.Arbiter)
	return tell(answer{Opened: &opened{Kind: o.Kind, Features: f, Rate: o.Rate}})
}

// at answers what is about the place that is open.
func (s *server) at(ctx context.Context, o *provider.Opened, req request, tell func(answer) error) error {
	switch req.Do {
	case "identity":
		id, err := o.Identity(ctx)
		if err != nil {
			return err
		}
		return tell(answer{Identity: &identity{Store: id.Store, Epoch: id.Epoch}})
	case "changes":
		return s.changes(ctx, o, req, tell)
	case "fetch":
		for rec, err := range o.Fetch(ctx, req.IDs) {
			if err != nil && rec.ID == "" {
				return err
			}
			one, e := recordOf(rec, err)
			if e != nil {
				one = record{ID: rec.ID, Error: faultOf(e)}
			}
			if err := tell(answer{Record: &one}); err != nil {
				return err
			}
		}
		return nil
	case "apply":
		return s.apply(ctx, o, req, tell)
	case "find":
		if len(req.Writes) != 1 {
			return tandem.Errorf(tandem.Invalid, "one write is looked for at a time")
		}
		w, err := req.Writes[0].whole()
		if err != nil {
			return err
		}
		out, ok, err := o.Find(ctx, w)
		if err != nil || !ok {
			return err
		}
		return tell(answer{Arrived: true, Outcomes: []outcome{outcomeOf(out)}})
	case "watch":
		return s.watch(ctx, o, tell)
	case "judge":
		arbiter, ok := o.Replica.(provider.Arbiter)
		if !ok || len(req.IDs) != 1 || len(req.Writes) != 2 || req.Writes[0].Record == nil || req.Writes[1].Record == nil {
			return nil
		}
		v, err := arbiter.Judge(ctx, provider.Dispute{ID: req.IDs[0], Mine: req.Writes[0].Record.Body, Other: req.Writes[1].Record.Body})
		if err != nil {
			return err
		}
		return tell(answer{Verdict: string(v)})
	}
	return tandem.Errorf(tandem.Invalid, "%q is no request that is known", req.Do)
}

// chunk is how many changes travel together.
const chunk = 200

func (s *server) changes(ctx context.Context, o *provider.Opened, req request, tell func(answer) error) error {
	seq, end := o.Changes(ctx, req.Since)
	var list []change
	for c, err := range seq {
		if err != nil {
			return err
		}
		if list = append(list, changeOf(c)); len(list) < chunk {
			continue
		}
		if err := tell(answer{Changes: list}); err != nil {
			return err
		}
		list = nil
	}
	l := end()
	return tell(answer{Changes: list, Listing: &listing{Complete: l.Complete, Full: l.Full, Next: l.Next}})
}

func (s *server) apply(ctx context.Context, o *provider.Opened, req request, tell func(answer) error) error {
	writes := make([]tandem.Write, len(req.Writes))
	for i, w := range req.Writes {
		var err error
		if writes[i], err = w.whole(); err != nil {
			return err
		}
	}
	outs, failed := o.Apply(ctx, writes)
	list := make([]outcome, len(outs))
	for i, x := range outs {
		list[i] = outcomeOf(x)
	}
	if err := tell(answer{Outcomes: list}); err != nil {
		return err
	}
	return failed
}

func (s *server) watch(ctx context.Context, o *provider.Opened, tell func(answer) error) error {
	hints, err := o.Watch(ctx)
	if err != nil {
		return err
	}
	if err := tell(answer{}); err != nil || hints == nil { // from now on
		return err
	}
	for h := range hints {
		if err := tell(answer{Hint: &hint{ID: h.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// env is the hub, as a provider sees it from here.
func (s *server) env() provider.Env {
	known := kinds.Kinds()
	return provider.Env{
		Log:    slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Secret: func(ctx context.Context, name string) (string, error) { return s.want(ctx, "secret", name, "") },
		Keep:   keeper{s},
		Tell:   func(ctx context.Context, text string) { _, _ = s.want(ctx, "tell", "", text) }, // whether somebody is there is not known
		Kind: func(k tandem.Kind) (kind.Handler, bool) {
			if h, ok := known[k]; ok {
				return h, true
			}
			return object.For(k)
		},
	}
}

type keeper struct{ s *server }

// Get implements provider.Keeper.
func (k keeper) Get(ctx context.Context, name string) (string, error) {
	return k.s.want(ctx, "get", name, "")
}

// Put implements provider.Keeper.
func (k keeper) Put(ctx context.Context, name, secret string) error {
	_, err := k.s.want(ctx, "put", name, secret)
	return err
}

// want asks the hub for something and waits for it.
func (s *server) want(ctx context.Context, what, name, value string) (string, error) {
	ch := make(chan request, 1)
	s.mu.Lock()
	s.last++
	of := s.last
	s.wants[of] = ch
	s.mu.Unlock()
	if err := s.lines.write(answer{Want: what, Of: of, Name: name, Value: value}); err != nil {
		return "", err
	}
	select {
	case a := <-ch:
		return a.Value, a.Error.err()
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
