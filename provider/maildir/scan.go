package maildir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"tandem"
)

// readNames reads the names in a directory.
func readNames(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

const (
	// looks is how often a folder is read in one scan at most, while others rename in it.
	looks = 8
	// enough is how many looks must agree where the folder never stood still.
	enough = 3
)

// index is the messages of a folder by id, as one scan found them; files were looked at only where names did not tell them apart.
type index map[tandem.ID]*entry

// scan finds the messages of the folder. A directory that is read while others rename in it may miss files, and shows some twice: it is read again until it stood
// still meanwhile, or until several looks found the same. Where that does not come about, everything that any look found is returned; whether it is there
// still is found out by looking at it.
func (r *Replica) scan(ctx context.Context) (index, error) {
	all := index{}
	agreed := 0
	for range looks {
		if err := r.enter(ctx); err != nil {
			return nil, err
		}
		before, err := r.dirTimes()
		if err != nil {
			return nil, r.rootTrouble(err)
		}
		began := time.Now()
		found, err := r.look()
		if err != nil {
			return nil, r.rootTrouble(err)
		}
		after, err := r.dirTimes()
		if err != nil {
			return nil, r.rootTrouble(err)
		}
		if before == after && before.olderThan(began.Add(-tick)) {
			r.remember(found)
			return found, nil
		}
		if maps.EqualFunc(found, all, func(*entry, *entry) bool { return true }) {
			agreed++
		} else {
			agreed = 1
		}
		maps.Copy(all, found)
		if agreed == enough {
			break
		}
	}
	r.remember(all)
	return all, nil
}

// dirTimes are the times of the directories with messages, which change with every name that comes or goes.
type dirTimes [2]int64

func (r *Replica) dirTimes() (t dirTimes, err error) {
	for i, sub := range subdirs() {
		info, err := os.Stat(filepath.Join(r.path, sub))
		if err != nil {
			return t, err
		}
		t[i] = info.ModTime().UnixNano()
	}
	return t, nil
}

func (t dirTimes) olderThan(limit time.Time) bool {
	return max(t[0], t[1]) < limit.UnixNano()
}

// look reads the directories once.
func (r *Replica) look() (index, error) {
	found := index{}
	twice := map[string][]*entry{}
	for _, sub := range subdirs() {
		names, err := readNames(filepath.Join(r.path, sub))
		if err != nil {
			return nil, err
		}
		for _, file := range names {
			if file[0] == '.' { // no messages, by the format
				continue
			}
			e := &entry{sub: sub, file: file, parsed: parseName(file)}
			e.id = tandem.ID(e.parsed.unique)
			if other, taken := found[e.id]; taken {
				if twice[e.parsed.unique] == nil {
					twice[e.parsed.unique] = []*entry{other}
				}
				twice[e.parsed.unique] = append(twice[e.parsed.unique], e)
				continue
			}
			found[e.id] = e
		}
	}
	for unique, list := range twice {
		r.tellApart(found, unique, list)
	}
	return found, nil
}

// tellApart meets names with one unique part. Mostly one is what the other was called a moment ago, or both are one file of which a crash left two names. Where a
// program has copied a message without giving it a name of its own, each is a message, and all but the oldest file are known by their inode, too.
func (r *Replica) tellApart(found index, unique string, list []*entry) {
	delete(found, tandem.ID(unique))
	var there []*entry
	for _, e := range list {
		info, err := os.Lstat(r.join(e))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			e.ino = printOf(info).ino
		}
		same := func(o *entry) bool { return o.ino == e.ino && e.ino != 0 }
		if i := slices.IndexFunc(there, same); i >= 0 {
			there[i] = e // the later one: in cur
			continue
		}
		there = append(there, e)
	}
	if len(there) == 0 {
		there = list[len(list)-1:] // renamed once more: whoever looks at it finds it again
	}
	slices.SortFunc(there, func(a, b *entry) int { return cmp.Or(cmp.Compare(a.ino, b.ino), cmp.Compare(a.file, b.file)) })
	for i, e := range there {
		e.id = tandem.ID(unique)
		if i > 0 {
			e.id += "~" + tandem.ID(strconv.FormatUint(e.ino, 36))
			if e.ino == 0 {
				e.id = tandem.ID(e.file)
			}
		}
		for found[e.id] != nil {
			e.id += "~"
		}
		found[e.id] = e
	}
}

func (r *Replica) join(e *entry) string { return filepath.Join(r.path, e.sub, e.file) }

func (r *Replica) remember(found index) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = maps.Clone(found)
}

func (r *Replica) recall(id tandem.ID) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[id]
}

// moved notes what a write of ours made of a message; nil: it is gone.
func (r *Replica) moved(id tandem.ID, e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = index{}
	}
	if e == nil {
		delete(r.known, id)
		return
	}
	r.known[id] = e
}

// finder looks messages up by their ids. What a scan that began after the finder was made did not find is not there.
type finder struct {
	*Replica
	scanned bool
}

// chases is how often a message is looked for that is renamed each time before it is reached.
const chases = 20

// find finds a message wherever it is and whatever it is called by now, and looks at its file. NotFound only if it is gone.
func (f *finder) find(ctx context.Context, id tandem.ID) (*entry, error) {
	for range chases {
		if e := f.recall(id); e != nil {
			now, err := f.stat(e)
			if err == nil {
				return now, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, unreadable(f.join(e), cause(err), "check that you may read it")
			}
		} else if f.scanned {
			return nil, &tandem.Error{Kind: tandem.NotFound, Op: "read", Thing: string(id)}
		}
		if _, err := f.scan(ctx); err != nil {
			return nil, err
		}
		f.scanned = true
	}
	return nil, &tandem.Error{Kind: tandem.Busy, Op: "read", Thing: string(id), Err: errors.New("another program renames it again and again"), Wait: 1}
}

// stat looks at a message's file. What is no file is an entry with a reason.
func (r *Replica) stat(e *entry) (*entry, error) {
	info, err := os.Lstat(r.join(e))
	if err != nil {
		return nil, err
	}
	now := *e
	now.print, now.err = r.printFor(info), nil
	if !info.Mode().IsRegular() {
		now.err = unreadable(r.join(e), fmt.Errorf("it is not a regular file"), "move it elsewhere")
	}
	return &now, nil
}

func unreadable(path string, err error, remedy string) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "read", Thing: path, Err: err, Remedy: remedy}
}
