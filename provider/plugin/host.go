package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/provider"
)

// patience is how long a program has to end by itself after it was asked to.
const patience = 2 * time.Second

// process is a running program, and who waits for its answers.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.Closer
	lines *lines
	env   provider.Env
	over  chan struct{} // closed when all that it wrote was read, or nothing will be

	ctx    context.Context // of what it wants of the hub
	cancel context.CancelFunc

	mu    sync.Mutex // guards all below
	next  int64
	calls map[int64]*call
	err   error  // why it is over
	said  string // the last line on standard error
}

// call is a request that waits for answers. They are kept until somebody takes them, so that a slow reader of one holds up no other.
type call struct {
	answers []answer
	more    chan struct{} // holds a token when there is something to look at
	done    bool
}

// start starts the program. It ends with stop.
func (r Registered) start(env provider.Env) (*process, error) {
	if len(r.Command) == 0 {
		return nil, r.wrong(errors.New("no program is named"))
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	p := &process{name: r.called(), env: env, over: make(chan struct{}), calls: map[int64]*call{}, cmd: exec.Command(r.Command[0], r.Command[1:]...)}
	p.cmd.Env = surroundings()
	p.cmd.WaitDelay = patience
	alone(p.cmd)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = &saying{p: p}
	if err := p.cmd.Start(); err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "start provider", Thing: r.called(), Err: err, Remedy: "see that the program " + r.Command[0] + " is there, or register it again with `tandem provider add`"}
	}
	p.stdin, p.lines = in, newLines(out, in)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	go p.read()
	return p, nil
}

// surroundings are the variables that a program sees of the hub's: none that may hold a secret.
func surroundings() (env []string) {
	for _, name := range []string{"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SystemRoot", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// saying keeps the last line of what a program says on standard error, and logs each.
type saying struct {
	p    *process
	rest string
}

// Write implements io.Writer.
func (s *saying) Write(b []byte) (int, error) {
	s.rest += string(b)
	for {
		line, rest, ok := strings.Cut(s.rest, "\n")
		if !ok {
			break
		}
		s.rest = rest
		if line = strings.TrimSpace(strings.ToValidUTF8(line, "?")); line == "" {
			continue
		}
		if r := []rune(line); len(r) > 500 {
			line = string(r[:500]) + "…"
		}
		s.p.mu.Lock()
		s.p.said = line
		s.p.mu.Unlock()
		s.p.env.Log.Info("a provider's program says", "provider", s.p.name, "text", line)
	}
	if len(s.rest) > 64<<10 {
		s.rest = ""
	}
	return len(b), nil
}

// read hands out what the program writes until it writes no more.
func (p *process) read() {
	defer close(p.over)
	for {
		var a answer
		if err := p.lines.read(&a); err != nil {
			p.end(err)
			return
		}
		if a.Want != "" {
			go p.serve(a)
			continue
		}
		p.mu.Lock()
		if c := p.calls[a.ID]; c != nil {
			c.answers = append(c.answers, a)
			c.done = c.done || a.End || a.Error != nil
			c.wake()
		}
		p.mu.Unlock()
	}
}

func (c *call) wake() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// end lets all who wait know that nothing more will come.
func (p *process) end(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
		t := time.AfterFunc(patience, p.kill) // who says nothing more has no reason to stay
		_ = p.cmd.Wait()                      // its standard error is read, then
		t.Stop()
		err = errors.New("its program ended")
	} else {
		p.kill()
		_ = p.cmd.Wait()
		err = fmt.Errorf("its program does not speak the protocol: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said != "" {
		err = fmt.Errorf("%w; it said: %s", err, p.said)
	}
	p.err = &tandem.Error{Kind: tandem.Unreadable, Op: "ask provider", Thing: p.name, Err: err, Remedy: "see the hub's log for what the program said, or try it with `tandem provider check " + p.name + "`"}
	for _, c := range p.calls {
		c.done = true
		c.wake()
	}
}

// gone says why nothing can be asked any more, nil if it can.
func (p *process) gone() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// stop asks the program to end, and kills it where it does not.
func (p *process) stop() {
	p.cancel()
	_ = p.stdin.Close() // that is the request
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-p.over:
	case <-t.C:
		p.kill()
		<-p.over
	}
}

// each sends a request and hands its answers over, until the last, ctx is done, or f objects.
func (p *process) each(ctx context.Context, req request, f func(answer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	if p.err != nil {
		defer p.mu.Unlock()
		return p.err
	}
	p.next++
	req.ID = p.next
	c := &call{more: make(chan struct{}, 1)}
	p.calls[req.ID] = c
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.calls, req.ID)
		done := c.done
		p.mu.Unlock()
		if !done {
			go func() { _ = p.lines.write(request{Do: "cancel", Of: req.ID}) }() // whoever does not read must not hold us up
		}
	}()
	sent := make(chan error, 1)
	go func() { sent <- p.lines.write(req) }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-sent:
			if sent = nil; err != nil {
				select { // why it ended says more than that it did
				case <-p.over:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			continue
		case <-c.more:
		}
		p.mu.Lock()
		list, done, why := c.answers, c.done, p.err
		c.answers = nil
		p.mu.Unlock()
		for _, a := range list {
			if err := a.Error.err(); err != nil {
				return err
			}
			if !a.bare() {
				if err := f(a); err != nil {
					return err
				}
			}
			if a.End {
				return nil
			}
		}
		if done {
			return why
		}
	}
}

// one sends a request that has one answer.
func (p *process) one(ctx context.Context, req request) (answer, error) {
	var out answer
	err := p.each(ctx, req, func(a answer) error {
		out = a
		return nil
	})
	return out, err
}

// once starts the program for one request.
func (r Registered) once(ctx context.Context, env provider.Env, req request, f func(answer) error) error {
	p, err := r.start(env)
	if err != nil {
		return err
	}
	defer p.stop()
	return p.each(ctx, req, f)
}

// serve gives a program what it wants of the hub. It has its own secrets only: their names tell whose they are.
func (p *process) serve(a answer) {
	out := request{Do: "answer", Of: a.Of}
	var err error
	mine := strings.Contains(" "+a.Name, " "+p.name+":")
	switch {
	case a.Want == "log":
		p.env.Log.Info("a provider's program says", "provider", p.name, "text", a.Value)
		return
	case a.Want == "tell":
		if p.env.Tell != nil {
			p.env.Tell(p.ctx, a.Value)
		}
	case !mine:
		err = tandem.Errorf(tandem.Denied, "a program reads secrets of its own places only, whose names begin with %s:", p.name)
	case a.Want == "secret" && p.env.Secret != nil:
		out.Value, err = p.env.Secret(p.ctx, a.Name)
	case a.Want == "get" && p.env.Keep != nil:
		out.Value, err = p.env.Keep.Get(p.ctx, a.Name)
	case a.Want == "put" && p.env.Keep != nil:
		err = p.env.Keep.Put(p.ctx, a.Name, a.Value)
	default:
		err = tandem.Errorf(tandem.Denied, "there is no %s here", a.Want)
	}
	out.Error = faultOf(err)
	_ = p.lines.write(out) // a program that is gone wants nothing
}
