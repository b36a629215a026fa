package sysevents

import (
	"context"
	"net"
	"time"
)

// Options say where to look. The zero value is for real use.
type Options struct {
	Bus    string           // address of the message bus; "": the system's, "none": no bus
	Poll   time.Duration    // between looks at what no service tells of; 15 s
	Retry  time.Duration    // until a bus that is not there is tried again; 1 min
	Online func() bool      // whether there is a network; nil: asks the interfaces
	Wall   func() time.Time // the clock on the wall; nil: time.Now
}

func (o Options) filled() Options {
	if o.Poll == 0 {
		o.Poll = 15 * time.Second
	}
	if o.Retry == 0 {
		o.Retry = time.Minute
	}
	if o.Online == nil {
		o.Online = online
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	return o
}

// jump is by how much a look may be late before the computer must have slept meanwhile.
const jump = 30 * time.Second

// parts are what services tell of; the rest is found out by looking.
type parts struct {
	logind, network, power bool
}

// watcher is the state that looks and signals lead to. It belongs to one goroutine.
type watcher struct {
	opt   Options
	tell  func(Event)
	state State
	told  bool // at least once
	has   parts
}

// Run tells of events until ctx is done, one after the other, beginning with how things stand.
func Run(ctx context.Context, opt Options, tell func(Event)) {
	w := &watcher{opt: opt.filled(), tell: tell}
	signals := make(chan func(), 16) // what the bus's goroutine wants done here
	busDone := make(chan struct{})
	go func() {
		defer close(busDone)
		w.followBus(ctx, signals)
	}()
	defer func() { <-busDone }()
	w.look()
	last := w.opt.Wall().Round(0)
	tick := time.NewTicker(w.opt.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-signals:
			f()
		case <-tick.C:
			now := w.opt.Wall().Round(0)
			if !w.has.logind && now.Sub(last) > w.opt.Poll+jump {
				w.emit(Event{Kind: Resume})
			}
			last = now
			w.look()
		}
	}
}

// look finds out what no service tells of.
func (w *watcher) look() {
	s := w.state
	if !w.has.network {
		s.Offline, s.Leaving, s.Metered, s.Networks, s.Named = !w.opt.Online(), false, false, nil, false
	}
	if !w.has.power {
		s.OnBattery, s.Percent = false, 0
	}
	if !w.has.logind {
		s.Idle, s.IdleKnown = false, false
	}
	w.become(s)
}

// become takes a new state in, and tells of what it means.
func (w *watcher) become(s State) {
	old := w.state
	if w.told && s.Equal(old) {
		return
	}
	w.state = s
	var kinds []Kind
	if w.told {
		switch {
		case s.Leaving && !old.Leaving, s.Offline && !old.Offline && !old.Leaving:
			kinds = append(kinds, NetworkDown)
		case !s.Offline && (old.Offline || s.Named && old.Named && !within(s.Networks, old.Networks)):
			kinds = append(kinds, NetworkUp)
		}
		if old.OnBattery && !s.OnBattery {
			kinds = append(kinds, Power)
		}
		if s.Idle && !old.Idle {
			kinds = append(kinds, Idle)
		}
	}
	if len(kinds) == 0 {
		kinds = []Kind{Changed}
	}
	w.told = true
	for _, k := range kinds {
		w.emit(Event{Kind: k})
	}
}

// within reports whether all of a are among b.
func within(a, b []string) bool {
	have := map[string]bool{}
	for _, x := range b {
		have[x] = true
	}
	for _, x := range a {
		if !have[x] {
			return false
		}
	}
	return true
}

func (w *watcher) emit(e Event) {
	e.State = w.state
	w.tell(e)
}

// online reports whether an interface beside the loopback is up and has an address that reaches further than its link.
func online() bool {
	list, err := net.Interfaces()
	if err != nil {
		return true // what cannot be told must not keep anything from running
	}
	for _, i := range list {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return true
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				return true
			}
		}
	}
	return false
}

// looking is what is done instead of the services that are not there.
func looking() []Source {
	return []Source{
		{Name: "logind", Text: "log-on, log-off, lock, idle and suspend are not told; waking up is seen by the clock"},
		{Name: "NetworkManager", Text: "networks are seen by looking at the interfaces every 15 s; their names, and whether they are metered, are not told"},
		{Name: "UPower", Text: "batteries are not told of; the computer counts as plugged in"},
	}
}
