package interop

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem/test/mailkit"
)

// TestMailWindow: whatever part of a mailbox is in sight, older messages come when they are asked for, once, and stay on both sides when they are not in sight any more.
func TestMailWindow(t *testing.T) {
	t.Parallel()
	s := mailkit.Dovecot(t, mailkit.Config{})
	a := newAccount(t, s)
	for n, age := range []int{1, 2, 100, 400, 2000} {
		text := message(fmt.Sprintf("days %d %d", age, n))
		cmd := a.Append("INBOX", int64(len(text)), &imap.AppendOptions{Time: time.Now().AddDate(0, 0, -age)})
		_, err := cmd.Write([]byte(text))
		a.must(err)
		a.must(cmd.Close())
		_, err = cmd.Wait()
		a.must(err)
	}
	dir, data, place := filepath.Join(t.TempDir(), "Mail"), t.TempDir(), "imap://anna@"+s.IMAP+"/INBOX"
	writeMaildir(t, dir, "1700000000.0.host:2,", message("here"))
	all := []string{"days 1 0", "days 100 2", "days 2 1", "days 2000 4", "days 400 3", "here"}
	then := func(age int) string { return time.Now().UTC().AddDate(0, 0, -age).Format(time.DateOnly) }
	for _, step := range []struct {
		options string
		here    []string
	}{
		{"&days=30", []string{"days 1 0", "days 2 1", "here"}},
		{"&days=30&also=" + then(400), []string{"days 1 0", "days 2 1", "days 400 3", "here"}},
		{"&days=30", []string{"days 1 0", "days 2 1", "days 400 3", "here"}},
		{"&days=1", []string{"days 1 0", "days 2 1", "days 400 3", "here"}},
		{"&days=30&also=INBOX:200", []string{"days 1 0", "days 100 2", "days 2 1", "days 400 3", "here"}},
		{"&days=30&also=Other:all", []string{"days 1 0", "days 100 2", "days 2 1", "days 400 3", "here"}},
		{"", all},
		{"&days=1", all},
		{"&days=5000", all},
	} {
		for round := range 2 { // the second finds nothing to do
			if out, err := syncMail(t, data, dir, place, step.options); err != nil {
				t.Fatalf("%q: %v: %s", step.options, err, out)
			}
			if got := inMaildir(t, dir); !slices.Equal(got, step.here) {
				t.Errorf("%q, round %d: the folder holds %q, want %q", step.options, round, got, step.here)
			}
			if got := a.all("INBOX"); !slices.Equal(got, all) {
				t.Errorf("%q, round %d: the mailbox holds %q", step.options, round, got)
			}
		}
	}
}
