package sim

import (
	"errors"
	"fmt"
	"sync"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
)

// errCrash is what the process sees of its own death: nothing it tries afterwards succeeds.
var errCrash = errors.New("the process died here")

// node is one place of the simulated world, with the hands of the person who works there.
type node struct {
	name  string
	mem   *memory.Store // nil: the home collection
	home  *homeHands
	trait int

	meddling sync.Mutex // a person does one thing at a time

	mu      sync.Mutex // guards all below: a run calls in from several goroutines
	dead    bool       // the process that is running has died
	steps   int        // hooked steps of the current run
	writes  int        // writes asked for since the counter was reset
	asked   int        // writes asked for ever
	dieAt   int        // step at which the process dies, 0: never
	applies int        // calls of Apply in the current run
	cut     *memory.Snapshot
	power   bool      // a death here loses what was not acknowledged yet
	meddle  func(int) // what a person does while a run is at step n
	backups []*memory.Snapshot
	vacated map[tandem.ID]bool // names that records left since the last quiet point
	left    map[tandem.ID]bool // names that records ever left
	lose    int                // writes until one goes wrong
	loseHow memory.Fault
}

// hook is called by the memory replica before every operation of a run.
func (n *node) hook(step string, _ tandem.ID) error {
	n.mu.Lock()
	if n.dead {
		n.mu.Unlock()
		return errCrash
	}
	n.steps++
	at := n.steps
	switch step {
	case "apply":
		n.applies++
		n.cut = nil
		if n.power && n.applies == 1 { // a second one may overlap the first, whose answer must not be undone
			n.cut = n.mem.Snapshot()
		}
	case "write":
		n.writes++
		n.asked++
	case "written":
	default:
		n.cut = nil // what was asked for before has been answered, and so is durable
	}
	if at == n.dieAt {
		n.dead = true
		if n.power && n.cut != nil {
			n.mem.Rollback(n.cut, false)
		}
		n.mu.Unlock()
		return errCrash
	}
	meddle := n.meddle
	n.mu.Unlock()
	if meddle != nil {
		n.meddling.Lock()
		defer n.meddling.Unlock()
		meddle(at)
	}
	return nil
}

// fault is asked by the memory replica once per write.
func (n *node) fault(tandem.Write) memory.Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lose == 0 {
		return memory.Fault{}
	}
	if n.lose--; n.lose > 0 {
		return memory.Fault{}
	}
	return n.loseHow
}

// fresh forgets the last run.
func (n *node) fresh() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.applies, n.dead, n.steps, n.dieAt, n.cut, n.power, n.meddle = 0, false, 0, 0, nil, false, nil
}

func (n *node) isDead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead = true
}

// open opens the place for a run.
func (n *node) open() (*provider.Opened, error) {
	if n.mem != nil {
		return n.mem.Open(), nil
	}
	return n.home.open(n)
}

// list is what a person finds there.
func (n *node) list() []tandem.Record {
	if n.mem != nil {
		return n.mem.List()
	}
	return n.home.list()
}

func (n *node) put(id tandem.ID, body []byte, attrs tandem.Attrs) error {
	if n.mem != nil {
		return n.mem.Put(id, body, attrs)
	}
	return n.home.put(id, body, attrs)
}

func (n *node) remove(id tandem.ID) {
	if n.mem != nil {
		n.mem.Remove(id)
		return
	}
	n.home.remove(id)
}

// bodyOf reads a record's body; nil for a directory.
func bodyOf(r tandem.Record) []byte {
	if b, ok := r.Body.(tandem.Bytes); ok {
		return b
	}
	return nil
}

// manners gives a node its lasting quirks, drawn from its trait.
func (n *node) manners(s specimen, inspect func([]byte) (tandem.Digest, string), clock func() int64) memory.Knobs {
	t := n.trait
	k := memory.Knobs{Kind: s.kind, Tree: s.kind == tandem.File, Attrs: s.kind == tandem.File, Clock: clock, Hook: n.hook, Fault: n.fault, Workers: 1}
	if t%16 == 7 {
		k.Workers = 4 // what happens at the same time cannot be played again step by step, so it is for few
	}
	k.Cursor = t%3 == 0
	k.Parks = t%5 == 0
	if t%4 == 1 {
		k.Inspect = inspect
		k.Digester = t%8 == 1
	}
	if t%7 == 3 && s.kind != tandem.File {
		k.Rewrite = rewrite
	}
	switch t % 11 {
	case 5:
		k.FlakyVersions = true
	case 6:
		k.ReassignCreate = s.kind != tandem.File
	case 7:
		k.ReassignCreate, k.ReassignUpdate = s.kind != tandem.File, s.kind != tandem.File
	case 8:
		k.Order = func(ids []tandem.ID) {
			for i, j := 0, len(ids)-1; i < j; i, j = i+1, j-1 {
				ids[i], ids[j] = ids[j], ids[i]
			}
		}
	case 9:
		k.FoldCase = s.kind == tandem.File
	}
	return k
}

// rewrite is what a server does to a body it is handed: another spelling of the same meaning.
func rewrite(body []byte) []byte {
	const mark = "PRODID:-//rewritten by the server//EN\r\n"
	text := string(body)
	for _, begin := range []string{"BEGIN:VCARD\r\nVERSION:3.0\r\n", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//sim//EN\r\n"} {
		if len(text) > len(begin) && text[:len(begin)] == begin && text[len(begin):min(len(text), len(begin)+len(mark))] != mark {
			if begin[6:11] == "VCARD" {
				return []byte(begin + mark + text[len(begin):])
			}
			return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + mark + text[len(begin):])
		}
	}
	return body
}

func (n *node) String() string { return fmt.Sprintf("%s (trait %d)", n.name, n.trait) }
