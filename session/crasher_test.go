package session_test

import "sync"

// crasher kills at the n-th step it is told of, and at every step after.
type crasher struct {
	mu   sync.Mutex
	at   int
	n    int
	died string
}

func (c *crasher) step(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.n < c.at {
		return nil
	}
	if c.died == "" {
		c.died = name
	}
	return errCrash
}

func (c *crasher) where() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.died
}
