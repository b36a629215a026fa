package sms

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"tandem"
	kindsms "tandem/kind/sms"
)

// markOf is what a create is known again by: its marker and what it makes. "" where that cannot be told.
func markOf(w tandem.Write) string {
	if w.Marker == "" || w.Record.Body == nil {
		return ""
	}
	in, err := w.Record.Body.Open()
	if err != nil {
		return ""
	}
	defer in.Close()
	digest, err := kindsms.Handler{}.DigestReader(in)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(string(w.Marker) + " " + digest.String()))
	return hex.EncodeToString(sum[:12])
}

// edit is what is to become of a message.
type edit struct {
	e     *entry // nil: a new one
	gone  bool
	text  []byte // what stands in its place: of a small one, in memory
	file  string // of a large one
	size  int64
	entry entry // as it will be
}

// smallEdit is how much of a new element is kept in memory.
const smallEdit = 64 << 10

// Apply implements provider.Replica: all writes are made in one change of the file.
func (r *Replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	for i, w := range writes {
		out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: w.ID, Err: errors.New("it was not written")}
	}
	if len(writes) == 0 {
		return out, nil
	}
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return out, err
	}
	defer done()
	r.writing.Lock()
	defer r.writing.Unlock()
	x, err := r.known(ctx)
	if err != nil {
		return out, err
	}
	dir, err := os.MkdirTemp("", "tandem-sms")
	if err != nil {
		return out, r.trouble("write backup", err)
	}
	defer os.RemoveAll(dir)
	j := &job{r: r, x: x, dir: dir, byID: map[tandem.ID]*edit{}, edits: map[*entry]*edit{}, open: r.opener(x.print)}
	for i, w := range writes {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		out[i] = j.write(i, w)
	}
	if err := j.install(ctx); err != nil {
		for i := range out {
			if out[i].Status == tandem.Applied {
				out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: writes[i].ID, Err: err}
			}
		}
		return out, r.trouble("write backup", err)
	}
	return out, nil
}

// job is one rewriting.
type job struct {
	r    *Replica
	x    *index
	dir  string
	open func(span) (io.ReadCloser, error)

	byID  map[tandem.ID]*edit // what an id means after the writes so far
	edits map[*entry]*edit    // of messages in the file
	fresh []*edit             // new ones, in order
}

func refused(id tandem.ID, err error) tandem.Outcome {
	return tandem.Outcome{Status: tandem.PreconditionFailed, ID: id, Err: err}
}

// now is a message as it will be after the writes before.
func (j *job) now(id tandem.ID) (entry, bool) {
	if e := j.byID[id]; e != nil {
		return e.entry, !e.gone
	}
	if i, ok := j.x.byID[id]; ok {
		return j.x.entries[i], true
	}
	return entry{}, false
}

func (j *job) write(n int, w tandem.Write) tandem.Outcome {
	if w.Op == tandem.Create {
		return j.create(n, w)
	}
	was, there := j.now(w.ID)
	switch {
	case !there:
		return refused(w.ID, &tandem.Error{Kind: tandem.NotFound, Op: w.Op.String(), Thing: string(w.ID)})
	case w.If == "" || w.If != was.meta.Version:
		return refused(w.ID, &tandem.Error{Kind: tandem.Changed, Op: w.Op.String(), Thing: string(w.ID)})
	}
	e := j.editOf(w.ID)
	switch w.Op {
	case tandem.Delete:
		e.gone = true
		return tandem.Outcome{Status: tandem.Applied, ID: w.ID}
	case tandem.SetAttrs:
		return j.compose(e, was, w, nil, "")
	case tandem.Update:
		return j.compose(e, was, w, w.Record.Body, "")
	}
	return tandem.Outcome{Status: tandem.Rejected, ID: w.ID, Err: &tandem.Error{Kind: tandem.Invalid, Op: w.Op.String(), Thing: string(w.ID), Err: errors.New("a backup cannot do that")}}
}

// editOf is the edit of a message that is there.
func (j *job) editOf(id tandem.ID) *edit {
	if e := j.byID[id]; e != nil {
		return e
	}
	was := &j.x.entries[j.x.byID[id]]
	e := &edit{e: was, entry: *was}
	j.byID[id], j.edits[was] = e, e
	return e
}

