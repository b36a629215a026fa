package store

import (
	"context"
	"iter"

	"tandem"
)

// Login is one way for a user to prove who they are: the account's own password, or a password for one app or device.
type Login struct {
	ID    int64  // the store's key, never given out twice
	User  string // the owner
	Label string // "": the account's own password; otherwise what the app password is for, unique per user
	Hash  string // in PHC form ("$argon2id$v=19$m=…"); the store never sees a password
	Added int64  // Unix seconds
	Used  int64  // Unix seconds of the last log-in, 0: never
	From  string // the network address of the last log-in

	// Of app passwords: what they are for, as package account reads it.
	Only     string // the doors that it opens, "": all
	ReadOnly bool
}

// Logins keeps the secrets of users.
type Logins interface {
	PutLogin(ctx context.Context, l Login) (Login, error) // ID 0 adds (Exists if the label is taken), or replaces the password when Label is ""; otherwise that login's label and hash are replaced (NotFound)
	Logins(ctx context.Context, user string) ([]Login, error)
	UseLogin(ctx context.Context, id, when int64, from string) error // best effort: need not be durable when it returns
	RemoveLogin(ctx context.Context, id int64) error                 // NotFound
}

// Access says whether a device may sync.
type Access string

const (
	Allowed Access = "allowed"
	Held    Access = "held"    // waits for somebody to allow or block it
	Blocked Access = "blocked" // turned away
)

// Wipe is how far a remote wipe has come.
type Wipe string

const (
	NoWipe    Wipe = ""
	WipeAsked Wipe = "asked" // the device will be told at its next request
	WipeSent  Wipe = "sent"  // it was told
	Wiped     Wipe = "done"  // it confirmed
	WipeFail  Wipe = "failed"
)

// Device is a phone or program that syncs through a front door. It is named by the id it gives itself, which is unique
// per user only.
type Device struct {
	Number int64  // the store's key, never given out twice
	User   string // the owner
	ID     string // as it calls itself
	Type   string // "iPhone", "SAMSUNG…", "WindowsOutlook15"
	Agent  string // its User-Agent
	Speaks string // protocol version of its last request: "16.1"

	// Info is what it told about itself: model, imei, name, os, language, phone, operator, agent.
	Info map[string]string

	Access Access
	Reason string // why, for people and for the device: "rule: unknown phones are held", "blocked by anna"

	Offer string // highest protocol version to offer it, "" for the default of its sort

	PolicyKey     uint32 // the key it acknowledged, 0: none
	PolicyPending uint32 // the key it was given and has not acknowledged, 0: none
	Policy        string // digest of the policy that PolicyKey stands for

	Wipe        Wipe
	WipeAccount bool // only this account and its data, not the whole device

	Added   int64  // Unix seconds of first contact
	Seen    int64  // Unix seconds of the last request; may lag by a minute
	Address string // network address of the last request
}

// Via is where history says that what comes from the device comes from, as Author has it.
func (d Device) Via() string { return "eas:" + d.Type + "/" + d.ID }

// Swap replaces one document of a device's state if it still is what the caller read.
type Swap struct {
	Name string
	Old  []byte // nil: there must be none
	New  []byte // nil: removes it
}

// WrittenState is when a document of a device's state was last written.
type WrittenState struct {
	Name string
	When int64 // Unix seconds, 0: not known
}

// Devices keeps the devices of users, and per device the small documents in which a front door remembers how far it is.
type Devices interface {
	Device(ctx context.Context, user, id string) (Device, error)                                     // NotFound
	Devices(ctx context.Context, user string) ([]Device, error)                                      // "" : of all users
	ChangeDevice(ctx context.Context, user, id string, change func(d *Device) error) (Device, error) // read, changed and written in one transaction; d.Number is 0 when it is new, and then it is added; an error of change leaves all as it was
	RemoveDevice(ctx context.Context, user, id string) error                                         // and its state; NotFound
	// State returns the documents of these names that are there; without names, all.
	State(ctx context.Context, device int64, names ...string) (map[string][]byte, error)
	// SwapState performs all swaps in one transaction or, if a document is not what Old says, none: Changed. NotFound if the device was removed.
	SwapState(ctx context.Context, device int64, swaps ...Swap) error
	// Written tells which documents there are and when each was last written, by name.
	Written(ctx context.Context, device int64) ([]WrittenState, error)
}

// Listing lists home collections for front doors that show records.
type Listing interface {
	// Filled is Home.Since with bodies, and without digest, attributes, title, UID, claimed time, and the index but its times.
	Filled(ctx context.Context, collection, seq int64, limit int) (recs []HomeRecord, more bool, err error)
}

// Lookup finds records of home collections by other means than their id. It serves front doors: every call is a read of an
// index, and costs what it yields.
type Lookup interface {
	// ByNumber yields the records with these numbers (HomeRecord.Number), with bodies; tombstones too, without; missing ones are left out.
	ByNumber(ctx context.Context, collection int64, numbers []int64) iter.Seq2[HomeRecord, error]
	// ByUID yields the live records of a user with this UID, of one kind, with bodies.
	ByUID(ctx context.Context, user string, kind tandem.Kind, uid string) iter.Seq2[HomeRecord, error]
	// During yields the live records of a collection whose index time overlaps [from, to), with bodies, in order of start.
	During(ctx context.Context, collection, from, to int64) iter.Seq2[HomeRecord, error]
	// Ended yields the live records, without bodies, whose index time ended in [from, to) and that were last written at or before seq,
	// in order of end and number; at most limit after the given position (0, 0: from the beginning).
	Ended(ctx context.Context, collection, seq, from, to int64, afterEnd, afterNumber int64, limit int) ([]HomeRecord, error)
	// At returns a record as it stood when the collection was at seq, with body. NotFound if it was not there then, Gone if history
	// does not reach back so far.
	At(ctx context.Context, collection, number, seq int64) (HomeRecord, error)
	// Match yields live records of the user and kind whose index name or one of whose keys has a word beginning with every word of text, without
	// regard to case; at most limit, with bodies.
	Match(ctx context.Context, user string, kind tandem.Kind, text string, limit int) iter.Seq2[HomeRecord, error]
	// Below yields the live records in a directory of a tree, "" being the collection itself, without bodies, in order of ids: what is directly in it or, deep,
	// at any depth. What is not deep costs what is directly in it, however much is below that. In a collection that is no tree everything is directly in "".
	// What changes while it yields is yielded as it was or as it is then.
	Below(ctx context.Context, collection int64, dir tandem.ID, deep bool) iter.Seq2[HomeRecord, error]
	// Count is how many live records a collection holds, and how many changed after seq (tombstones included).
	Count(ctx context.Context, collection, seq int64) (live, changed int, err error)
}
