package vdir

import (
	"context"
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

// lookAt is the entry of a file of this folder.
func (r *Replica) lookAt(d *dir, name string) (entry, error) {
	e, err := d.stat(name)
	return r.ofOurs(e), err
}

// ofOurs leaves out of an entry what does not last in this folder.
func (r *Replica) ofOurs(e entry) entry {
	if !r.stable {
		e.ino = 0
	}
	return e
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

// times is how a file system gives files their times.
type times uint8

const (
	vague   times = iota // to within tick
	ticking              // by the system's coarse clock: a change that comes after it moved on has later times
	exact                // a change after the times were looked at has other times, however soon
)

// clock is a moment, and how the times of files relate to it. It must be read before the file is looked at.
type clock struct {
	now   time.Time
	times times
}

func (r *Replica) clock() clock {
	if r.times == ticking {
		return clock{coarseNow(), ticking}
	}
	return clock{time.Now(), r.times}
}

// racy tells whether somebody could still write to the file without its times moving on.
func (p print) racy(c clock) bool {
	changed, now := p.changed(), c.now.UnixNano()
	switch {
	case changed%int64(time.Second) == 0:
		return changed > now-int64(coarseTick)
	case c.times == exact:
		return changed > now
	case c.times == ticking:
		return changed >= now
	}
	return changed > now-int64(tick)
}

// settle waits until what was written before has times of the past.
func (r *Replica) settle(ctx context.Context) error {
	began, start := r.clock().now, time.Now()
	timer := time.NewTicker(time.Millisecond)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-r.closed:
			return r.enter(ctx)
		}
		if r.times == ticking && r.clock().now.After(began) || time.Since(start) > tick {
			return nil
		}
	}
}

// version is the fingerprint as a version. That of a racy file promises nothing: it is never shown again.
func (p print) version(c clock) tandem.Version {
	v := p.text()
	if p.racy(c) {
		v += raceMark + strconv.FormatInt(c.now.UnixNano(), 36)
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
