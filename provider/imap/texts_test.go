package imap

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// TestTextsKept: what is packed and interned is equal to what was given, also long after.
func TestTextsKept(t *testing.T) {
	var p packed
	var in interned
	var all []string
	for i := range 5000 {
		s := fmt.Sprint("text ", i)
		if i%700 == 0 {
			s = strings.Repeat("long ", i)
		}
		all = append(all, p.keep(s))
	}
	for i, got := range all {
		want := fmt.Sprint("text ", i)
		if i%700 == 0 {
			want = strings.Repeat("long ", i)
		}
		if got != want {
			t.Fatalf("text %d is %q", i, got)
		}
	}
	for i := range 2 * internMost {
		s := fmt.Sprint(i)
		if in.keep(s) != s || in.keep(s+"") != s {
			t.Fatalf("%s is another", s)
		}
	}
	if len(in.have) > internMost {
		t.Errorf("%d are kept", len(in.have))
	}
}

// TestListingIsSmall: what a listing of a large mailbox hands out, and the session keeps, takes little more than it says.
func TestListingIsSmall(t *testing.T) {
	const count = 50_000
	kept := make([]tandem.Change, 0, count)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := &lister{r: &replica{}, l: &link{wire: &wire{}}, b: &box{next: count + 1000}, yield: func(c tandem.Change, _ error) bool {
		kept = append(kept, c)
		return true
	}}
	for i := range count {
		m := &message{uid: imap.UID(100_000 + i), state: state{date: 1_735_689_600 + int64(i), size: 500, flags: []imap.Flag{imap.FlagSeen, "work"}}}
		if !x.present(m) {
			t.Fatal("it stops")
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	said := 0
	for _, c := range kept {
		said += len(c.ID) + len(c.Attrs)
	}
	if got := int(after.HeapAlloc) - int(before.HeapAlloc); got > said*5/4+64<<10 {
		t.Errorf("%d bytes for each message, of which %d are said", got/count, said/count)
	}
	runtime.KeepAlive(kept)
}
