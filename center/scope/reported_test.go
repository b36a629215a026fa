package scope

import (
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestReportedConflictsOfOthers: what a program reports is its user's, and what it reports for the hub is for administrators.
func TestReportedConflictsOfOthers(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	ctx := t.Context()
	put := []store.Reported{{Own: "annas", User: "Anna", Mark: "m"}, {Own: "hubs", Mark: "m"}}
	if _, err := st.Reported.Report(ctx, "mailer", put, nil, store.ReportLimits{Conflicts: 9, Bytes: 9}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who  Who
		want [2]bool
	}{
		{Who{User: "anna"}, [2]bool{true, false}},
		{Who{User: "ANNA", Admin: true}, [2]bool{true, true}},
		{Who{User: "bob"}, [2]bool{}},
		{Who{User: "bob", Admin: true}, [2]bool{false, true}},
	} {
		s := New(Config{Hub: &shared{}, Store: st}, c.who)
		for i, r := range put {
			err := s.conflict(ctx, r.ID)
			if c.want[i] && err != nil || !c.want[i] && !tandem.IsKind(err, tandem.NotFound) {
				t.Errorf("%+v, %s: %v", c.who, r.Own, err)
			}
		}
		if err := s.conflict(ctx, 999); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("%+v, one that is not there: %v", c.who, err)
		}
	}
}
