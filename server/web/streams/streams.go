// Package streams counts what browsers and programs follow, so that one person's do not take all that the hub has.
package streams

import "sync"

// Most is how many streams a user may have open at a time, of all sorts together.
const Most = 32

// Count counts the open streams of each user. The zero value counts none; methods may be called concurrently.
type Count struct {
	mu sync.Mutex // guards by
	by map[string]int
}

// Open is how many streams are open, of all users.
func (c *Count) Open() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.by {
		n += one
	}
	return n
}

// Enter counts a stream of a user, unless there are Most already. leave takes it back.
func (c *Count) Enter(user string) (leave func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]int{}
	}
	if c.by[user] >= Most {
		return nil, false
	}
	c.by[user]++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.by[user]--; c.by[user] == 0 {
			delete(c.by, user)
		}
	}), true
}
