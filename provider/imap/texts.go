package imap

import "strings"

// packed keeps many short texts side by side, as a listing hands them out to somebody who keeps them all: one by one each would take twice its length.
type packed struct{ b strings.Builder }

// packSize is how many bytes of texts lie side by side. Whoever keeps one of them keeps them all.
const packSize = 4 << 10

// keep is a text that is equal to s.
func (p *packed) keep(s string) string {
	if len(s) > packSize/16 {
		return s
	}
	if p.b.Len()+len(s) > p.b.Cap() {
		p.b = strings.Builder{}
		p.b.Grow(packSize)
	}
	at := p.b.Len()
	p.b.WriteString(s)
	return p.b.String()[at:]
}

// interned keeps one copy of each of a few texts that come again and again.
type interned struct{ have map[string]string }

// internMost is how many texts are kept; a mailbox has a few combinations of flags, and a hostile one no more than this.
const internMost = 1000

// keep is a text that is equal to s.
func (t *interned) keep(s string) string {
	if known, ok := t.have[s]; ok {
		return known
	}
	if len(t.have) < internMost {
		if t.have == nil {
			t.have = map[string]string{}
		}
		t.have[s] = s
	}
	return s
}
