package items

import (
	"sync"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/mime"
)

// place names an attachment of a record as it is in one version.
type place struct {
	collection, number int64
	version            tandem.Version
	n                  int
}

// indexesMost is how many attachments are remembered; each takes 16 KiB at most.
const indexesMost = 64

// indexes remembers where in the attachments that were asked for last decoding can begin: a phone fetches a large one in ranges, and what a range costs must not
// follow from where it lies. What is forgotten is made again.
type indexes struct {
	mu  sync.Mutex
	all map[place]mime.Index
	old []place // the longest unused first
}

// of is the index of an attachment, made now if it is not remembered.
func (x *indexes) of(p place, e eas.Enclosure) (mime.Index, error) {
	if ix, ok := x.recall(p); ok {
		return ix, nil
	}
	in, err := e.Raw(0)
	if err != nil {
		return mime.Index{}, err
	}
	defer in.Close()
	ix, err := mime.IndexOf(e.Encoding, in) // what the message says of the size is an estimate
	if err == nil {
		x.keep(p, ix)
	}
	return ix, err
}

func (x *indexes) recall(p place) (mime.Index, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	ix, ok := x.all[p]
	if ok {
		x.touch(p)
	}
	return ix, ok
}

func (x *indexes) keep(p place, ix mime.Index) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.all == nil {
		x.all = make(map[place]mime.Index)
	}
	x.all[p] = ix
	x.touch(p)
	if len(x.old) > indexesMost {
		delete(x.all, x.old[0])
		x.old = append(x.old[:0], x.old[1:]...)
	}
}

// touch makes a place the one used last.
func (x *indexes) touch(p place) {
	for i, q := range x.old {
		if q == p {
			x.old = append(x.old[:i], x.old[i+1:]...)
			break
		}
	}
	x.old = append(x.old, p)
}
