package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"os"
	"slices"
	"strconv"

	"tandem"
	"tandem/kind/file"
)

// A journal is: journalMagic; the length of the head as four bytes big-endian; the head as JSON; the overwritten blocks
// one after the other; the SHA-256 of all that; and, once the patch is done, the tail as JSON. Without a right sum the
// patch was never begun.
const journalMagic = "tandem patch 1\n"

const journalSuffix = ".journal"

// journalHead says what a patch is about to overwrite.
type journalHead struct {
	Path   string         `json:"path"` // with bytes that are not UTF-8 spelled as in a Go string literal
	Inode  uint64         `json:"inode"`
	Size   int64          `json:"size"` // of the old version, as the next three
	Mtime  int64          `json:"mtime"`
	Mode   uint32         `json:"mode"`
	At     tandem.Version `json:"version"`
	New    int64          `json:"newSize"`
	Digest string         `json:"newDigest"`
	Blocks []journalBlock `json:"blocks"`
}

// journalBlock is one overwritten block; a block beyond the old end has none saved.
type journalBlock struct {
	Block int64 `json:"b"`
	Len   int64 `json:"n"`
	at    int64 // offset in the journal
}

// journalTail says how the patched file looked when the patch was done.
type journalTail struct {
	Version tandem.Version `json:"version"`
}

// journal is an open journal whose sum was right.
type journal struct {
	file *os.File
	name string
	head journalHead
	path string
	tail *journalTail
	end  int64 // offset of the tail
}

// writeJournal saves what the patch will overwrite, durably.
func (a *apply) writeJournal(j *job, out *os.File, st *stat) (log *journal, err error) {
	head := journalHead{Path: strconv.Quote(string(j.w.ID)), Inode: st.ino, Size: st.size, Mtime: st.mtime, Mode: st.mode,
		At: st.version(""), New: j.patch.src.st.size, Digest: j.sum.String()}
	lost := map[int64]bool{}
	for _, c := range j.patch.blocks {
		lost[c.block] = true
	}
	// What truncating cuts off is overwritten too, down from the block in which the new version ends.
	if head.New < head.Size {
		for b := head.New / file.BlockSize; b < file.Blocks(head.Size); b++ {
			lost[b] = true
		}
	}
	for b := range lost {
		if n := min(file.BlockSize, head.Size-b*file.BlockSize); n > 0 {
			head.Blocks = append(head.Blocks, journalBlock{Block: b, Len: n})
		}
	}
	slices.SortFunc(head.Blocks, func(x, y journalBlock) int { return int(x.Block - y.Block) })
	text, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	name := strconv.Itoa(j.n) + journalSuffix
	f, err := a.run.create(name, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = a.run.unlink(name)
		}
	}()
	sum := sha256.New()
	w := io.MultiWriter(f, sum)
	start := append([]byte(journalMagic), binary.BigEndian.AppendUint32(nil, uint32(len(text)))...)
	if _, err := w.Write(append(start, text...)); err != nil {
		return nil, err
	}
	buf := make([]byte, file.BlockSize)
	for _, b := range head.Blocks {
		if err := a.ctx.Err(); err != nil {
			return nil, err
		}
		if err := file.ReadFullAt(out, buf[:b.Len], b.Block*file.BlockSize); err != nil {
			return nil, err
		}
		if _, err := w.Write(buf[:b.Len]); err != nil {
			return nil, err
		}
	}
	if _, err := f.Write(sum.Sum(nil)); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	// The run's directory has to be found after a crash too.
	if err := a.run.sync(); err != nil {
		return nil, err
	}
	tmp, err := a.r.meta.child("tmp")
	if err != nil {
		return nil, err
	}
	err = tmp.sync()
	tmp.close()
	if err != nil {
		return nil, err
	}
	return readJournal(f, name)
}

var errTorn = errors.New("the journal is not complete")

// readJournal checks a journal. errTorn: it was never finished, so the patch was never begun.
func readJournal(f *os.File, name string) (*journal, error) {
	start := make([]byte, len(journalMagic)+4)
	if err := file.ReadFullAt(f, start, 0); err != nil || !bytes.HasPrefix(start, []byte(journalMagic)) {
		return nil, errTorn
	}
	n := int64(binary.BigEndian.Uint32(start[len(journalMagic):]))
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if n > info.Size() {
		return nil, errTorn
	}
	text := make([]byte, n)
	if err := file.ReadFullAt(f, text, int64(len(start))); err != nil {
		return nil, errTorn
	}
	log := &journal{file: f, name: name}
	if json.Unmarshal(text, &log.head) != nil {
		return nil, errTorn
	}
	if log.path, err = strconv.Unquote(log.head.Path); err != nil || checkID(tandem.ID(log.path)) != nil {
		return nil, errTorn
	}
	sum := sha256.New()
	sum.Write(start)
	sum.Write(text)
	log.end = int64(len(start)) + n
	for i := range log.head.Blocks {
		b := &log.head.Blocks[i]
		if b.Len < 0 || b.Len > file.BlockSize {
			return nil, errTorn
		}
		b.at = log.end
		log.end += b.Len
	}
	return log, log.check(sum, int64(len(start))+n)
}

