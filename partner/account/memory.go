package account

import (
	"container/list"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"tandem/store"
)

// maxKnown is how many verified logins are remembered.
const maxKnown = 10_000

// mac is a MAC under the key of this process.
type mac [sha256.Size]byte

// memory remembers which password was right for which login, so that a client that sends it with every request costs one
// hash only. It holds MACs under a key that is in this process's memory only.
type memory struct {
	key  []byte
	mu   sync.Mutex
	byID map[int64]*list.Element // guarded by mu; values are remembered
	used list.List               // guarded by mu: most recently used first
}

type remembered struct {
	id  int64
	mac mac
}

func newMemory(key []byte) *memory { return &memory{key: key, byID: map[int64]*list.Element{}} }

// sum is the MAC of texts, each with its length.
func (m *memory) sum(texts ...string) (out mac) {
	h := hmac.New(sha256.New, m.key)
	for _, t := range texts {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(t)))
		h.Write(n[:])
		h.Write([]byte(t))
	}
	h.Sum(out[:0])
	return out
}

// knows reports whether this password was right for this login, with the hash it has now.
func (m *memory) knows(l store.Login, password string) bool {
	want := m.sum(l.User, l.Hash, password)
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byID[l.ID]
	if e == nil {
		return false
	}
	if got := e.Value.(remembered).mac; !hmac.Equal(got[:], want[:]) {
		return false
	}
	m.used.MoveToFront(e)
	return true
}

// learn remembers that a password is right.
func (m *memory) learn(l store.Login, password string) {
	r := remembered{l.ID, m.sum(l.User, l.Hash, password)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.byID[l.ID]; e != nil {
		e.Value = r
		m.used.MoveToFront(e)
		return
	}
	m.byID[l.ID] = m.used.PushFront(r)
	for m.used.Len() > maxKnown {
		last := m.used.Back()
		delete(m.byID, last.Value.(remembered).id)
		m.used.Remove(last)
	}
}
