package eas

import (
	"io"
	"sync"

	"tandem"
)

// room bounds what the bodies of requests take while they are read and answered, all in all and for each user, so that a few large ones
// neither exhaust the memory nor keep everybody else out.
type room struct {
	most int64 // all in all; a user has a third of it
	mu   sync.Mutex
	all  int64            // guarded by mu
	user map[string]int64 // guarded by mu
}

const (
	roomAll  = 3 * maxBody // for each of three users, one of the largest at a time
	freeBody = 64 << 10    // the beginning of each body, which is not counted
	roomStep = 256 << 10   // what is counted at a time
	roomWait = 30          // seconds after which one that found no room is to come again
)

// take counts n more bytes of a user's, unless there is no room for them.
func (r *room) take(user string, n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all+n > r.most || r.user[user]+n > r.most/3 {
		return false
	}
	if r.user == nil {
		r.user = map[string]int64{}
	}
	r.all += n
	r.user[user] += n
	return true
}

func (r *room) give(user string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all -= n
	if r.user[user] -= n; r.user[user] == 0 {
		delete(r.user, user)
	}
}

// place is what one request takes of a room.
type place struct {
	room  *room
	user  string
	read  int64
	taken int64
}

// reader counts what is read through it. It fails with Busy when there is no room for more.
func (p *place) reader(in io.Reader) io.Reader { return placeReader{p, in} }

type placeReader struct {
	*place
	in io.Reader
}

func (p placeReader) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	for p.read += int64(n); p.read > freeBody+p.taken; p.taken += roomStep {
		if !p.room.take(p.user, roomStep) {
			return 0, &tandem.Error{Kind: tandem.Busy, Op: "read request", Thing: p.user, Wait: roomWait, Remedy: "send it again, or less at a time"}
		}
	}
	return n, err
}

// leave gives back what was taken. It may be called again.
func (p *place) leave() {
	if p.taken > 0 {
		p.room.give(p.user, p.taken)
		p.taken, p.read = 0, 0
	}
}