// check compares the sum and reads the tail.
func (l *journal) check(sum hash.Hash, from int64) error {
	if _, err := io.Copy(sum, io.NewSectionReader(l.file, from, l.end-from)); err != nil {
		return err
	}
	var want tandem.Digest
	if err := file.ReadFullAt(l.file, want[:], l.end); err != nil || tandem.Digest(sum.Sum(nil)) != want {
		return errTorn
	}
	l.end += int64(len(want))
	text, err := io.ReadAll(io.NewSectionReader(l.file, l.end, 4096))
	if err != nil {
		return err
	}
	var tail journalTail
	if json.Unmarshal(text, &tail) == nil && tail.Version != "" {
		l.tail = &tail
	}
	return nil
}

// restore puts the old version back, durably.
func (l *journal) restore(out *os.File, dir *folder, name string) error {
	buf := make([]byte, file.BlockSize)
	for _, b := range l.head.Blocks {
		if err := file.ReadFullAt(l.file, buf[:b.Len], b.at); err != nil {
			return err
		}
		if _, err := out.WriteAt(buf[:b.Len], b.Block*file.BlockSize); err != nil {
			return err
		}
	}
	if err := out.Truncate(l.head.Size); err != nil {
		return err
	}
	old := wanted{mode: l.head.Mode, hasMode: hasModes, mtime: l.head.Mtime, hasMtime: true}
	if err := dir.settle(out, name, &old, anyMode); err != nil {
		return err
	}
	return out.Sync()
}

// keepJournal makes the journal of a finished patch the kept old version.
func (a *apply) keepJournal(j *job, log *journal) error {
	text, err := json.Marshal(journalTail{Version: j.st.version("")})
	if err != nil {
		return err
	}
	if _, err := log.file.WriteAt(text, log.end); err != nil {
		return err
	}
	if err := log.file.Sync(); err != nil {
		return err
	}
	to, err := a.r.meta.makeAll(patchesName, 0o700)
	if err != nil {
		return err
	}
	defer to.close()
	name := a.name + "-" + strconv.Itoa(j.n)
	if err := a.run.renameNew(log.name, to, name); err != nil {
		return err
	}
	a.patched = true
	j.out.Parked = patchesName + "/" + name
	return nil
}

// rollBack undoes a patch whose process died.
func (r *Replica) rollBack(ctx context.Context, run *folder, name string) error {
	f, err := run.open(name)
	if err != nil {
		return classify("read", tandem.ID(metaName+"/tmp/"+name), err)
	}
	defer f.Close()
	log, err := readJournal(f, name)
	if errors.Is(err, errTorn) {
		return run.unlink(name)
	}
	if err != nil {
		return classify("read", tandem.ID(metaName+"/tmp/"+name), err)
	}
	trouble := func(err error) error {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "undo interrupted change of", Thing: show(log.path), Err: err,
			Remedy: "see to it that the file can be written, and try again"}
	}
	dir, err := r.root.sub(parent(log.path))
	if notThere(err) {
		return run.unlink(name)
	}
	if err != nil {
		return trouble(err)
	}
	defer dir.close()
	out, err := dir.openWrite(base(log.path))
	if notThere(err) {
		return run.unlink(name) // deleted since
	}
	if err != nil {
		return trouble(err)
	}
	defer out.Close()
	st, err := statFile(out)
	if err != nil {
		return trouble(err)
	}
	between := st.size >= min(log.head.Size, log.head.New) && st.size <= max(log.head.Size, log.head.New)
	if st.kind != regular || st.ino != log.head.Inode || !between {
		return run.unlink(name) // replaced since
	}
	if err := r.saveEdited(ctx, log, dir, &st); err != nil {
		return trouble(err)
	}
	if err := log.restore(out, dir, base(log.path)); err != nil {
		return trouble(err)
	}
	r.log.Warn("undid a change that was interrupted", "file", log.path)
	return run.unlink(name)
}

// editedAfter is how much later than the journal a file's time must be for it to count as edited after the crash.
const editedAfter = 60e9

// saveEdited keeps a copy of a half-patched file that somebody seems to have worked on since.
func (r *Replica) saveEdited(ctx context.Context, log *journal, dir *folder, st *stat) error {
	written, err := statFile(log.file)
	if err != nil || st.mtime < written.mtime+editedAfter || st.mtime == log.head.Mtime {
		return err
	}
	a := &apply{r: r, ctx: ctx, name: "interrupted-" + token()[:8], jobs: make([]job, 1)}
	if err := a.openHistory(); err != nil {
		return err
	}
	defer func() {
		a.kept.forget()
		a.history.close()
	}()
	parked, err := a.intoHistory(log.path, func(f *folder, name string) error {
		return a.copyEntry(dir, base(log.path), f, name)
	})
	if err == nil {
		r.log.Warn("a file that was edited after an interrupted change was kept", "file", log.path, "copy", metaName+"/"+parked)
	}
	return err
}
