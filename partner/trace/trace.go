// Package trace keeps what phones and the hub said to each other, for devices of which somebody wants to know it. A trace is on for a while and ends by itself; it is bounded, in memory
// only, and gone with the process. What it is given must be fit to be shown: whoever adds an exchange leaves out what people wrote (server/eas/traced does).
package trace

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem"
)

// The bounds of traces.
const (
	MaxSpan    = 24 * time.Hour // the longest time that one is on
	Span       = time.Hour      // the time unless another is asked for
	Kept       = 24 * time.Hour // how long one can be looked at after it ended
	MaxDevices = 20             // devices of which there is a trace
	maxBytes   = 1 << 20        // of text of one device; the oldest exchanges go
	maxCount   = 500            // exchanges of one device; likewise
	maxText    = 64 << 10       // of one document; the rest is cut
)

// State is how a trace stands.
type State struct {
	User   string `json:"user"`
	Device string `json:"device"`
	On     bool   `json:"on"`
	By     string `json:"by"`    // who began it
	Begun  int64  `json:"begun"` // Unix seconds
	Until  int64  `json:"until"` // when it ends, or ended
	Count  int    `json:"count"` // exchanges that are kept
	Bytes  int    `json:"bytes"`
	Lost   int    `json:"lost"` // older ones that are kept no longer
}

// Exchange is one request of a device and its answer.
type Exchange struct {
	Number   int      `json:"number"` // counts from 1
	When     int64    `json:"when"`   // Unix milliseconds
	Took     int64    `json:"took"`   // milliseconds until it was answered
	Command  string   `json:"command"`
	Version  string   `json:"version"`          // of the protocol
	HTTP     int      `json:"http"`             // code of the answer; 0: none yet
	Waited   bool     `json:"waited,omitempty"` // for something to happen
	Head     []string `json:"head,omitempty"`   // headers that are known to be harmless, "Name: value"
	Asked    string   `json:"asked,omitempty"`  // XML
	Answered string   `json:"answered,omitempty"`
	Note     string   `json:"note,omitempty"`
}

func (e *Exchange) size() int {
	n := len(e.Asked) + len(e.Answered) + len(e.Note) + len(e.Command) + 64
	for _, h := range e.Head {
		n += len(h)
	}
	return n
}

// Trace is a trace with what it holds, the oldest first.
type Trace struct {
	State
	Exchanges []Exchange `json:"exchanges"`
}

type key struct{ user, device string }

type kept struct {
	state State
	list  []*Exchange
	next  int
}

// Book keeps the traces of a hub. Its methods may be called concurrently.
type Book struct {
	now func() time.Time
	any atomic.Bool // false: no trace is on, so that those who ask all the time need not wait for each other

	mu  sync.Mutex // guards all, and what is in it
	all map[key]*kept
}

// New makes an empty book. now may be nil: time.Now.
func New(now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	return &Book{now: now, all: map[key]*kept{}}
}

func keyOf(user, device string) key { return key{strings.ToLower(user), device} }

// tidy ends what is over, and forgets what ended long ago.
func (b *Book) tidy() {
	now, on := b.now(), false
	for k, t := range b.all {
		until := time.Unix(t.state.Until, 0)
		t.state.On = t.state.On && now.Before(until)
		if !t.state.On && !now.Before(until.Add(Kept)) {
			delete(b.all, k)
		}
		on = on || t.state.On
	}
	b.any.Store(on)
}

// Start begins a trace, or lets the one that is on go on for a span from now. Without a span it is Span.
func (b *Book) Start(user, device, by string, span time.Duration) (State, error) {
	if span == 0 {
		span = Span
	}
	if span < time.Second || span > MaxSpan {
		return State{}, &tandem.Error{Kind: tandem.Invalid, Op: "trace device", Thing: device, Err: errors.New(span.String() + " is not between a second and " + MaxSpan.String()), Remedy: "give a time such as 30m or 2h"}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	k, now := keyOf(user, device), b.now()
	t := b.all[k]
	if t == nil || !t.state.On {
		if t == nil && len(b.all) >= MaxDevices {
			b.forgetOldest()
		}
		if t == nil && len(b.all) >= MaxDevices {
			return State{}, &tandem.Error{Kind: tandem.Full, Op: "trace device", Thing: device, Err: errors.New("too many devices are traced already"), Remedy: "end another trace first"}
		}
		t = &kept{state: State{User: user, Device: device, Begun: now.Unix()}, next: 1}
		b.all[k] = t
	}
	t.state.On, t.state.By, t.state.Until = true, by, now.Add(span).Unix()
	b.any.Store(true)
	return t.state, nil
}

// forgetOldest makes room for a trace by forgetting the one that ended first.
func (b *Book) forgetOldest() {
	var oldest *key
	for k, t := range b.all {
		if !t.state.On && (oldest == nil || t.state.Until < b.all[*oldest].state.Until) {
			oldest = &k
		}
	}
	if oldest != nil {
		delete(b.all, *oldest)
	}
}

// Stop ends a trace, which can still be looked at. NotFound: there is none.
func (b *Book) Stop(user, device string) (State, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	t := b.all[keyOf(user, device)]
	if t == nil {
		return State{}, missing(device)
	}
	if t.state.On {
		t.state.On, t.state.Until = false, b.now().Unix()
	}
	b.tidy()
	return t.state, nil
}

// Forget removes what there is of a device, or of all devices of a user if device is "".
func (b *Book) Forget(user, device string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.all {
		if k.user == strings.ToLower(user) && (device == "" || k.device == device) {
			delete(b.all, k)
		}
	}
	b.tidy()
}

func missing(device string) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "find trace of device", Thing: device, Err: errors.New("it is not traced"), Remedy: "begin with `tandem device trace " + device + "`"}
}

// On reports whether a device is traced now. It costs next to nothing while none is.
func (b *Book) On(user, device string) bool {
	if b == nil || !b.any.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	t := b.all[keyOf(user, device)]
	return t != nil && t.state.On
}

// Add notes an exchange of a device, if it is traced. The number is set here, and long documents are cut.
func (b *Book) Add(user, device string, e Exchange) {
	e.Asked, e.Answered = cut(e.Asked), cut(e.Answered)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	t := b.all[keyOf(user, device)]
	if t == nil || !t.state.On {
		return
	}
	e.Number = t.next
	t.next++
	t.list = append(t.list, &e)
	t.state.Bytes += e.size()
	for len(t.list) > 1 && (t.state.Bytes > maxBytes || len(t.list) > maxCount) {
		t.state.Bytes -= t.list[0].size()
		t.list = slices.Delete(t.list, 0, 1)
		t.state.Lost++
	}
	t.state.Count = len(t.list)
}

// cut bounds a document.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "\n… (cut)"
}

// States lists the traces, by user and device.
func (b *Book) States() []State {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	out := []State{}
	for _, t := range b.all {
		out = append(out, t.state)
	}
	slices.SortFunc(out, func(a, b State) int {
		return strings.Compare(a.User+"\x00"+a.Device, b.User+"\x00"+b.Device)
	})
	return out
}

// Trace is the trace of a device. NotFound: there is none.
func (b *Book) Trace(user, device string) (Trace, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	t := b.all[keyOf(user, device)]
	if t == nil {
		return Trace{}, missing(device)
	}
	out := Trace{State: t.state, Exchanges: []Exchange{}}
	for _, e := range t.list {
		out.Exchanges = append(out.Exchanges, *e)
	}
	return out, nil
}
