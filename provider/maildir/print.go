package maildir

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/mail"
)

// print is a message's file as the file system shows it. Renaming leaves it as it is, since nobody edits messages; the time of the file's last status change,
// which renaming changes, is not in it.
type print struct {
	size  int64
	mtime int64 // Unix nanoseconds; its seconds are when the message was received
	ino   uint64
}

const (
	// tick is more than what the clocks of file systems advance by at once.
	tick     = 20 * time.Millisecond
	raceMark = "~"
)

// racy tells whether somebody could still write to the file without its time moving on. Messages are not written to; this is for programs that do all the same.
func (p print) racy(now time.Time) bool {
	return p.mtime > now.Add(-tick).UnixNano() && p.mtime <= now.Add(time.Second).UnixNano()
}

// version is the state of a message: its file and what its name says.
func (e *entry) version(now time.Time) tandem.Version {
	b := make([]byte, 0, 64)
	b = strconv.AppendInt(b, e.size, 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, e.mtime, 36)
	b = append(b, '-')
	b = strconv.AppendUint(b, e.ino, 36)
	b = append(b, '-')
	b = append(b, e.parsed.info...)
	if e.racy(now) {
		b = append(b, raceMark...)
		b = strconv.AppendInt(b, now.UnixNano(), 36)
	}
	return tandem.Version(b)
}

// at tells whether a message is at a version.
func (e *entry) at(v tandem.Version) bool {
	text, _, _ := strings.Cut(string(v), raceMark)
	return v != "" && string(e.version(time.Unix(0, e.mtime).Add(time.Hour))) == text
}

// meta is what a listing shows of a message.
func (e *entry) meta(words keywords, now time.Time) tandem.Meta {
	f := e.parsed.flags(words)
	f.Received = e.received()
	m := tandem.Meta{Version: e.version(now), Size: e.size, Attrs: f.Attrs(), Modified: e.mtime}
	if e.ino != 0 {
		m.Node = strconv.FormatUint(e.ino, 36)
	}
	return m
}

// received is when the message came, Unix seconds: the file's time, which Dovecot shows as INTERNALDATE.
func (e *entry) received() int64 { return time.Unix(0, e.mtime).Unix() }

// entry is one message: its file as it was found.
type entry struct {
	print
	id     tandem.ID
	sub    string // "new" or "cur"
	file   string // the name in it
	parsed name
	err    error // why it cannot be a message
}

// printFor is the fingerprint of a file of this folder.
func (r *Replica) printFor(info fs.FileInfo) print {
	p := printOf(info)
	if !r.stable {
		p.ino = 0
	}
	return p
}

// flagsOf are the attributes that a write brings, less what the place cannot keep.
func flagsOf(a tandem.Attrs) mail.Flags { return mail.FlagsOf(a) }