func (j *job) create(n int, w tandem.Write) tandem.Outcome {
	mark := markOf(w)
	if mark != "" {
		for _, at := range j.x.byMark[mark] {
			if now, there := j.now(j.x.entries[at].id); there {
				return tandem.Outcome{Status: tandem.Applied, ID: now.id, Meta: now.meta}
			}
		}
	}
	id := w.ID
	if id == "" {
		sum := sha256.Sum256([]byte(mark + " " + strconv.Itoa(n) + j.x.print))
		id = tandem.ID("new-" + hex.EncodeToString(sum[:12]))
	}
	if _, there := j.now(id); there {
		return refused(id, &tandem.Error{Kind: tandem.Exists, Op: "create", Thing: string(id)})
	}
	e := &edit{entry: entry{id: id, mark: mark}}
	out := j.compose(e, e.entry, w, w.Record.Body, mark)
	if out.Status == tandem.Applied {
		j.fresh = append(j.fresh, e)
		j.byID[id] = e
	}
	return out
}

// compose writes what will stand for a record. Without a body its start tag alone is written anew.
func (j *job) compose(e *edit, was entry, w tandem.Write, body tandem.Body, mark string) tandem.Outcome {
	fail := func(err error) tandem.Outcome {
		return tandem.Outcome{Status: tandem.Rejected, ID: was.id, Err: j.r.trouble("write message", err)}
	}
	out, sum, err := j.element(e, was, w, body, mark)
	if err != nil {
		out.discard()
		return fail(err)
	}
	e.gone, e.text, e.file, e.size = false, out.small.Bytes(), out.name, out.size
	attrs, err := e.attrsOf(w)
	if err != nil {
		return fail(err)
	}
	e.entry = entry{id: was.id, mark: mark, meta: tandem.Meta{Version: tandem.Version(hex.EncodeToString(sum[:12])), Attrs: attrs}}
	return tandem.Outcome{Status: tandem.Applied, ID: was.id, Meta: e.entry.meta}
}

// attrsOf are the attributes as a listing will show them.
func (e *edit) attrsOf(w tandem.Write) (tandem.Attrs, error) {
	a := w.Record.Attrs
	if a.Get(kindsms.Box) == kindsms.Inbox {
		a = a.With(kindsms.Box, "")
	}
	return tandem.MakeAttrs(a.Map()), nil
}

// element writes an element to a spool.
func (j *job) element(e *edit, was entry, w tandem.Write, body tandem.Body, mark string) (*spool, [sha256.Size]byte, error) {
	out := &spool{dir: j.dir, hash: sha256.New()}
	own := []kindsms.Attr{{Name: ownID, Value: string(was.id)}, {Name: ownMark, Value: mark}}
	var err error
	if body != nil {
		var m *kindsms.Message
		if m, err = whole(body, w.Progress); err == nil {
			err = writeElement(out, m, w.Record.Attrs, own)
		}
	} else {
		err = j.retag(out, e, w.Record.Attrs, own)
	}
	if err == nil {
		err = out.close()
	}
	var sum [sha256.Size]byte
	out.hash.Sum(sum[:0])
	return out, sum, err
}

// whole takes a body apart, after it was read to its end once: a body that breaks off is no message.
func whole(b tandem.Body, progress func(int64)) (*kindsms.Message, error) {
	in, err := b.Open()
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(io.Discard, in)
	if cerr := in.Close(); err == nil {
		err = cerr
	}
	if err == nil && b.Size() >= 0 && n != b.Size() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if progress != nil {
		progress(n)
	}
	return kindsms.Parse(b)
}

// retag writes an element with another start tag. What is in it is copied.
func (j *job) retag(out io.Writer, e *edit, attrs tandem.Attrs, own []kindsms.Attr) error {
	source, open := e.source(j.open)
	old, err := readAt(source, open)
	if err != nil {
		return err
	}
	m := old.message(open)
	list := elementAttrs(old.tag.name, m, attrs)
	if id := old.get(ownID); id != "" || tandem.ID(old.id()) != e.entry.id {
		own[0].Value = string(e.entry.id)
	} else {
		own[0].Value = ""
	}
	for _, a := range own {
		if a.Value != "" {
			list = append(list, a)
		}
	}
	var b bytes.Buffer
	writeTag(&b, old.tag.name, list)
	if old.tag.empty {
		b.WriteString(" />")
		_, err := out.Write(b.Bytes())
		return err
	}
	b.WriteString(">")
	if _, err := out.Write(b.Bytes()); err != nil {
		return err
	}
	rest, err := open(span{old.head, source.to})
	if err != nil {
		return err
	}
	defer rest.Close()
	_, err = io.Copy(out, rest)
	return err
}

