package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tandem/test/davpeers"
	"tandem/test/hubkit"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

// restore puts the hub back to a backup, in another folder, as on another disk.
func (m *mortalOffice) restore(file string) {
	m.Helper()
	m.end()
	key, err := os.ReadFile(filepath.Join(m.hub.data, "secrets.key"))
	m.must(err)
	m.hub.data = filepath.Join(m.TempDir(), "restored")
	m.hub.cli("", "backup", "restore", file)
	m.must(os.WriteFile(filepath.Join(m.hub.data, "secrets.key"), key, 0o600)) // it is in no backup
	m.start()
}

// TestAccountRestored: a hub is put back to a backup, while the mail server and the phone went on: marks, moves, deletions, drafts, folders and new mail. Nothing of the account is undone or doubled, and
// what waits on the phone is done there, too.
func TestAccountRestored(t *testing.T) {
	t.Parallel()
	m := openMortal(t, mailkit.Config{}, func(m *mortalOffice) {
		for _, box := range []string{"Projects", "Trash", "Old"} {
			mailkit.MakeFolder(m, m.mail, box)
		}
		for _, name := range []string{"read", "flagged", "moved", "moved there", "thrown", "gone there", "gone twice", "stays", "waits read", "waits move", "waits thrown"} {
			m.append("INBOX", plainLetter(name))
		}
		m.append("Old", plainLetter("in a folder"))
	})
	inbox := m.phone.FolderOf(typeInbox)
	id := func(folder, name string) string {
		t.Helper()
		it := m.item(folder, name)
		if it == nil {
			t.Fatalf("the phone has no %s\n%s", name, m.picture())
		}
		return it.ServerID
	}
	drafts := m.phone.FolderOf(typeDrafts)
	write := func(subject, text string) []*wbxml.Element {
		return []*wbxml.Element{wbxml.Text(wbxml.EmailTo, "bert@elsewhere.org"), wbxml.Text(wbxml.EmailSubject, subject), wbxml.Text(wbxml.EmailRead, "1"), plain(text)}
	}
	m.phone.Add(drafts, write("begun", "It begins.")...)
	m.must(m.phone.Sync(t.Context(), drafts))
	m.until("the draft at the account", func() bool { return m.letter("Drafts", "begun") != nil })
	m.same()
	file := filepath.Join(t.TempDir(), "backup.zip")
	m.hub.cli("", "backup", "create", file)

	read := wbxml.Text(wbxml.EmailRead, "1")
	m.phone.Change(inbox, id(inbox, "read"), read)
	m.phone.Delete(inbox, id(inbox, "thrown"))
	m.phone.Change(drafts, id(drafts, "begun"), write("begun", "It goes on.")...)
	m.phone.Add(drafts, write("later", "It is begun later.")...)
	m.must(m.phone.Sync(t.Context(), inbox))
	m.must(m.phone.Sync(t.Context(), drafts))
	m.move(inbox, m.folder("Projects"), m.item(inbox, "moved"))
	m.flag("INBOX", "flagged", imap.StoreFlagsAdd, imap.FlagFlagged)
	m.with("INBOX", "moved there", func(set imap.UIDSet) {
		_, err := m.mail.Move(set, "Projects").Wait()
		m.must(err)
	})
	m.expunge("INBOX", "gone there")
	m.append("INBOX", plainLetter("new"))
	m.must(m.mail.Rename("Old", "Older", nil).Wait())
	mailkit.MakeFolder(m, m.mail, "Fresh")
	m.append("Fresh", plainLetter("in a new folder"))
	m.look()
	m.same()
	m.expunge("INBOX", "gone twice") // of which the hub never hears before
	before := m.atServer()

	m.restore(file)
	m.hub.cli("", "sync")
	if after := m.atServer(); !slices.Equal(before, after) {
		t.Errorf("the account is not what it was:\n%s", difference(before, after))
	}
	m.phone.Change(inbox, id(inbox, "waits read"), read)
	m.phone.Change(inbox, id(inbox, "new"), read)
	m.phone.Delete(inbox, id(inbox, "waits thrown"))
	m.phone.Change(drafts, id(drafts, "later"), write("later", "It went on, and nobody heard.")...)
	m.phone.Add(drafts, write("unsent", "It was never sent.")...)
	m.must(m.phone.FolderSync(t.Context()))
	for folder := range m.phone.Folders {
		m.must(m.phone.Sync(t.Context(), folder))
	}
	if p := m.phone; p.Twice != 0 || p.Unknown != 0 {
		t.Errorf("the phone was told of %d twice, and of %d that it does not have", p.Twice, p.Unknown)
	}
	m.phone.Wipes = 0 // it knew more than the hub
	m.same()
	for name, holds := range map[string]bool{
		"read":         m.letter("INBOX", "read").has(imap.FlagSeen),
		"flagged":      m.letter("INBOX", "flagged").has(imap.FlagFlagged),
		"moved":        m.letter("Projects", "moved") != nil && m.letter("Projects", "moved there") != nil && m.letter("INBOX", "moved") == nil && m.letter("INBOX", "moved there") == nil,
		"gone":         m.letter("INBOX", "gone there") == nil && m.letter("INBOX", "gone twice") == nil,
		"thrown":       m.letter("INBOX", "thrown") == nil && m.letter("Trash", "thrown") != nil,
		"what waits":   m.letter("INBOX", "waits read").has(imap.FlagSeen) && m.letter("INBOX", "waits thrown") == nil && m.letter("Trash", "waits thrown") != nil,
		"new":          m.letter("INBOX", "new") != nil,
		"folders":      m.letter("Older", "in a folder") != nil && m.letter("Fresh", "in a new folder") != nil && !slices.Contains(m.mailboxes(), "Old"),
		"drafts":       m.letter("Drafts", "begun") != nil && m.letter("Drafts", "later") != nil && m.letter("Drafts", "unsent") != nil,
		"nothing else": len(m.letters("INBOX")) == 6,
	} {
		if !holds {
			t.Errorf("%s: no longer so\n%s", name, m.picture())
		}
	}
}

