package mailbox

import (
	"context"

	"tandem"
)

// Far reaches messages that are at the servers of a user's mail folders and not in the hub, because the window of an account keeps them out. They are no records: nothing
// of them is kept but what a phone has read, until the next tidying, and no run hears of them.
type Far interface {
	// Seek finds messages of a mail folder of the user, the latest first. Those that the hub has are left out. What cannot be asked now is no error.
	Seek(ctx context.Context, user string, collection int64, q FarQuery) ([]FarMessage, error)
	// Open reads a message that Seek found. NotFound: it is not there any more, or there never was such a one.
	Open(ctx context.Context, user string, collection int64, name string) (FarMessage, error)
}

// FarQuery says which messages are looked for. All of it must hold; what is empty does not restrict.
type FarQuery struct {
	Text    []string // each is in the message somewhere
	Not     []string // none of them is
	From    []string // each is in that field
	To      []string
	Cc      []string
	Bcc     []string
	Subject []string
	Since   int64 // when it came, Unix seconds: from here on
	Before  int64 // before that; 0: no bound

	Most int   // how many at most
	Head int64 // how much of each is read at most, in bytes
}

// Empty reports whether it asks for nothing in particular.
func (q FarQuery) Empty() bool {
	return len(q.Text)+len(q.From)+len(q.To)+len(q.Cc)+len(q.Bcc)+len(q.Subject) == 0 && q.Since == 0 && q.Before == 0
}

// FarMessage is a message that is not in the hub.
type FarMessage struct {
	Name  string // for Open; no colon is in it
	Body  tandem.Body
	Size  int64 // of the whole message
	Cut   bool  // Body is the beginning of it
	Attrs tandem.Attrs
}
