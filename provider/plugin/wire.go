package plugin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"tandem"
	"tandem/provider"
)

// request is what the hub writes.
type request struct {
	ID     int64         `json:"id,omitempty"`
	Do     string        `json:"do"`
	Place  *place        `json:"place,omitempty"`
	Kind   tandem.Kind   `json:"kind,omitempty"`
	Since  tandem.Cursor `json:"since,omitempty"`
	IDs    []tandem.ID   `json:"ids,omitempty"`
	Writes []write       `json:"writes,omitempty"`
	Task   string        `json:"task,omitempty"` // "ask"
	Of     int64         `json:"of,omitempty"`   // "cancel": a request; "answer": a question
	Value  string        `json:"value,omitempty"`
	Error  *fault        `json:"error,omitempty"`
}

// answer is what a program writes. Every request but "cancel" and "answer" has answers with its id, the last with End.
type answer struct {
	ID    int64  `json:"id,omitempty"`
	End   bool   `json:"end,omitempty"`
	Error *fault `json:"error,omitempty"`

	Declaration *Declaration     `json:"declaration,omitempty"`
	Opened      *opened          `json:"opened,omitempty"`
	Found       []provider.Found `json:"found,omitempty"`
	Identity    *identity        `json:"identity,omitempty"`
	Changes     []change         `json:"changes,omitempty"`
	Listing     *listing         `json:"listing,omitempty"`
	Record      *record          `json:"record,omitempty"`
	Outcomes    []outcome        `json:"outcomes,omitempty"`
	Arrived     bool             `json:"arrived,omitempty"`
	Hint        *hint            `json:"hint,omitempty"`
	Verdict     string           `json:"verdict,omitempty"`

	// What a program wants of the hub: "secret", "get", "put", "tell" or "log", with a number of its own.
	Want  string `json:"want,omitempty"`
	Of    int64  `json:"of,omitempty"`
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`

	size int // how many bytes it had on the line
}

// bare reports whether an answer only says that it was the last.
func (a answer) bare() bool {
	return a.End && a.Declaration == nil && a.Opened == nil && a.Found == nil && a.Identity == nil && a.Changes == nil && a.Listing == nil && a.Record == nil && a.Outcomes == nil &&
		!a.Arrived && a.Hint == nil && a.Verdict == ""
}

type place struct {
	Path    string            `json:"path"`
	Options map[string]string `json:"options,omitempty"`
	Text    string            `json:"text"`
}

type opened struct {
	Kind     tandem.Kind `json:"kind"`
	Features Features    `json:"features"`
	Rate     float64     `json:"rate,omitempty"`
}

type identity struct {
	Store string `json:"store"`
	Epoch string `json:"epoch,omitempty"`
}

type meta struct {
	Version  tandem.Version `json:"version,omitempty"`
	Digest   *tandem.Digest `json:"digest,omitempty"`
	Size     int64          `json:"size,omitempty"`
	Attrs    tandem.Attrs   `json:"attrs,omitempty"`
	UID      string         `json:"uid,omitempty"`
	Node     string         `json:"node,omitempty"`
	Modified int64          `json:"modified,omitempty"`
}

func metaOf(m tandem.Meta) meta {
	out := meta{Version: m.Version, Size: m.Size, Attrs: m.Attrs, UID: m.UID, Node: m.Node, Modified: m.Modified}
	if !m.Digest.IsZero() {
		out.Digest = &m.Digest
	}
	return out
}

func (m meta) whole() tandem.Meta {
	out := tandem.Meta{Version: m.Version, Size: m.Size, Attrs: m.Attrs, UID: m.UID, Node: m.Node, Modified: m.Modified}
	if m.Digest != nil {
		out.Digest = *m.Digest
	}
	return out
}

type change struct {
	ID       tandem.ID `json:"id"`
	Presence string    `json:"presence,omitempty"` // "": present
	meta
	Error *fault `json:"error,omitempty"`
}

type listing struct {
	Complete bool          `json:"complete"`
	Full     bool          `json:"full"`
	Next     tandem.Cursor `json:"next,omitempty"`
}

type record struct {
	ID tandem.ID `json:"id"`
	meta
	Body  []byte `json:"body,omitempty"` // base64
	None  bool   `json:"no_body,omitempty"`
	Error *fault `json:"error,omitempty"`
}

type write struct {
	Op     string         `json:"op"`
	ID     tandem.ID      `json:"id,omitempty"`
	To     tandem.ID      `json:"to,omitempty"`
	If     tandem.Version `json:"if,omitempty"`
	Marker tandem.Marker  `json:"marker,omitempty"`
	Record *record        `json:"record,omitempty"`
}

type outcome struct {
	Status string    `json:"status"`
	ID     tandem.ID `json:"id,omitempty"`
	meta
	Wait  int64  `json:"wait,omitempty"`
	Error *fault `json:"error,omitempty"`
}

type hint struct {
	ID tandem.ID `json:"id,omitempty"`
}

// fault is an error.
type fault struct {
	Kind   string `json:"kind,omitempty"` // a code as in `tandem log --explain`; "": internal
	Text   string `json:"text"`
	Op     string `json:"op,omitempty"`
	Thing  string `json:"thing,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	Wait   int64  `json:"wait,omitempty"`
	Option string `json:"option,omitempty"` // out of scope because of this option
}

