package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"

	"tandem/wire/wbxml"
)

// testTogether: the phone, the other program and mbsync change things in the same folders at once, each its own messages and one that all change.
func (o *office) testTogether() {
	inbox := o.phone.FolderOf(typeInbox)
	const each = 12
	all := []string{"for all"}
	for n := range each {
		for _, who := range []string{"phone", "program", "mbsync"} {
			all = append(all, fmt.Sprintf("%s %02d", who, n))
		}
	}
	for _, subject := range all {
		o.append("INBOX", plainLetter(subject))
	}
	o.onPhone("all of it on the phone", func() bool {
		return !slices.ContainsFunc(all, func(s string) bool { return o.item(inbox, s) == nil })
	})
	o.isync()
	var wg sync.WaitGroup
	wg.Go(func() { o.phoneWorks(each) })
	wg.Go(func() { o.mbsyncWorks(each) })
	o.programWorks(each)
	wg.Wait()
}

// phoneWorks reads, flags, moves, throws away and removes.
func (o *office) phoneWorks(each int) {
	inbox, archive := o.phone.FolderOf(typeInbox), o.folder("Größeres")
	for n := range each {
		it := o.item(inbox, fmt.Sprintf("phone %02d", n))
		if it == nil {
			o.Errorf("the phone has no message %d", n)
			return
		}
		switch n % 4 {
		case 0:
			o.phone.Change(inbox, it.ServerID, wbxml.Text(wbxml.EmailRead, "1"))
		case 1:
			o.phone.Change(inbox, it.ServerID, wbxml.New(wbxml.EmailFlag, wbxml.Text(wbxml.EmailStatus, "2"), wbxml.Text(wbxml.EmailFlagType, "x")))
		case 2:
			o.phone.Delete(inbox, it.ServerID)
		case 3:
			o.move(inbox, archive, it)
		}
		o.push(inbox)
	}
	o.phone.Change(inbox, o.item(inbox, "for all").ServerID, wbxml.Text(wbxml.EmailRead, "1"))
	o.push(inbox)
}

// programWorks does so over IMAP.
func (o *office) programWorks(each int) {
	for n := range each {
		subject := fmt.Sprintf("program %02d", n)
		switch n % 4 {
		case 0:
			o.flag("INBOX", subject, imap.StoreFlagsAdd, imap.FlagSeen)
		case 1:
			o.flag("INBOX", subject, imap.StoreFlagsAdd, imap.FlagFlagged)
		case 2:
			o.expunge("INBOX", subject)
		case 3:
			o.with("INBOX", subject, func(set imap.UIDSet) {
				_, err := o.mail.Move(set, "Größeres").Wait()
				o.must(err)
			})
		}
		o.append("INBOX", plainLetter(fmt.Sprintf("meanwhile %02d", n)))
	}
	o.flag("INBOX", "for all", imap.StoreFlagsAdd, imap.FlagFlagged)
}

// mbsyncWorks changes files of the Maildir, and runs mbsync.
func (o *office) mbsyncWorks(each int) {
	dir := o.maildir("INBOX")
	for n := range each {
		file := find(o.T, dir, fmt.Sprintf("mbsync %02d", n))
		name, info, _ := strings.Cut(filepath.Base(file), ":2,")
		flags := []rune(info)
		switch n % 4 {
		case 0:
			flags = append(flags, 'S')
		case 1:
			flags = append(flags, 'F')
		case 2:
			o.must(os.Remove(file))
		case 3:
			writeMaildir(o.T, o.maildir("Größeres"), fmt.Sprintf("1700000000.%d.host:2,S", n), strings.ReplaceAll(plainLetter(fmt.Sprintf("written %02d", n)), "\r\n", "\n"))
		}
		if n%4 < 2 {
			slices.Sort(flags)
			o.must(os.Rename(file, filepath.Join(dir, "cur", name+":2,"+string(flags))))
		}
		if n%4 == 3 {
			o.isync()
		}
	}
}

// converge: when nobody changes anything any more, all hold the same, and one who comes anew, too.
func (o *office) converge() {
	for range 2 {
		o.isync()
		o.look()
		o.pull(o.phone)
	}
	o.isync()
	want := o.atServer()
	fresh := o.newPhone("two")
	o.pull(fresh)
	for name, got := range map[string][]string{"the phone": o.atPhone(o.phone), "a new phone": o.atPhone(fresh), "mbsync": o.atMbsync()} {
		if d := difference(want, got); d != "" {
			o.Errorf("%s differs from the account:\n%s", name, d)
		}
	}
	times := map[string]int{}
	for _, box := range o.mailboxes() {
		for _, l := range o.letters(box) {
			if times[l.subject]++; times[l.subject] == 2 {
				o.Errorf("%q is there twice", l.subject)
			}
		}
	}
	o.lost(want)
	if out := o.hub.cli("", "conflict", "list"); strings.Contains(out, "work") {
		o.Errorf("conflicts:\n%s", out)
	}
	o.Logf("%d messages and folders", len(want))
}

// lost holds that what was done together is there as it was done.
func (o *office) lost(all []string) {
	count := func(part, mark string) (n int) {
		for _, l := range all {
			if strings.Contains(l, part) && strings.HasSuffix(l, mark) {
				n++
			}
		}
		return n
	}
	for _, w := range []struct {
		part, mark string
		n          int
	}{
		{"INBOX: phone ", "", 6}, {"INBOX: phone ", " read", 3}, {"INBOX: phone ", " flagged", 3}, {"Größeres: phone ", "", 3}, {"Trash: phone ", "", 3},
		{"INBOX: program ", "", 6}, {"INBOX: program ", " read", 3}, {"INBOX: program ", " flagged", 3}, {"Größeres: program ", "", 3},
		{"INBOX: mbsync ", "", 9}, {"INBOX: mbsync ", " read", 3}, {"INBOX: mbsync ", " flagged", 3}, {"Größeres: written ", " read", 3},
		{"INBOX: meanwhile ", "", 12}, {"INBOX: for all ", " read flagged", 1},
	} {
		if n := count(w.part, w.mark); n != w.n {
			o.Errorf("%d of %q with %q, want %d", n, w.part, w.mark, w.n)
		}
	}
}

// difference is what is only in one of two sorted lists.
func difference(want, got []string) string {
	var out []string
	for _, w := range want {
		if !slices.Contains(got, w) {
			out = append(out, "- "+w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			out = append(out, "+ "+g)
		}
	}
	return strings.Join(out, "\n")
}
