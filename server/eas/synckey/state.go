package synckey

import (
	"encoding/json"
	"slices"

	"tandem"
	"tandem/kind/eas"
)

// format is the version of the document.
const format = 1

// State is the document of one device and collection.
type State struct {
	Format    int         `json:"v"`
	Secret    []byte      `json:"secret"`              // opens keys; drawn once
	Count     uint64      `json:"count"`               // keys given out
	Lost      []Span      `json:"lost,omitempty"`      // those of them that were given out by a hub of which this one is an earlier state
	Now       *Generation `json:"now,omitempty"`       // the last one given out
	Was       *Generation `json:"was,omitempty"`       // the one it was made from; nil if that is the key 0
	Options   Options     `json:"options,omitzero"`    // of the last request that had any
	Supported []uint16    `json:"supported,omitempty"` // tags that the device manages, MS-ASCMD 2.2.3.179

	// Limit is the most commands to send while a record is looked for with which the device cannot cope, 0: none; Tries is how often an answer made
	// from Was was asked for again.
	Limit int `json:"limit,omitempty"`
	Tries int `json:"tries,omitempty"`

	Conversations bool `json:"conversations,omitempty"` // ConversationMode of the last request that had one, MS-ASCMD 2.2.3.36.2

	Look bool `json:"look,omitempty"` // the hub was put back to an earlier state: the device is told that there is something new until it comes

	Warned int64 `json:"warned,omitempty"` // the day, in Unix seconds, on which it was last said that an old key came
}

// Options are what a device asked for earlier and need not repeat. MS-ASCMD_R3598
type Options struct {
	Filter  int                  `json:"filter,omitempty"`
	Clients bool                 `json:"clients,omitempty"` // Conflict 0: the client's change wins
	Bodies  []eas.BodyPreference `json:"bodies,omitempty"`
	Part    *eas.BodyPreference  `json:"part,omitempty"` // BodyPartPreference
	MIME    int                  `json:"mime,omitempty"` // MIMESupport
}

// Span are keys by their counts, the first left out.
type Span struct {
	After uint64 `json:"after"`
	Upto  uint64 `json:"upto"`
}

// maxLost bounds the document: a hub is put back seldom.
const maxLost = 20

// Ahead reports whether a key of this position was given out by a hub of which this one is an earlier state, and remembers that.
func (s *State) Ahead(p Position) bool {
	if p.Count > s.Count {
		s.Lost = append(s.Lost, Span{s.Count, p.Count})
		s.Lost = s.Lost[max(0, len(s.Lost)-maxLost):]
		s.Count = p.Count // no key is given out twice
		return true
	}
	return slices.ContainsFunc(s.Lost, func(l Span) bool { return p.Count > l.After && p.Count <= l.Upto })
}

// Generation is what a key stands for, and how it was made.
type Generation struct {
	Key     string    `json:"key"`
	From    int64     `json:"from"`   // the device has the collection as it stood then, as far as Window shows it
	Cursor  int64     `json:"cursor"` // and everything last written up to here; From when it is not catching up
	Settled []Settled `json:"settled,omitempty"`
	Window  Window    `json:"window,omitzero"`
	Own     []Own     `json:"own,omitempty"`
	Aside   []Aside   `json:"aside,omitempty"`
	Reverts []Revert  `json:"reverts,omitempty"`
	// Kin are records beyond the window that the device has because something of their conversation is in it. They were all that there are when the collection
	// stood at KinSeq and the window began at KinFrom.
	Kin     []int64 `json:"kin,omitempty"`
	KinSeq  int64   `json:"kinseq,omitempty"`
	KinFrom int64   `json:"kinfrom,omitempty"`
	// Vague: the device may have more than the numbers say, up to Cursor and beyond. What is gone is told even where it seems not to have it.
	Vague bool `json:"vague,omitempty"`
	// Ahead: the device knows more than the hub, which was put back to an earlier state; it is to begin anew.
	Ahead bool `json:"ahead,omitempty"`

	// How it was made from Was.
	Digest  []byte   `json:"digest,omitempty"`  // of the request
	Stood   int64    `json:"stood,omitempty"`   // where the collection stood
	Results []Result `json:"results,omitempty"` // of the client's commands, in order
	Mine    []Own    `json:"mine,omitempty"`    // what those commands added to Own
	Sent    int      `json:"sent,omitempty"`    // commands
	More    bool     `json:"more,omitempty"`
	Retried int64    `json:"retried,omitempty"` // the record that was set aside and alone was sent
	Joined  []int64  `json:"joined,omitempty"`  // of Kin: those that were sent
	Left    []int64  `json:"left,omitempty"`    // those that were taken from Kin, and from the device
}