// TestCalendarRestored: a hub is put back to a backup, while its calendar went on at a CalDAV server and in a folder that are both kept in step with it: series with exceptions, meetings, deletions. Both
// end as they were, and nothing is undone or doubled.
func TestCalendarRestored(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *davpeers.Server{"Radicale": davpeers.Radicale, "Xandikos": davpeers.Xandikos} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dir, data := start(t), t.TempDir(), t.TempDir()
			path := s.Calendar(t, "work", "VEVENT")
			cli := func(args ...string) string { t.Helper(); return hubkit.CLI(t, data, "", args...) }
			event := func(uid, title, more, days string) string {
				head := "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202606" + days + "T100000Z\r\nDTEND:202606" + days + "T110000Z\r\nSUMMARY:"
				text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n" + head + title + "\r\n" + more + "END:VEVENT\r\n"
				if strings.HasPrefix(more, "RRULE") {
					text += strings.Replace(head, "UID:"+uid+"\r\n", "UID:"+uid+"\r\nRECURRENCE-ID:20260603T100000Z\r\n", 1) + title + " otherwise\r\nEND:VEVENT\r\n"
				}
				return text + "END:VCALENDAR\r\n"
			}
			const daily, meeting = "RRULE:FREQ=DAILY;COUNT=5\r\n", "ORGANIZER:mailto:zoe@example.net\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org\r\n"
			here := func(uid, body string) {
				t.Helper()
				if body == "" {
					if err := os.Remove(filepath.Join(dir, uid+".ics")); err != nil {
						t.Fatal(err)
					}
					return
				}
				write(t, filepath.Join(dir, uid+".ics"), body)
			}
			there := func(uid, body string) {
				t.Helper()
				method := "PUT"
				if body == "" {
					method = "DELETE"
				}
				if status, text := s.Do(t, method, path+uid+".ics", body, "Content-Type", "text/calendar; charset=utf-8"); status/100 != 2 {
					t.Fatalf("%s %s: %d %s", method, uid, status, text)
				}
			}
			// both are the events of the folder and of the server, without what stands differently in each.
			both := func() string {
				t.Helper()
				var out [2][]string
				for _, body := range glob(t, filepath.Join(dir, "*.ics")) {
					out[0] = append(out[0], facts(body))
				}
				_, text := s.Do(t, "REPORT", path, `<c:calendar-query xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><prop><c:calendar-data/></prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>`, "Depth", "1")
				for _, body := range strings.Split(strings.NewReplacer("&#13;", "", "&#xD;", "").Replace(text), "BEGIN:VCALENDAR")[1:] {
					out[1] = append(out[1], facts(body))
				}
				slices.Sort(out[0])
				slices.Sort(out[1])
				if !slices.Equal(out[0], out[1]) {
					t.Errorf("the folder has\n%s\nthe server\n%s", strings.Join(out[0], "\n"), strings.Join(out[1], "\n"))
				}
				return strings.Join(out[0], "\n")
			}
			for _, uid := range []string{"here", "here-gone", "there", "there-gone", "both"} {
				here(uid, event(uid, uid, "", "10"))
			}
			here("series", event("series", "series", daily, "01"))
			here("meeting", event("meeting", "meeting", meeting, "12"))
			login := "caldav://" + s.User + "@" + s.Host() + path
			hubkit.CLI(t, data, s.Password, "partner", "login", login, "--password-file", "-")
			cli("item", "add", "calendar", login, "--kind", "event", "--name", "server", "--mode", "manual")
			cli("item", "add", "calendar", "vdir:"+dir, "--kind", "event", "--name", "folder", "--mode", "manual")
			sync := func() {
				t.Helper()
				for range 2 {
					cli("sync", "folder")
					cli("sync", "server")
				}
			}
			sync()
			both()
			here("both", event("both", "both edited before the backup", "", "10")) // in the hub, and not at the server
			cli("sync", "folder")
			file := filepath.Join(t.TempDir(), "backup.zip")
			cli("backup", "create", file)
			cli("sync", "server")

			here("here", event("here", "edited here", "", "11"))
			here("here-gone", "")
			here("new", event("new", "made here", daily, "02"))
			there("there", event("there", "edited there", "", "11"))
			there("there-gone", "")
			there("late", event("late", "made there", "", "20"))
			there("series", event("series", "series edited there", daily+"EXDATE:20260604T100000Z\r\n", "01"))
			there("meeting", event("meeting", "meeting", strings.Replace(meeting, "NEEDS-ACTION", "ACCEPTED", 1), "12"))
			sync()
			want := both()
			key, keyed := os.ReadFile(filepath.Join(data, "secrets.key")) // of a server with passwords
			data = filepath.Join(t.TempDir(), "restored")
			cli("backup", "restore", file)
			if keyed == nil {
				write(t, filepath.Join(data, "secrets.key"), string(key))
			}
			sync()
			if got := both(); got != want {
				t.Errorf("there is\n%s\nwant\n%s", got, want)
			}
			for _, part := range []string{"edited here", "edited there", "made here otherwise", "series edited there", "EXDATE:20260604T100000Z", "ACCEPTED", "made there", "both edited before the backup"} {
				if !strings.Contains(want, part) {
					t.Errorf("%s is lost", part)
				}
			}
			if list := cli("conflict", "list"); strings.Contains(list, "series") || strings.Contains(list, "edited") {
				t.Errorf("conflicts:\n%s", list)
			}
		})
	}
}

// facts are the lines of an event that people wrote, sorted.
func facts(body string) string {
	var out []string
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		for _, name := range []string{"UID", "SUMMARY", "DTSTART", "RRULE", "EXDATE", "RECURRENCE-ID", "ATTENDEE"} {
			if strings.HasPrefix(line, name) {
				out = append(out, line)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
