package engine

import "fmt"

var doNames = [...]string{
	Nothing: "nothing", Copy: "copy", Update: "update", SetAttrs: "set attributes", Move: "move", Delete: "delete",
	Merge: "merge", Write: "write", Link: "link", Conflict: "conflict", KeepBoth: "keep both", Wait: "wait",
}

// String is the verb shown in a preview.
func (d Do) String() string { return nameIn(doNames[:], int(d)) }

var reasonTexts = [...]string{
	NoReason: "", NewHere: "new on the other side", ChangedHere: "changed on the other side",
	AttrsChanged: "attributes changed", AttrsMerged: "attributes changed on both sides, merged",
	MovedHere: "renamed on the other side", DeletedHere: "deleted on the other side", BothChanged: "changed on both sides",
	BothNew:           "new on both sides, with different content",
	ChangeBeatsDelete: "deleted on one side, changed on the other; the change survives",
	DeleteBeatsChange: "deleted on one side, changed on the other; the deletion wins",
	DeleteClash:       "deleted on one side, changed on the other", PolicyDecided: "changed on both sides, decided by policy",
	PersonDecided: "decided in the conflict inbox", MirrorRestored: "put back as the source has it",
	BothMoved: "renamed on both sides", TypeClash: "a directory on one side, a file on the other",
	NameClash: "another record has this name", MoveCycle: "renamed on both sides into each other",
	SideUnreadable: "cannot be read", SideIgnored: "ignored on one side", SideUnknown: "not known on one side",
	DirNotEmpty: "the deleted directory holds something that must stay", ConflictOpen: "a conflict waits for an answer",
	SetAside: "failed before, tried again later", OneWay: "this direction is not synced",
	TooBig: "too large for the other side", BadName: "the other side cannot hold this name",
	Torn:     "not as it was written before the machine went down",
	MadeRoom: "moved out of the way for a moment", PutBack: "deletion taken back", TypeChanged: "became another type of file",
	DirWaits: "its directory has to wait", InConflict: "its directory waits in a conflict",
}

// String is the part of a sentence shown in a preview.
func (r Reason) String() string { return nameIn(reasonTexts[:], int(r)) }

var causeTexts = [...]string{
	SideEmptied: "everything is gone from one side", ManyDeletes: "many deletions", ManyOverwrites: "many overwritten records",
	ManyShrunk: "many files shrunk to nothing", AllChanged: "everything changed at once",
	StoreReplaced: "another store, or one restored from a backup",
}

// String names the cause.
func (c Cause) String() string { return nameIn(causeTexts[:], int(c)) }

// String says what alarms: "B: many deletions (40 of 50)".
func (a Alarm) String() string {
	return fmt.Sprintf("%s: %s (%d of %d)", a.Side, a.Cause, a.Count, a.Of)
}

func nameIn(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%d?", i)
}
