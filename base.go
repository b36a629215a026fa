package tandem

// Shown is what one side showed of a record when it was last looked at in agreement.
type Shown struct {
	ID      ID // "" : this side has no record for the row
	Version Version
	Digest  Digest
	Attrs   Attrs
	Node    string
	Size    int64
}

// Own says that what the side shows is partly its own and stays so, since the other side, which shows other, may not be
// written: the row holds what is agreed, which is other's, and no version, so that the side goes on counting as changed.
func (s *Shown) Own(other *Shown) { s.Version, s.Digest = "", other.Digest }

// Row is one line of a base: the link between a record here and a record there, and what both last agreed on. The two
// digests may differ: each is what that side shows for the same agreed content, where a side cannot express everything.
//
// A row with only one side filled, or with Clash.New or Aside.New, records no agreement. It exists to remember a record set aside or
// in conflict before it was ever agreed on.
type Row struct {
	Link    int64 // identity of the row in its pair, stable under renames; 0 until the store has assigned it
	A, B    Shown
	UID     string
	Body    Digest // SHA-256 of the agreed body's bytes in the store's blobs; zero where the kind keeps none (files)
	Durable bool   // the data behind this row was known durable when it was recorded
	Clash   *Clash // an open conflict
	Aside   *Aside // set aside after failing
}

// Side returns the row's view of side s.
func (r *Row) Side(s Side) *Shown {
	if s == SideA {
		return &r.A
	}
	return &r.B
}

// Agreed reports whether both sides have held this record.
func (r *Row) Agreed() bool {
	return r.A.ID != "" && r.B.ID != "" && (r.Clash == nil || !r.Clash.New) && (r.Aside == nil || !r.Aside.New)
}

// Clash is an open conflict of a row: what each side showed when it was recorded (Shown.ID "" for a deletion), and
// what a person decided since.
type Clash struct {
	Conflict int64 // the store's conflict id
	A, B     Shown
	New      bool // the two were never in agreement; the row's A and B only say where they are
	Decision Decision
	Body     Digest // TakeBody: the blob of the version that was written by hand
}

// Decision is a person's answer to a conflict.
type Decision uint8

const (
	Undecided Decision = iota
	TakeA
	TakeB
	TakeBoth // keep both as separate records
	TakeBody // a version written by hand
	LeaveOut // the record is no longer synced, whatever becomes of it on either side

	// TakeBothA keeps both as separate records, as TakeBoth does, and has A's stay where it is: of a record with more than two versions, every pair's other side becomes a
	// record of its own.
	TakeBothA
)

// Aside says why a record is left out of runs, and until when. Retries back off.
type Aside struct {
	Reason string
	Tries  int
	Until  int64   // Unix seconds; tried again at the first run after it, or as soon as the record changes
	A, B   Version // what each side was at then; "" absent
	New    bool    // the two were found to be one and never agreed on; the row's A and B only say where they are
}

// At is the version that side s was at when the row was set aside, "" when it was absent.
func (a *Aside) At(s Side) Version {
	if s == SideA {
		return a.A
	}
	return a.B
}
