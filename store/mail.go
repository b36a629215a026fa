package store

import (
	"context"
	"iter"

	"tandem"
)

// Texts reads what was given with a write beside the body: sketches, and the text to search in (tandem.Index).
type Texts interface {
	// Sketches returns the sketches of records that have one, by number.
	Sketches(ctx context.Context, collection int64, numbers ...int64) (map[int64][]byte, error)
	// Search yields the live records of these collections in whose text every word of query is, or a word that begins with it; in order of Index.End, the
	// latest first, at most limit after the first skip, with bodies. Words in quotes must follow each other. Case and accents do not count. From and to, where not 0, bound Index.End:
	// [from, to).
	Search(ctx context.Context, collections []int64, query string, from, to int64, skip, limit int) iter.Seq2[HomeRecord, error]
	// Latest yields the live records of these collections whose Index.End is within [from, to), 0 being no bound, the latest first; at most limit after the first
	// skip, with bodies.
	Latest(ctx context.Context, collections []int64, from, to int64, skip, limit int) iter.Seq2[HomeRecord, error]
	// Kin returns the live records of a collection whose Index.End is before from and that share a key, one that begins with prefix, with a live record of it
	// whose Index.End is at or after from; the latest first, at most limit, without bodies. What it costs follows from how many are at or after from.
	Kin(ctx context.Context, collection int64, prefix string, from int64, limit int) ([]HomeRecord, error)
	// Reindex replaces what records are found by, where they still are at the version that they are given with: what an older program made is made anew. It is
	// no write to a record: versions and sequence numbers stay, and nobody is woken.
	Reindex(ctx context.Context, collection int64, list []Indexed) error
}

// Indexed is what a record of a version is found by: of the index, Name, Keys, Sketch and Text. Its times and its UID, on which more rests, stay.
type Indexed struct {
	Number int64
	At     tandem.Version
	Index  tandem.Index
}

// Sending is how far a message on its way out has come.
type Sending string

const (
	Waiting Sending = "waiting" // to be tried at Next
	Sent    Sending = "sent"
	Partly  Sending = "partly" // some have it, or perhaps have it; others do not get it, and its sender was told
	Failed  Sending = "failed" // given up; its sender was told
)

// Outgoing is a message on its way out. It is sent once however often it was asked for: the same user and Key are the same message.
type Outgoing struct {
	ID    int64    // the store's key, never given out twice
	User  string   // whose
	Key   string   // names the request that it came with: "eas/DEVICE/ClientId"
	From  string   // the envelope's sender, "" for none (bounces)
	To    []string // the envelope's recipients that it has still to reach; once it is given up for some, those
	Doubt []string // those who may have it and may not: the server never said. It is not sent to them by itself, and a person decides
	// Refused are those who do not get it: a server refused it for them, or it was given up. Reached is how many have it.
	Refused []string
	Reached int
	Body    tandem.Digest // the message: a blob
	Saved   bool          // a copy is in the user's folder of sent mail, or is not wanted

	State Sending
	Added int64 // Unix seconds
	Next  int64 // when it is tried, Unix seconds
	Tries int
	Error string // of the last try, for people
}

// Queue keeps messages on their way out. What is sent or failed is remembered for as long as history is kept, so that a repeated request is known again.
type Queue interface {
	// Enqueue adds a message, its body with it, and returns it as it is now; added is false if one with this Key is there already.
	Enqueue(ctx context.Context, m Outgoing, body tandem.Body) (out Outgoing, added bool, err error)
	// Due lists what is to be tried at or before a time, the oldest first, and when the next one after these is due, 0: none.
	Due(ctx context.Context, now int64, limit int) (list []Outgoing, next int64, err error)
	// ChangeOutgoing reads, changes and writes a message in one transaction; NotFound. An error of change leaves all as it was.
	ChangeOutgoing(ctx context.Context, id int64, change func(m *Outgoing) error) (Outgoing, error)
	Outgoing(ctx context.Context, user string, limit int) ([]Outgoing, error) // newest first; "" : of all users; limit 0: all
	// RemoveOutgoing takes a message out of the queue; NotFound.
	RemoveOutgoing(ctx context.Context, id int64) error
}

// Secrets keeps what must not be read by whoever sees the database: passwords and tokens of accounts elsewhere. Values are sealed by the caller.
type Secrets interface {
	PutSecret(ctx context.Context, name string, sealed []byte) error // empty removes it
	Secret(ctx context.Context, name string) ([]byte, error)         // NotFound
	SecretNames(ctx context.Context) ([]string, error)               // in order
}
