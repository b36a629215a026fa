package provider

import "tandem"

// Sought says which records are looked for at a place beyond its window. All of it must hold; what is empty does not restrict.
type Sought struct {
	Text    []string // each is in the record somewhere, in any case of letters
	Not     []string // none of them is
	From    []string // each is in that field
	To      []string
	Cc      []string
	Bcc     []string
	Subject []string
	Since   int64 // when it came, Unix seconds: from here on
	Before  int64 // before that; 0: no bound

	Most int   // how many at most; the latest are given
	Head int64 // how much of each body at most, in bytes
}

// Beyond is what was found there.
type Beyond struct {
	Identity tandem.Identity // of the place; the ids are good as long as it is this one
	Records  []tandem.Record // Size is that of the whole body; Body holds the beginning of it
}