// Settled is an answer, or several while nothing was written: the collection stood at At, and what was then last written up to Upto has been told.
type Settled struct {
	At   int64 `json:"at"`
	Upto int64 `json:"upto"`
}

// Own is a record that the device wrote itself, or of which something else is known that the numbers do not say, up to its sequence number Seq.
type Own struct {
	Number int64 `json:"n"`
	Seq    int64 `json:"seq"`
	Has    Has   `json:"has,omitempty"`
	Told   bool  `json:"told,omitempty"`   // it is told nevertheless
	Merged bool  `json:"merged,omitempty"` // it holds more than the device sent
	Base   int64 `json:"base,omitempty"`   // where it does: the version that the device has of it, 0 where none is known
}

// Shows is the version of the record that the device has, as a sequence number; 0: none that is known.
func (o Own) Shows() int64 {
	if o.Merged {
		return o.Base
	}
	return o.Seq
}

// Has is whether a device has a record.
type Has uint8

// The answers.
const (
	Unsaid Has = iota // the numbers tell
	Yes
	No
)

// Aside is a record that is not sent, because it cannot be shown or because the device seems not to cope with it. It is tried again when it
// changes, and after a while: it may have been the way that broke, not the device.
type Aside struct {
	Number int64 `json:"n"`
	Seq    int64 `json:"seq"`
	Has    bool  `json:"has,omitempty"`   // the device has an older version
	Times  int   `json:"times,omitempty"` // how often it was set aside
	Again  int64 `json:"again,omitempty"` // Unix seconds from which on it is tried again
}

// Result is how a client's command ended.
type Result struct {
	Op       byte   `json:"op"` // 'a', 'c', 'd' or 'f'
	Client   string `json:"client,omitempty"`
	Server   string `json:"server,omitempty"`
	Instance string `json:"instance,omitempty"`
	Status   int    `json:"status"`
	Answer   []byte `json:"answer,omitempty"` // ApplicationData as WBXML
}

// Parse reads a document. One of a newer program is TooNew.
func Parse(doc []byte) (*State, error) {
	s := &State{}
	if err := json.Unmarshal(doc, s); err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read sync state", Err: err, Remedy: "let the device start over: `tandem device resync`"}
	}
	if s.Format > format {
		return nil, &tandem.Error{Kind: tandem.TooNew, Op: "read sync state", Remedy: "use the newer tandem that wrote it"}
	}
	return s, nil
}

// Bytes writes the document.
func (s *State) Bytes() ([]byte, error) {
	s.Format = format
	doc, err := json.Marshal(s)
	if err != nil {
		return nil, &tandem.Error{Op: "write sync state", Err: err}
	}
	return doc, nil
}

// Issue gives a generation the next key.
func (s *State) Issue(collection int64, g *Generation) {
	s.Count++
	w := g.Window
	w.Sweep = nil
	g.Key = Seal(s.Secret, collection, Position{Count: s.Count, From: g.From, Cursor: g.Cursor, Window: w})
}

// Next is a generation that begins where g is: the way it was made is left out.
func (g *Generation) Next() *Generation {
	n := &Generation{From: g.From, Cursor: g.Cursor, Settled: slices.Clone(g.Settled), Window: g.Window, Own: slices.Clone(g.Own), Aside: slices.Clone(g.Aside),
		Reverts: slices.Clone(g.Reverts), Kin: slices.Clone(g.Kin), KinSeq: g.KinSeq, KinFrom: g.KinFrom, Vague: g.Vague}
	if g.Window.Sweep != nil {
		sweep := *g.Window.Sweep
		n.Window.Sweep = &sweep
	}
	return n
}

