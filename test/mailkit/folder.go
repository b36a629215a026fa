package mailkit

import (
	"errors"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// MakeFolder makes a mailbox that nobody else makes. Dovecot says now and then that one is there already while another connection looks at its list of folders; whether it then made it differs, so it
// is looked for and asked for again.
func MakeFolder(t testing.TB, c *imapclient.Client, name string) {
	t.Helper()
	var err error
	for range 100 {
		if err = c.Create(name, nil).Wait(); err == nil {
			return
		}
		var no *imap.Error
		if !errors.As(err, &no) || no.Code != imap.ResponseCodeAlreadyExists {
			break
		}
		if _, missing := c.Status(name, &imap.StatusOptions{NumMessages: true}).Wait(); missing == nil {
			return
		}
	}
	t.Fatalf("%s: %v", name, err)
}
