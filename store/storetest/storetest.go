// Package storetest is the suite that every implementation of the store passes. It checks each sentence of the contract in
// package store that can be seen from outside; what only one implementation can show (a full disk, a killed process, a
// damaged file) is tested there.
package storetest

import (
	"context"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

// Run runs the suite. open returns a new and empty store each time, and closes it when its test ends.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	run := func(t *testing.T, name string, f func(k *kit)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(&kit{T: t, ctx: t.Context(), st: open(t)})
		})
	}
	t.Run("Bases", func(t *testing.T) { runBases(t, run) })
	t.Run("Home", func(t *testing.T) { runHome(t, run) })
	t.Run("Lookup", func(t *testing.T) { runLookup(t, run) })
	t.Run("Devices", func(t *testing.T) { runDevices(t, run) })
	t.Run("Shares", func(t *testing.T) { runShares(t, run) })
	t.Run("Properties", func(t *testing.T) { runProperties(t, run) })
	t.Run("Locks", func(t *testing.T) { runLocks(t, run) })
	t.Run("Mail", func(t *testing.T) { runMail(t, run) })
	t.Run("Visits", func(t *testing.T) { runVisits(t, run) })
	t.Run("Results", func(t *testing.T) { runResults(t, run) })
	t.Run("Reported", func(t *testing.T) {
		run(t, "Reported", testReported)
		run(t, "Answers", testReportedAnswers)
		run(t, "Limits", testReportedLimits)
		run(t, "GoAway", testReportedGoAway)
	})
	t.Run("Notices", func(t *testing.T) { runNotices(t, run) })
	t.Run("Figures", func(t *testing.T) { runFigures(t, run) })
	t.Run("Rest", func(t *testing.T) { runRest(t, run) })
}

type runner func(t *testing.T, name string, f func(k *kit))

// kit is one test with its store.
type kit struct {
	*testing.T
	ctx context.Context
	st  *store.Store
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) wantKind(err error, kind tandem.ErrorKind) {
	k.Helper()
	if !tandem.IsKind(err, kind) {
		k.Fatalf("error %v, want kind %q", err, kind)
	}
}

func (k *kit) wantText(err error, part string) {
	k.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		k.Fatalf("error %v does not say %q", err, part)
	}
}
