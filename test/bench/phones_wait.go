package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// waiting lets 10,000 phones of 100 users wait, and times how long a change takes to reach them.
func waiting(c config) ([]row, error) {
	users, each := 100, int(100*c.scale)
	h, apps, err := newHub(c, "phones-waiting", users)
	if err != nil {
		return nil, err
	}
	if err := h.start(); err != nil {
		return nil, err
	}
	ctx := context.Background()
	waiters := make([][]*easclient.Phone, users)
	for u := range users {
		for i := range each {
			p := h.phone(u, apps[u], fmt.Sprintf("u%dp%d", u, i))
			if err := p.FolderSync(ctx); err != nil {
				return nil, err
			}
			waiters[u] = append(waiters[u], p)
		}
	}
	h.client.CloseIdleConnections()
	fmt.Fprintf(os.Stderr, "   %d phones known\n", users*each)
	idle, err := h.settle()
	if err != nil {
		return nil, err
	}
	answers := make(chan heard, users*each)
	var again retries
	begin := time.Now()
	for u, list := range waiters {
		for _, p := range list {
			go func() {
				err := again.wait(ctx, func() (string, error) {
					status, _, err := p.Ping(ctx, 3000, p.FolderOf(9))
					return status, err
				})
				answers <- heard{u, time.Now(), err}
			}()
		}
		// Not all at once: a listening socket has a queue.
		if err := h.caughtUp((u+1)*each, answers); err != nil {
			return nil, errors.Join(err, again.report())
		}
	}
	full, err := h.settle()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "   %d wait after %.1f s; %.1f KiB each (%.1f MiB before, %.1f after)\n", users*each, time.Since(begin).Seconds(),
		float64(full.peak-idle.peak)/float64(users*each), float64(idle.peak)/1024, float64(full.peak)/1024)
	var took []time.Duration
	for u := range users {
		writer := h.phone(u, apps[u], fmt.Sprintf("u%dwriter", u))
		if err := writer.FolderSync(ctx); err != nil {
			return nil, err
		}
		folder := writer.FolderOf(9)
		if err := writer.Sync(ctx, folder); err != nil {
			return nil, err
		}
		writer.Add(folder, wbxml.Text(wbxml.ContactsLastName, "News"), wbxml.Text(wbxml.ContactsFileAs, "News"))
		start := time.Now()
		if err := writer.Sync(ctx, folder); err != nil {
			return nil, err
		}
		for range each {
			a := <-answers
			if a.err != nil {
				return nil, a.err
			}
			if a.user != u {
				return nil, fmt.Errorf("a phone of user %d heard of user %d's change", a.user, u)
			}
			took = append(took, a.at.Sub(start))
		}
	}
	if err := again.report(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	fmt.Fprintf(os.Stderr, "   change to answer: median %v, 99th percentile %v, last %v\n", p50, p99, took[len(took)-1])
	name := fmt.Sprintf("phone: %d wait", users*each)
	return []row{
		{scenario: name + fmt.Sprintf(" (%.1f KiB each), change to answer, median", float64(full.peak-idle.peak)/float64(users*each)), tool: "tandem", figures: figures{wall: p50, peak: full.peak}},
		{scenario: name + ", change to answer, 99th percentile", tool: "tandem", figures: figures{wall: p99, peak: full.peak}},
	}, h.stop()
}

// settle waits until the hub's memory has not fallen for half a minute: what a burst needed is given back to the system bit by bit.
func (h *hub) settle() (f figures, err error) {
	last, calm := int64(1<<60), 0
	for range 40 {
		if f, err = h.spent(); err != nil {
			return f, err
		}
		if calm++; f.peak < last*99/100 {
			last, calm = f.peak, 0
		}
		if calm == 6 {
			break
		}
		time.Sleep(5 * time.Second)
	}
	return f, nil
}

// patience is how long the hub may take to accept the connections of one user's phones, on a machine that has other work.
const patience = 5 * time.Minute

// caughtUp waits until the hub has accepted so many connections. A phone that gave up ends it.
func (h *hub) caughtUp(connections int, answers <-chan heard) error {
	end := time.After(patience)
	for {
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.cmd.Process.Pid))
		if err != nil || len(list) >= connections {
			return err
		}
		select {
		case a := <-answers:
			if a.err == nil {
				a.err = errors.New("it heard of a change, and there was none")
			}
			return fmt.Errorf("a phone of user %d waits no longer: %w", a.user, a.err)
		case <-end:
			return fmt.Errorf("the hub has %d files and connections open after %v, and %d phones wait", len(list), patience, connections)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// heard is what a waiting phone heard, and when.
type heard struct {
	user int
	at   time.Time
	err  error
}

// retries has phones ask again, as real ones do, and remembers why they had to.
type retries struct {
	mu    sync.Mutex
	count int   // guarded by mu
	first error // guarded by mu
}

// tries is how often a phone asks until it gives up.
const tries = 5

// wait asks until there is a change.
func (r *retries) wait(ctx context.Context, ping func() (status string, err error)) error {
	for try := 1; ; try++ {
		status, err := ping()
		if err == nil && status == "2" {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("status %q of a Ping", status)
		}
		if try == tries {
			return fmt.Errorf("%d tries: %w", tries, err)
		}
		r.note(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * time.Second):
		}
	}
}

func (r *retries) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count++; r.first == nil {
		r.first = err
	}
}

// report tells whether phones had to ask again.
func (r *retries) report() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == 0 {
		return nil
	}
	return fmt.Errorf("phones had to ask again %d times; at first because of: %w", r.count, r.first)
}
