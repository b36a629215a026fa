package proto

import "context"

// Drafts sends what a phone wrote into the folder of drafts and wants sent (email2:Send).
type Drafts interface {
	// SendDraft takes a message; once, however often it is asked for under the same key. The status is that of the command in Sync, 0 if the message is on its way.
	SendDraft(ctx context.Context, r *Request, key string, message []byte) (status int, err error)
}
