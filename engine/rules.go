package engine

// Rules are what a person chose for a pair, plus what the places demand. The zero value is the default: two-way, merge
// by field then ask, a change survives a deletion, guard on.
type Rules struct {
	Direction      Direction
	Policy         Policy
	NoMerge        bool // skip the merge by field: every double edit goes to Policy
	DeleteVsChange DeleteRule
	Guard          Guard
	Approved       string // Hash of a held plan that a person let go ahead
	First          First  // what to do when both sides hold records and the base holds none (or not for this store)
	Tree           bool   // ids are paths
	Names          [2]NameRule
	MaxSize        [2]int64 // largest body per side, 0: no limit
	ReadOnly       [2]bool
	NoAttrs        [2]bool // the side cannot hold attributes: they are neither compared nor written there
	Now            int64   // Unix seconds; only compared with Aside.Until
	Unclean        bool    // the machine went down since the base was written: rows not Durable that do not match are torn, not edited
}

// Direction says which way changes travel.
type Direction uint8

const (
	TwoWay Direction = iota
	AToB             // changes of A reach B; what B did on its own stays there, untouched, but a directory comes back for a change below it
	BToA
	MirrorAToB // B is made equal to A: its own changes and additions are undone
	MirrorBToA
)

// Policy decides between two versions that could not be merged.
type Policy uint8

const (
	Ask    Policy = iota // a conflict waits in the inbox; both sides keep their version
	Newest               // by claimed time; equal or unknown: ask
	PreferA
	PreferB
	Both // both live on as two records
)

// DeleteRule decides between a deletion and a change.
type DeleteRule uint8

const (
	ChangeWins DeleteRule = iota
	DeleteWins
	AskDelete
)

// First says how two filled sides without a base meet.
type First uint8

const (
	Combine  First = iota // pair by UID, then digest (trees: by path); the union without duplicates
	ReplaceA              // A is made equal to B
	ReplaceB              // B is made equal to A
	Refuse                // hold, and ask
)

// Guard are the thresholds above which a plan is held. Zero fields mean the defaults.
type Guard struct {
	Off            bool
	Deletes        int     // default 10
	DeleteShare    float64 // default 0.20
	OverwriteShare float64 // default 0.50
	Shrunk         int     // default 20
}

// NameRule is how a tree's place tells names apart.
type NameRule struct {
	FoldCase bool // Readme and README are one
	NFC      bool // composed and decomposed forms are one
	Windows  bool // reserved names and characters are refused
}
