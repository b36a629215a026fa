package sim

import (
	"fmt"
	"slices"

	"tandem"
)

// fate is what the ledger knows of one token.
type fate struct {
	uid     string // the record it was written into ("" for files)
	by      string // replica where it was written, for messages
	over    bool   // a person who saw it replaced or deleted it, or answered a conflict against it: it may be gone
	excused bool   // it may live on in history only: a policy or a broken store decided against it
}

// ledger follows every token that a person wrote.
type ledger struct {
	fates []fate // by token
	epoch int    // counts quiet points
	// since the last quiet point: what people did to records, by uid or, for files, by the token in them
	deleted map[string]bool // somebody deleted it
	edited  map[string]bool // somebody created, changed or moved it
	copies  bool            // the policy keeps both versions of a conflict, the second under a UID of its own
	died    bool            // a run died
	unread  bool            // a record could not be read
	forgets bool            // a run died, and what it had made was then renamed (files) or unreadable: it may be made twice
	ever    map[string]bool // somebody ever deleted it
	own     map[string]bool // the target of a one-way pair ever changed it on its own
	twice   map[string]bool // made twice while that was excused, by uid or token: such twins live on
	tainted bool            // a store was replaced or rolled back: deletions may legitimately come back
}

func newLedger() *ledger {
	l := &ledger{fates: make([]fate, 1), twice: map[string]bool{}, own: map[string]bool{}, ever: map[string]bool{}} // token 0 is never issued
	l.quiet(nil)
	return l
}

// quiet begins another time. hidden is what filters left out of the quiet point, by key: what was changed of it still waits, and what a run that died had
// made of it is not known to any row yet.
func (l *ledger) quiet(hidden map[string]bool) {
	for k := range hidden {
		if l.forgets {
			l.twice[k] = true
		}
	}
	waits := map[string]bool{}
	for k := range l.edited {
		if hidden[k] {
			waits[k] = true
		}
	}
	l.epoch++
	l.deleted, l.edited, l.tainted, l.forgets, l.died, l.unread = map[string]bool{}, waits, false, false, false, false
}

func (l *ledger) issue(uid, by string) token {
	l.fates = append(l.fates, fate{uid: uid, by: by})
	return token(len(l.fates) - 1)
}

// supersede says that a person who saw these tokens put something else in their place.
func (l *ledger) supersede(tokens ...token) {
	for _, t := range tokens {
		if t > 0 && int(t) < len(l.fates) {
			l.fates[t].over = true
		}
	}
}

// excuse says that these tokens may live on in history only.
func (l *ledger) excuse(tokens ...token) {
	for _, t := range tokens {
		if t > 0 && int(t) < len(l.fates) {
			l.fates[t].excused = true
		}
	}
}

// key is what a record is known by in the ledger: its UID, or the token of a file.
func key(uid string, body []byte) string {
	if uid != "" {
		return uid
	}
	if t := tokensIn(body); len(t) > 0 {
		return t[0].String()
	}
	return ""
}

// holding is where tokens were found after a quiet point.
type holding struct {
	live     map[token]int // number of replicas
	conflict map[token]bool
	history  map[token]bool
}

// checkLoss is invariant 1: every version a person made is on a replica, in a conflict, or, where something other than
// a person decided against it, in history.
func (l *ledger) checkLoss(h holding) error {
	for i := 1; i < len(l.fates); i++ {
		t, f := token(i), l.fates[i]
		switch {
		case f.over || h.live[t] > 0 || h.conflict[t]:
		case f.excused && h.history[t]:
		case h.history[t]:
			return fmt.Errorf("loss: %s, written at %s into %q, is only in history, though nobody decided against it", t, f.by, f.uid)
		default:
			return fmt.Errorf("loss: %s, written at %s into %q, is nowhere", t, f.by, f.uid)
		}
	}
	return nil
}

// checkBody is invariant 4 for one body: whole, and made only of what people wrote into this very record.
func (l *ledger) checkBody(s specimen, where string, id tandem.ID, body []byte) error {
	if !s.whole(body) {
		return fmt.Errorf("invention: %s holds a torn or foreign body under %q:\n%s", where, id, body)
	}
	uid := s.uidOf(body)
	seen := tokensIn(body)
	for i, t := range seen {
		if int(t) >= len(l.fates) || t == 0 {
			return fmt.Errorf("invention: %s in %s of %s was never written", t, id, where)
		}
		if f := l.fates[t]; f.uid != uid && !l.copies {
			return fmt.Errorf("invention: %s was written into %q but stands in %q at %s", t, f.uid, uid, where)
		}
		if slices.Contains(seen[:i], t) {
			return fmt.Errorf("invention: %s stands twice in %s of %s:\n%s", t, id, where, body)
		}
	}
	return nil
}
