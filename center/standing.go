package center

// Standing is how a row of the Sync Center stands.
type Standing string

// The standings, the most important first.
const (
	StandsDisabled  Standing = "disabled"
	StandsPaused    Standing = "paused"
	StandsFailing   Standing = "failing"   // it cannot even start, or its last run failed; it is tried again
	StandsSyncing   Standing = "syncing"   //
	StandsNew       Standing = "new"       // it never ran
	StandsHeld      Standing = "held"      // the guard holds the plan
	StandsConflicts Standing = "conflicts" // some wait for a person
	StandsAside     Standing = "aside"     // records are set aside after failing
	StandsProblems  Standing = "problems"  // the last run had some with single records
	StandsStopped   Standing = "stopped"   // the last run ended before its end
	StandsChanged   Standing = "changed"   // what changed here has not been carried to its place yet
	StandsInStep    Standing = "in step"
)

// Standing sums the row up in a word.
func (st ItemStatus) Standing() Standing {
	switch {
	case !st.Item.Enabled:
		return StandsDisabled
	case st.Paused:
		return StandsPaused
	case st.Failing != "" || !st.Running && st.Last != nil && st.Last.Result == "failed":
		return StandsFailing
	case st.Running:
		return StandsSyncing
	case st.Last == nil:
		return StandsNew
	case st.Last.Result == "held":
		return StandsHeld
	case st.Conflicts > 0:
		return StandsConflicts
	case st.Aside > 0:
		return StandsAside
	case st.Problems > 0:
		return StandsProblems
	case st.Last.Result == "cancelled" || st.Last.Finished == 0:
		return StandsStopped
	case st.Pending.Records > 0:
		return StandsChanged
	}
	return StandsInStep
}