// source is where an edit's element is now: in the file, or where an earlier write put it.
func (e *edit) source(file func(span) (io.ReadCloser, error)) (span, func(span) (io.ReadCloser, error)) {
	if e.text == nil && e.file == "" {
		return e.e.at, file
	}
	text, name := e.text, e.file
	return span{0, e.size}, func(at span) (io.ReadCloser, error) {
		if name == "" {
			return io.NopCloser(bytes.NewReader(text[at.from:at.to])), nil
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, at.from, at.to-at.from), f}, nil
	}
}

const emptyBackup = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<smses>\n</smses>\n"

// copy writes the new file.
func (j *job) copy(ctx context.Context, w io.Writer, old *os.File) error {
	src := io.ReaderAt(old)
	size, tail, root := int64(0), j.x.tail, j.x.root
	if info, err := old.Stat(); err == nil {
		size = info.Size()
	}
	if tail < 0 {
		src, size, tail = bytes.NewReader([]byte(emptyBackup)), int64(len(emptyBackup)), int64(len(emptyBackup)-len("</smses>\n"))
		root = span{int64(bytes.Index([]byte(emptyBackup), []byte("<smses>"))), tail - 1}
	}
	at := int64(0)
	upTo := func(end int64) error {
		_, err := io.Copy(w, cancelled{ctx, io.NewSectionReader(src, at, end-at)})
		at = end
		return err
	}
	if err := upTo(root.from); err != nil {
		return err
	}
	head, err := j.root(io.NewSectionReader(src, root.from, root.to-root.from), root)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	at = root.to
	for i := range j.x.entries {
		was := &j.x.entries[i]
		e := j.edits[was]
		if e == nil || !e.gone && e.text == nil && e.file == "" {
			continue
		}
		if e.gone {
			line := lineAround(src, was.at)
			if err := upTo(max(line.from, at)); err != nil {
				return err
			}
			at = line.to
			continue
		}
		if err := upTo(was.at.from); err != nil {
			return err
		}
		at = was.at.to
		if err := e.copy(w); err != nil {
			return err
		}
	}
	if err := upTo(tail); err != nil {
		return err
	}
	if err := j.added(w); err != nil {
		return err
	}
	if j.x.closed {
		if _, err := io.WriteString(w, "</smses>"); err != nil {
			return err
		}
	}
	return upTo(size)
}

// lineAround is a span with the indentation before it and the line end after it, if nothing else is on its lines.
func lineAround(src io.ReaderAt, at span) span {
	var b [64]byte
	n, _ := src.ReadAt(b[:], at.to) // what cannot be read is copied, and fails there
	end := bytes.IndexByte(b[:n], '\n')
	if end < 0 || len(bytes.TrimSpace(b[:end])) > 0 {
		return at
	}
	from := max(at.from-int64(len(b)), 0)
	n, _ = src.ReadAt(b[:at.from-from], from)
	before := b[:n]
	indent := len(before) - len(bytes.TrimRight(before, " \t"))
	if indent == len(before) || before[len(before)-indent-1] != '\n' {
		return at
	}
	return span{at.from - int64(indent), at.to + int64(end) + 1}
}

// root is the root's start tag with the number of messages brought up to date.
func (j *job) root(in io.Reader, at span) ([]byte, error) {
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	s := newScanner(bytes.NewReader(raw), at.from)
	if _, err := s.begin(); err != nil {
		return nil, err
	}
	count := len(j.x.entries)
	for _, e := range j.edits {
		if e.gone {
			count--
		}
	}
	for _, e := range j.fresh {
		if !e.gone {
			count++
		}
	}
	_, counted := kindsms.Find(s.attrs, "count")
	if !counted && j.x.tail >= 0 && !s.closed {
		return raw, nil
	}
	list := slices.Clone(s.attrs)
	for i := range list {
		if list[i].Name == "count" {
			list[i].Value = strconv.Itoa(count)
		}
	}
	if !counted {
		list = append(list, kindsms.Attr{Name: "count", Value: strconv.Itoa(count)})
	}
	var b bytes.Buffer
	writeTag(&b, "smses", list)
	b.WriteString(">")
	if s.closed {
		b.WriteString("\n")
	}
	return b.Bytes(), nil
}

func (e *edit) copy(w io.Writer) error {
	if e.file == "" {
		_, err := w.Write(e.text)
		return err
	}
	f, err := os.Open(e.file)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(w, f)
	if err == nil && n != e.size {
		err = fmt.Errorf("%d of %d bytes", n, e.size)
	}
	return err
}