func faultOf(err error) *fault {
	if err == nil {
		return nil
	}
	var out *provider.Outside
	if errors.As(err, &out) {
		return &fault{Text: out.Why, Option: out.Option}
	}
	var e *tandem.Error
	if !errors.As(err, &e) {
		return &fault{Text: err.Error()}
	}
	text := e.Kind.String()
	if e.Err != nil {
		text = e.Err.Error()
	}
	return &fault{Kind: e.Kind.Code(), Text: text, Op: e.Op, Thing: e.Thing, Remedy: e.Remedy, Wait: e.Wait}
}

func (f *fault) err() error {
	switch {
	case f == nil:
		return nil
	case f.Option != "":
		return &provider.Outside{Option: f.Option, Why: f.Text}
	}
	e := &tandem.Error{Op: f.Op, Thing: f.Thing, Remedy: f.Remedy, Wait: f.Wait, Err: errors.New(f.Text)}
	for k := tandem.Internal; k <= tandem.Held; k++ {
		if k.Code() == f.Kind {
			e.Kind = k
		}
	}
	return e
}

// The words of what are numbers here.
var (
	presences = map[string]tandem.Presence{"": tandem.Present, "present": tandem.Present, "absent": tandem.Absent, "problem": tandem.Problem, "out-of-scope": tandem.OutOfScope, "unknown": tandem.Unknown}
	statuses  = map[string]tandem.Status{"maybe": tandem.Maybe, "applied": tandem.Applied, "precondition-failed": tandem.PreconditionFailed, "rejected": tandem.Rejected, "retry": tandem.RetryAfter}
	ops       = map[string]tandem.Op{"create": tandem.Create, "update": tandem.Update, "set-attributes": tandem.SetAttrs, "move": tandem.Move, "delete": tandem.Delete}
)

// wordOf is the word of a value; of several the longest.
func wordOf[V comparable](words map[string]V, v V) (out string) {
	for w, x := range words {
		if x == v && len(w) >= len(out) {
			out = w
		}
	}
	return out
}

func (c change) whole() (tandem.Change, error) {
	p, ok := presences[c.Presence]
	switch {
	case !ok:
		return tandem.Change{}, fmt.Errorf("%q is no presence of a record", c.Presence)
	case c.ID == "":
		return tandem.Change{}, errors.New("it lists a record without an id")
	case p == tandem.Present && c.Version == "":
		return tandem.Change{}, fmt.Errorf("it lists %q without a version", c.ID)
	}
	out := tandem.Change{ID: c.ID, Presence: p, Meta: c.meta.whole(), Err: c.Error.err()}
	if out.Err == nil && (p == tandem.Problem || p == tandem.OutOfScope) {
		out.Err = tandem.Errorf(tandem.Internal, "no reason was given")
	}
	return out, nil
}

