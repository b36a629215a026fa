package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// shape is how the replicas hang together.
type shape uint8

const (
	direct shape = iota // two replicas, one pair
	star                // a home collection in the middle
	chain               // direct pairs in a row
)

func (s shape) String() string { return [...]string{"direct", "star", "chain"}[s] }

// verb is what one step does.
type verb uint8

const (
	doCreate verb = iota
	doEdit
	doAdd
	doDelete
	doRename
	doMakeDir
	doSync
	doCrash
	doFault
	doClock
	doDecide
	doQuiet
	drawn    // those up to here are drawn by weight
	doFilter = drawn
)

var verbNames = [...]string{"create", "edit", "add", "delete", "rename", "mkdir", "sync", "crash", "fault", "clock", "decide", "quiet", "filter"}

// step is one line of a history. Its numbers are chosen when the history is made and read modulo what there is at the
// time, so that a history stays meaningful when lines are taken out of it.
type step struct {
	verb    verb
	replica int
	pick    int // which record, field, fault
	more    int // second choice
	edits   int // doSync, doCrash: how many edits people make while it runs
}

func (s step) String() string {
	return fmt.Sprintf("%s replica=%d pick=%d more=%d edits=%d", verbNames[s.verb], s.replica, s.pick, s.more, s.edits)
}

// history is a whole scenario, reproducible from its seed.
type history struct {
	seed     uint64
	shape    shape
	kind     int // index of specimens
	replicas int
	policy   int
	traits   []int // per replica, index of traits
	steps    []step
}

// firstOneWay is the first of the policies with a direction; the others go both ways.
const firstOneWay = 8

// weights of the verbs, in order.
var weights = [drawn]int{10, 12, 5, 6, 5, 2, 14, 6, 5, 1, 2, 2}

// makeHistory draws a history from its seed.
func makeHistory(seed uint64) history {
	r := rand.New(rand.NewPCG(seed, 0x7a11de))
	h := history{seed: seed, shape: shape(r.IntN(3)), kind: r.IntN(len(specimens)), replicas: 2, policy: r.IntN(8)}
	if h.shape != direct {
		h.replicas = 2 + r.IntN(4)
	}
	for range h.replicas {
		h.traits = append(h.traits, r.IntN(1000))
	}
	total := 0
	for _, w := range weights {
		total += w
	}
	for range 8 + r.IntN(40) {
		n, v := r.IntN(total), verb(0)
		for n >= weights[v] {
			n -= weights[v]
			v++
		}
		s := step{verb: v, replica: r.IntN(16), pick: r.IntN(1000), more: r.IntN(1000)}
		if (v == doSync || v == doCrash) && r.IntN(4) == 0 {
			s.edits = 1 + r.IntN(2)
		}
		h.steps = append(h.steps, s)
	}
	if h.shape == direct && r.IntN(4) == 0 {
		h.policy = firstOneWay + r.IntN(4)
	}
	return withFilters(h)
}

// script is the history as people read it.
func (h history) script() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s, %s, %d replicas, policy %d, traits %v\n", h.seed, h.shape, specimens[h.kind].kind, h.replicas, h.policy, h.traits)
	for i, s := range h.steps {
		fmt.Fprintf(&b, "%3d %s\n", i, s)
	}
	return b.String()
}

// classes are the sorts of failure that the checks name.
var classes = []string{"loss:", "convergence:", "echo:", "idempotence:", "invention:", "resurrection:", "order:", "direction:", "deletes:"}

// class is the sort of a failure, so that shrinking does not wander from one bug to another.
func class(err error) string {
	if err == nil {
		return ""
	}
	for _, c := range classes {
		if strings.Contains(err.Error(), c) {
			return c
		}
	}
	return "run"
}

// shrink takes steps out of a failing history as long as it still fails.
func shrink(h history, fails func(history) bool) history {
	for size := len(h.steps) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(h.steps); {
			smaller := h
			smaller.steps = append(append([]step(nil), h.steps[:at]...), h.steps[at+size:]...)
			if fails(smaller) {
				h = smaller
			} else {
				at += size
			}
		}
	}
	return h
}
