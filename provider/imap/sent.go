package imap

import (
	"slices"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// attempt is a create that was sent. A server keeps no markers, and who asks for what became of it may have opened the mailbox anew.
type attempt struct {
	box      string // account and mailbox
	validity uint32
	marker   tandem.Marker
	from     imap.UID // what it made has this number or a higher one
}

// maxSent bounds how many creates are remembered. Those that are forgotten are looked for from when the mailbox was opened.
const maxSent = 1000

func (r *replica) box() string { return r.a.key() + "\x00" + r.name }

// remember notes that a create is about to be sent, where no listing tells what was there before.
func (r *replica) remember(m tandem.Marker) {
	r.mu.Lock()
	x, listed := attempt{r.box(), r.validity, m, r.first}, r.listed != 0
	r.mu.Unlock()
	if listed || m == "" {
		return
	}
	s := r.a.all
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.sent, x.same) {
		return
	}
	s.sent = append(s.sent[max(0, len(s.sent)-maxSent+1):], x)
}

// same tells whether two are the same create.
func (x attempt) same(o attempt) bool {
	return x.box == o.box && x.validity == o.validity && x.marker == o.marker
}

// since is the number from which on a message may be what a create has made.
func (r *replica) since(m tandem.Marker) imap.UID {
	r.mu.Lock()
	x := attempt{r.box(), r.validity, m, r.first}
	listed := r.listed
	r.mu.Unlock()
	if listed != 0 {
		return listed
	}
	s := r.a.all
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.sent, x.same); i >= 0 {
		return min(x.from, s.sent[i].from)
	}
	return x.from
}

// earliest is the lowest of what since can say.
func (r *replica) earliest() imap.UID {
	r.mu.Lock()
	box, validity, from, listed := r.box(), r.validity, r.first, r.listed
	r.mu.Unlock()
	if listed != 0 {
		return listed
	}
	s := r.a.all
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.sent {
		if x.box == box && x.validity == validity {
			from = min(from, x.from)
		}
	}
	return from
}
