// Package providertest is the conformance suite of provider.Replica. Whoever writes a provider, in this project or
// elsewhere, runs it:
//
//	func TestReplica(t *testing.T) {
//		providertest.Run(t, providertest.Factory{
//			Kind: tandem.Contact,
//			New: func(t *testing.T) *providertest.Place {
//				dir := t.TempDir()
//				return &providertest.Place{Open: func(ctx context.Context) (*provider.Opened, error) {
//					return myprovider.Open(ctx, dir)
//				}}
//			},
//			Body: func(n, v, size int) []byte { return someCard(n, v, size) },
//		})
//	}
//
// Every sentence of the contract that can be seen from outside has a test. What a place cannot do, by its Features, is
// not asked of it, and what the suite cannot do to a place without help (editing it behind the replica's back, taking
// it away) it asks of the optional functions of Place: give as many as you can, since the worst faults of providers are
// found there. Tests of functions that are not given are skipped, and say so.
//
// The suite runs in parallel with itself, calls New once per test, and needs the race detector to show its full worth.
package providertest

import (
	"context"
	"fmt"
	"testing"

	"tandem"
	"tandem/provider"
)

// Factory tells the suite about one provider.
type Factory struct {
	// Kind that opened replicas should say they hold. An empty place may also say "".
	Kind tandem.Kind

	// New makes a fresh, empty place that lives until the test ends. It may skip the test.
	New func(t *testing.T) *Place

	// Body is version v of sample body n, at least size bytes long (size 0: short). Bodies of one n are one record to
	// a person (they share their UID), bodies of different n are different records, and different v of one n differ in
	// meaning, but, for one size and v below 10, not in length. It must be deterministic.
	Body func(n, v, size int) []byte

	// ID is the id wished for sample n; nil: "record-n". It matters only to places that honour wishes.
	ID func(n int) tandem.ID

	// OddIDs are ids that this place must honour exactly, besides the suite's own: those with spaces, other scripts,
	// and whatever else its users may have.
	OddIDs []tandem.ID

	// Attrs gives sample attributes of version v, for places with Features.Attrs; nil: none are tried.
	Attrs func(v int) tandem.Attrs

	// Rewrites says that the place may change a body it is given; else every byte must come back.
	Rewrites bool

	// Repeats says that the place may list again what it listed for the cursor before, as places do that count changes by a clock of seconds.
	Repeats bool

	// Big is the size of the big body; 0: 3 MiB; negative: the place takes only small ones.
	Big int
}

// Place is one place under test.
type Place struct {
	// Open opens the place, again and again, also while it is open.
	Open func(ctx context.Context) (*provider.Opened, error)

	// Edit changes the place as another program would, behind the replica's back: it gives the record id this body,
	// creating it if need be, or removes it where body is nil. nil: cannot be done.
	Edit func(id tandem.ID, body []byte) error

	// Spoil makes an existing record unreadable or torn. nil: cannot be done.
	Spoil func(id tandem.ID) error

	// Vanish takes the whole place away, as pulling out a disk would, and returns how to put it back. nil: cannot be done.
	Vanish func() (back func(), err error)
}

// Run tests a provider.
func Run(t *testing.T, f Factory) {
	if f.ID == nil {
		f.ID = func(n int) tandem.ID { return tandem.ID(fmt.Sprintf("record-%d", n)) }
	}
	if f.Big == 0 {
		f.Big = 3 << 20
	}
	type test struct {
		name string
		run  func(*bench)
	}
	var tests []test
	if newBench(t, f).features.ReadOnly {
		tests = []test{{"Empty", testEmpty}, {"ReadOnly", testReadOnly}, {"Foreign", testForeign}, {"Vanished", testVanished}, {"Cancelled", testCancelled}, {"Closed", testClosed}}
	} else {
		tests = []test{
			{"Empty", testEmpty}, {"Identity", testIdentity}, {"Create", testCreate}, {"CreateTaken", testCreateTaken}, {"Marker", testMarker},
			{"Update", testUpdate}, {"UpdateStale", testUpdateStale}, {"Delete", testDelete}, {"Order", testOrder}, {"Many", testMany},
			{"BadRecord", testBadRecord}, {"BrokenBody", testBrokenBody}, {"BigBody", testBigBody}, {"TooLarge", testTooLarge}, {"OddIDs", testOddIDs},
			{"Names", testNames}, {"OneUID", testOneUID}, {"Move", testMove}, {"SetAttrs", testSetAttrs},
			{"Fetch", testFetch}, {"Cursor", testCursor}, {"StrangeCursor", testStrangeCursor},
			{"TreeOrder", testTreeOrder}, {"TreeMoves", testTreeMoves}, {"TreeRefusals", testTreeRefusals},
			{"Foreign", testForeign}, {"ForeignQuick", testForeignQuick}, {"Spoiled", testSpoiled}, {"Vanished", testVanished}, {"Watch", testWatch},
			{"Cancelled", testCancelled}, {"Closed", testClosed}, {"Parallel", testParallel}, {"Parks", testParks}, {"Digests", testDigests}, {"Flush", testFlush},
		}
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(newBench(t, f))
		})
	}
}
