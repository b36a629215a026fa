package vdir

import (
	"bytes"
	"sync"

	"tandem"
)

// keepBytes bounds the bodies that one listing keeps for those who fetch them next.
const keepBytes = 4 << 20

// kept are files that a listing has read, so that fetching the records that are new does not read them again. Each serves
// once, and only while its file still has the fingerprint.
type kept struct {
	mu    sync.Mutex // guards all
	files map[string]keptFile
	bytes int
}

type keptFile struct {
	print print
	uid   string
	body  []byte
}

// add keeps a file that is one sound record, if there is room.
func (k *kept) add(f *file) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bytes+len(f.data) > keepBytes {
		return
	}
	if k.files == nil {
		k.files = map[string]keptFile{}
	}
	k.bytes += len(f.data)
	k.files[f.name] = keptFile{f.print, f.records[0].uid, bytes.Clone(f.data)}
}

// take gives a file away.
func (k *kept) take(name string) (keptFile, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f, ok := k.files[name]
	if ok {
		delete(k.files, name)
		k.bytes -= len(f.body)
	}
	return f, ok
}

func (k *kept) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.files, k.bytes = nil, 0
}

// recall is a record that the last listing read, if its file is still the one that was read.
func (r *Replica) recall(d *dir, name string) (tandem.Record, bool) {
	f, ok := r.kept.take(name)
	if !ok {
		return tandem.Record{}, false
	}
	now := r.clock()
	e, err := r.lookAt(d, name)
	if err != nil || e.print != f.print || !e.mode.IsRegular() {
		return tandem.Record{}, false
	}
	m := tandem.Meta{UID: f.uid, Version: f.print.version(now), Size: f.print.size, Node: f.print.node(), Modified: f.print.mtime}
	return tandem.Record{Meta: m, Body: tandem.Bytes(f.body)}, true
}

// recalled is a record that the last listing read, or that it is not known.
type recalled struct {
	rec   tandem.Record
	known bool
}

// recallAtOnce is how many records are recalled at a time.
const recallAtOnce = 512

// recallAll recalls records of these ids, several at a time; of those that share a file with others, none is known.
func (r *Replica) recallAll(d *dir, ids []tandem.ID) []recalled {
	list := make([]recalled, len(ids))
	_ = inParallel(len(ids), func(part func() (int, bool)) error {
		for i, ok := part(); ok; i, ok = part() {
			if name, key := split(ids[i]); key == "" {
				list[i].rec, list[i].known = r.recall(d, name)
			}
		}
		return nil
	})
	return list
}
