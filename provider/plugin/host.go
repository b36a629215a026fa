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

// bounds are what a program may take, of time and of the hub's memory.
type bounds struct {
	patience time.Duration // how long it has to end by itself after it was asked to, and what it wrote to be read after it ended
	silence  time.Duration // how long it may say nothing at all while it owes an answer
	held     int           // bytes of answers that nobody took yet
	wants    int           // what it wants of the hub at the same time
}

// usual are the bounds outside of tests.
func usual() bounds {
	return bounds{patience: 2 * time.Second, silence: 10 * time.Minute, held: 2 * maxLine, wants: 64}
}

// process is a running program, and who waits for its answers.
type process struct {
	name   string
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout io.Closer
	lines  *lines
	env    provider.Env
	bounds bounds
	exited chan struct{} // closed when it ended, and what it said on standard error was read
	over   chan struct{} // closed when all that it wrote was read, or nothing will be
	wants  chan struct{} // a token for each thing that it wants at the moment

	ctx    context.Context // of what it wants of the hub
	cancel context.CancelFunc

	mu    sync.Mutex // guards all below
	next  int64
	calls map[int64]*call
	held  int       // bytes of answers that nobody took yet
	heard time.Time // when it said something last
	err   error     // why it is over
	cause error     // what made it end, before it has
	said  string    // the last line on standard error
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
	p := &process{name: r.called(), env: env, bounds: r.bounds, exited: make(chan struct{}), over: make(chan struct{}), calls: map[int64]*call{}, heard: time.Now(),
		cmd: exec.Command(r.Command[0], r.Command[1:]...)}
	if p.bounds == (bounds{}) {
		p.bounds = usual()
	}
	p.wants = make(chan struct{}, p.bounds.wants)
	p.cmd.Env = surroundings()
	p.cmd.WaitDelay = p.bounds.patience
	alone(p.cmd)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, theirs, err := os.Pipe() // and not StdoutPipe: the end of the program must be seen also where something that it started holds its output
	if err != nil {
		in.Close()
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = theirs, &saying{p: p}
	err = p.cmd.Start()
	theirs.Close()
	if err != nil {
		out.Close()
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "start provider", Thing: r.called(), Err: err, Remedy: "see that the program " + r.Command[0] + " is there, or register it again with `tandem provider add`"}
	}
	p.stdin, p.stdout, p.lines = in, out, newLines(out, in)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	go p.read()
	go p.wait()
	return p, nil
}

// wait sees the program end. What it started may hold the other end of its output for ever, and is read from no longer then.
func (p *process) wait() {
	_ = p.cmd.Wait() // how it ended is told by what it said
	close(p.exited)
	t := time.NewTimer(p.bounds.patience)
	defer t.Stop()
	select {
	case <-p.over:
	case <-t.C:
	}
	p.stdout.Close()
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
		if line = brief(line); line == "" {
			continue
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

// brief is a text of a program as it is logged: one line, and not too long.
func brief(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "?"))
	if r := []rune(text); len(r) > 500 {
		return string(r[:500]) + "…"
	}
	return text
}

// read hands out what the program writes until it writes no more.
func (p *process) read() {
	defer close(p.over)
	for {
		var a answer
		size, err := p.lines.read(&a)
		if err == nil {
			a.size = size
			err = p.take(a)
		}
		if err != nil {
			p.end(err)
			return
		}
	}
}

// take takes an answer in. An error is about the program as a whole.
func (p *process) take(a answer) error {
	if a.Want != "" {
		select {
		case p.wants <- struct{}{}:
		default:
			return fmt.Errorf("it wants more than %d things of the hub at once", p.bounds.wants)
		}
		go func() {
			p.serve(a)
			<-p.wants
		}()
		a.size = 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = time.Now()
	c := p.calls[a.ID]
	if c == nil || a.Want != "" {
		return nil
	}
	if p.held += a.size; p.held > p.bounds.held {
		return fmt.Errorf("it answers %d bytes more than anybody takes", p.held)
	}
	c.answers = append(c.answers, a)
	c.done = c.done || a.End || a.Error != nil
	c.wake()
	return nil
}

// taken takes the answers to a call that are there. The call is over after those with done, with the reason why nothing else will come.
func (p *process) taken(c *call) (list []answer, done bool, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, c.answers = c.answers, nil
	for _, a := range list {
		p.held -= a.size
	}
	return list, c.done, p.err
}

func (c *call) wake() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// end lets all who wait know that nothing more will come.
func (p *process) end(err error) {
	p.mu.Lock()
	if p.cause == nil {
		p.cause = err
	}
	err = p.cause // what is killed for something ends, too
	p.mu.Unlock()
	switch {
	case errors.Is(err, errSilent):
		p.kill()
	case errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed):
		t := time.AfterFunc(p.bounds.patience, p.kill) // who says nothing more has no reason to stay
		defer t.Stop()
		err = errors.New("its program ended")
	default:
		p.kill()
		err = fmt.Errorf("its program does not speak the protocol: %w", err)
	}
	<-p.exited // its standard error is read, then
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
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
	t := time.NewTimer(p.bounds.patience)
	defer t.Stop()
	select {
	case <-p.over:
	case <-t.C:
		p.kill()
		p.stdout.Close() // something that it started may hold the other end
		<-p.over
	}
}

var errSilent = errors.New("its program says nothing any more")

// silent ends a program that says nothing any more while it owes an answer, and tells for how long it may otherwise go on.
func (p *process) silent() time.Duration {
	p.mu.Lock()
	left := p.bounds.silence - time.Since(p.heard)
	p.mu.Unlock()
	if left > 0 {
		return left
	}
	p.end(fmt.Errorf("%w: nothing came for %s", errSilent, p.bounds.silence))
	return p.bounds.silence
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
	if p.calls[req.ID] = c; len(p.calls) == 1 {
		p.heard = time.Now() // it owed nothing before
	}
	p.mu.Unlock()
	defer func() {
		_, done, _ := p.taken(c)
		p.mu.Lock()
		delete(p.calls, req.ID)
		p.mu.Unlock()
		if !done {
			go func() { _ = p.lines.write(request{Do: "cancel", Of: req.ID}) }() // whoever does not read must not hold us up
		}
	}()
	sent := make(chan error, 1)
	go func() { sent <- p.lines.write(req) }()
	quiet := time.NewTimer(p.bounds.silence)
	defer quiet.Stop()
	if req.Do == "watch" { // who watches may have nothing to say for years
		quiet.Stop()
	}
	for {
		select {
		case <-quiet.C:
			quiet.Reset(p.silent())
			continue
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
		list, done, why := p.taken(c)
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
		p.env.Log.Info("a provider's program says", "provider", p.name, "text", brief(a.Value))
		return
	case a.Want == "tell":
		if p.env.Tell != nil {
			p.env.Tell(p.ctx, brief(a.Value))
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