// OwnOf is the latest entry about a record.
func (g *Generation) OwnOf(number int64) (Own, bool) {
	for _, o := range slices.Backward(g.Own) {
		if o.Number == number {
			return o, true
		}
	}
	return Own{}, false
}

// AddOwn adds an entry, which replaces what was said of the record.
func (g *Generation) AddOwn(o Own) {
	g.Own = append(without(g.Own, o.Number), o)
	if len(g.Own) > maxOwn {
		g.Own = g.Own[1:]
	}
}

// maxOwn bounds the document, for a device that sends much and never asks what is new. What is forgotten comes back to it.
const maxOwn = 5000

// Did adds an entry about a write of the commands with which the generation was made.
func (g *Generation) Did(o Own) {
	g.AddOwn(o)
	g.Mine = append(without(g.Mine, o.Number), o)
}

func without(list []Own, number int64) []Own {
	return slices.DeleteFunc(list, func(have Own) bool { return have.Number == number })
}

// Undo returns the generation to begin with when the device comes back to was, of which now was made: the answer was lost, and the device has
// other wishes by now. What it wrote then is told like other changes, but it is still what the device's next edits are based on.
func Undo(was, now *Generation) *Generation {
	g := was.Next()
	for _, o := range now.Mine {
		before, _ := g.OwnOf(o.Number)
		g.AddOwn(Own{Number: o.Number, Seq: o.Seq, Has: before.Has, Told: true, Merged: o.Merged, Base: o.Base})
	}
	for _, v := range now.Reverts { // what was refused then is undone all the same
		if _, ok := g.RevertOf(v.Number); !ok {
			g.Revert(v)
		}
	}
	return g
}

// Past is the generation of a key of which nothing more is known than what it says.
func (p Position) Past() *Generation {
	return &Generation{From: p.From, Cursor: p.Cursor, Window: p.Window, Vague: p.From != 0 || p.Cursor != 0}
}

// AsideOf is the entry about a record that was set aside.
func (g *Generation) AsideOf(number int64) (Aside, bool) {
	for _, a := range g.Aside {
		if a.Number == number {
			return a, true
		}
	}
	return Aside{}, false
}

// SetAside adds a record to those that wait: a day, then two, then four, at most about a month.
func (g *Generation) SetAside(a Aside, now int64) (times int) {
	if before, ok := g.AsideOf(a.Number); ok && before.Seq == a.Seq {
		a.Times = before.Times
	}
	a.Times++
	a.Again = now + day<<min(a.Times-1, 5)
	g.Release(a.Number)
	g.Aside = append(g.Aside, a)
	if len(g.Aside) > maxAside {
		g.Aside = g.Aside[1:]
	}
	return a.Times
}

// Due is a record that was set aside and is to be tried again.
func (g *Generation) Due(now int64) (Aside, bool) {
	for _, a := range g.Aside {
		if a.Again <= now {
			return a, true
		}
	}
	return Aside{}, false
}

// maxAside bounds the document. Whatever is forgotten is merely sent as a change where it was an addition.
const maxAside = 500

// Release removes a record from those that wait.
func (g *Generation) Release(number int64) {
	g.Aside = slices.DeleteFunc(g.Aside, func(have Aside) bool { return have.Number == number })
}

// maxSettled bounds the document: a device that takes that many answers to catch up while the folder is written to before each is told of some
// records twice.
const maxSettled = 64

// Advance moves the cursor. The collection stood at stood when what lies up to it was read.
func (g *Generation) Advance(cursor, stood int64) {
	g.Cursor = cursor
	if n := len(g.Settled); n > 0 && g.Settled[n-1].At == stood {
		g.Settled[n-1].Upto = cursor
	} else {
		g.Settled = append(g.Settled, Settled{At: stood, Upto: cursor})
	}
	if len(g.Settled) > maxSettled {
		g.Settled = g.Settled[1:]
	}
}

// Finish says that the device has everything as the collection stood.
func (g *Generation) Finish(stood int64) {
	g.From, g.Cursor, g.Settled, g.Vague = stood, stood, nil, false
	for _, o := range g.Own {
		if o.Has == No {
			g.Leave(o.Number)
		}
	}
	g.Own = slices.DeleteFunc(g.Own, func(o Own) bool { return o.Seq <= stood })
}