func changeOf(c tandem.Change) change {
	out := change{ID: c.ID, Presence: wordOf(presences, c.Presence), meta: metaOf(c.Meta), Error: faultOf(c.Err)}
	if c.Presence == tandem.Present {
		out.Presence = ""
	}
	return out
}

func (r record) whole() (tandem.Record, error) {
	out := tandem.Record{ID: r.ID, Meta: r.meta.whole()}
	if !r.None {
		out.Body = tandem.Bytes(r.Body)
	}
	return out, r.Error.err()
}

func recordOf(r tandem.Record, err error) (record, error) {
	out := record{ID: r.ID, meta: metaOf(r.Meta), None: r.Body == nil, Error: faultOf(err)}
	if r.Body == nil || err != nil {
		return out, nil
	}
	body, err := tandem.ReadBody(r.Body, MaxBody)
	out.Body = body
	return out, err
}

func (o outcome) whole() (tandem.Outcome, error) {
	s, ok := statuses[o.Status]
	if !ok {
		return tandem.Outcome{}, fmt.Errorf("%q is no outcome of a write", o.Status)
	}
	out := tandem.Outcome{Status: s, ID: o.ID, Meta: o.meta.whole(), Wait: o.Wait, Err: o.Error.err()}
	if out.Err == nil && s != tandem.Applied {
		out.Err = tandem.Errorf(tandem.Internal, "no reason was given")
	}
	return out, nil
}

func outcomeOf(o tandem.Outcome) outcome {
	return outcome{Status: wordOf(statuses, o.Status), ID: o.ID, meta: metaOf(o.Meta), Wait: o.Wait, Error: faultOf(o.Err)}
}

func (w write) whole() (tandem.Write, error) {
	op, ok := ops[w.Op]
	if !ok {
		return tandem.Write{}, fmt.Errorf("%q is no write", w.Op)
	}
	out := tandem.Write{Op: op, ID: w.ID, To: w.To, If: w.If, Marker: w.Marker}
	if w.Record != nil {
		out.Record, _ = w.Record.whole() // a record that is written has no error
	}
	return out, nil
}

// writeOf refuses what cannot travel: names that are no text, and bodies that are too large.
func writeOf(w tandem.Write, most int64) (write, error) {
	out := write{Op: wordOf(ops, w.Op), ID: w.ID, To: w.To, If: w.If, Marker: w.Marker}
	for _, s := range []string{string(w.ID), string(w.To), string(w.If)} {
		if !utf8.ValidString(s) {
			return out, tandem.Errorf(tandem.Invalid, "its name is not UTF-8, which is what the provider's program speaks")
		}
	}
	if w.Op != tandem.Create && w.Op != tandem.Update && w.Op != tandem.SetAttrs {
		return out, nil
	}
	rec, err := recordOf(w.Record, nil)
	if err == nil && int64(len(rec.Body)) > most {
		err = tandem.Errorf(tandem.TooLarge, "it is larger than the %s that the place takes", provider.FormatSize(most))
	}
	out.Record = &rec
	return out, err
}

// lines reads and writes messages, one JSON object per line. Writes may be concurrent.
type lines struct {
	in  *bufio.Reader
	mu  sync.Mutex // guards out
	out io.Writer
}

// maxLine bounds a message: bodies are in base64, and a batch holds many.
const maxLine = 256 << 20

func newLines(in io.Reader, out io.Writer) *lines {
	return &lines{in: bufio.NewReaderSize(in, 64<<10), out: out}
}

func (l *lines) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err = l.out.Write(append(text, '\n'))
	return err
}

// read reads a message, and tells how many bytes it had. io.EOF at the end.
func (l *lines) read(v any) (int, error) {
	for {
		var line []byte
		for {
			part, err := l.in.ReadSlice('\n')
			line = append(line, part...)
			if err == nil {
				break
			}
			if errors.Is(err, bufio.ErrBufferFull) && len(line) <= maxLine {
				continue
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				return 0, fmt.Errorf("a line of more than %d bytes", maxLine)
			}
			return 0, err
		}
		if len(line) > 1 {
			return len(line), json.Unmarshal(line, v)
		}
	}
}
