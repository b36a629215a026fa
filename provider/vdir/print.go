package vdir

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"tandem"
)

// print is a file's fingerprint: if two are equal, nobody wrote to the file between them, provided that the first was
// taken when the file was not racy.
type print struct {
	size  int64
	mtime int64 // Unix nanoseconds
	ctime int64 // Unix nanoseconds; 0 where the system has none
	ino   uint64
}

// printFor is the fingerprint of a file of this folder.
func (r *Replica) printFor(info fs.FileInfo) print {
	p := printOf(info)
	if !r.stable {
		p.ino = 0
	}
	return p
}

// stat is the fingerprint of the file behind a name; links are followed.
func (r *Replica) stat(path string) (print, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return print{}, nil, err
	}
	return r.printFor(info), info, nil
}

const (
	// tick is more than what the clocks of file systems with fine times advance by at once (10 ms at most).
	tick = 20 * time.Millisecond
	// coarseTick is the same for file systems that keep whole or even seconds.
	coarseTick = 2100 * time.Millisecond

	raceMark = "~"
)

func (p print) changed() int64 {
	if p.ctime != 0 {
		return p.ctime
	}
	return p.mtime
}

func (p print) tick() time.Duration {
	if p.changed()%int64(time.Second) == 0 {
		return coarseTick
	}
	return tick
}

// racy tells whether somebody could still write to the file without its times moving on.
func (p print) racy(now time.Time) bool {
	return p.changed() > now.Add(-p.tick()).UnixNano()
}

// version is the fingerprint as a version. That of a racy file promises nothing: it is never shown again.
func (p print) version(now time.Time) tandem.Version {
	v := p.text()
	if p.racy(now) {
		v += raceMark + strconv.FormatInt(now.UnixNano(), 36)
	}
	return tandem.Version(v)
}

func (p print) text() string {
	b := make([]byte, 0, 48)
	b = strconv.AppendInt(b, p.size, 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, p.mtime, 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, p.ctime, 36)
	b = append(b, '-')
	b = strconv.AppendUint(b, p.ino, 36)
	return string(b)
}

// at tells whether the fingerprint is the one a version was made of.
func (p print) at(v tandem.Version) bool {
	text, _, _ := strings.Cut(string(v), raceMark)
	return text == p.text()
}

// sameContent compares what a rename leaves as it was.
func (p print) sameContent(q print) bool {
	p.ctime, q.ctime = 0, 0
	return p == q
}

func (p print) node() string {
	if p.ino == 0 {
		return ""
	}
	return strconv.FormatUint(p.ino, 36)
}
