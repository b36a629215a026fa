package vdir

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"

	"tandem"
	"tandem/internal/atomicfile"
)

// edit replaces a stretch of a file; an empty stretch is an insertion.
type edit struct {
	at   span
	text []byte
}

// rewriting is a file with several records while some of them are edited. Bytes that belong to no edited record stay
// as they are.
type rewriting struct {
	*file
	edits  []edit
	edited map[string]bool // keys
	gone   int             // records deleted
	zones  map[string]bool // time zones that were added, by number of the VCALENDAR and TZID
}

// applyWithin performs the writes to records of one file with several, all in one replacement of the file.
func (r *Replica) applyWithin(name string, jobs []*job) error {
	f := r.read(name)
	if f.err != nil {
		for _, j := range jobs {
			if tandem.IsKind(f.err, tandem.NotFound) {
				j.fail(tandem.PreconditionFailed, f.err)
			} else {
				j.fail(tandem.RetryAfter, f.err)
			}
		}
		return nil
	}
	w := &rewriting{file: f, edited: map[string]bool{}, zones: map[string]bool{}}
	var accepted []*job
	for _, j := range jobs {
		if w.take(j) {
			accepted = append(accepted, j)
		}
	}
	if len(accepted) == 0 {
		return nil
	}
	if err := r.replaceWithin(w); err != nil {
		var full error
		for _, j := range accepted {
			full = j.refuse(err)
		}
		return full
	}
	r.tellWithin(w, accepted)
	return nil
}

// take notes the edit that a write asks for, or refuses the write.
func (w *rewriting) take(j *job) bool {
	rec := w.find(j.key)
	switch {
	case rec == nil:
		j.fail(tandem.PreconditionFailed, &tandem.Error{Kind: tandem.NotFound, Err: errors.New("it is not in the file")})
	case w.edited[j.key]:
		j.fail(tandem.RetryAfter, tandem.Errorf(tandem.Changed, "it was written to just now"))
	case versionOfPart(rec.body) != j.w.If:
		j.fail(tandem.PreconditionFailed, errMeanwhile)
	case j.w.Op == tandem.Delete:
		w.edited[j.key] = true
		w.gone++
		for _, i := range rec.parts {
			w.edits = append(w.edits, edit{at: w.outline.parts[i].at})
		}
		return true
	case j.w.Op == tandem.Update:
		w.edited[j.key] = true
		w.replace(rec, j.body)
		return true
	default:
		j.fail(tandem.Rejected, tandem.Errorf(tandem.Invalid, "cannot %s a record that shares its file with others", j.w.Op))
	}
	return false
}

// replace puts the components of a new body, which was found to hold one record of the kind, where the old ones are, and adds the time zones it
// needs and the file lacks.
func (w *rewriting) replace(rec *record, body []byte) {
	o, err := outlineOf(body)
	if err != nil {
		return // takeBody has seen to it
	}
	var text, zones []byte
	for _, p := range o.parts {
		switch {
		case kindOf(p.name) == rec.kind:
			text = append(text, ended(p.at.of(body))...)
		case p.name == "VTIMEZONE":
			if !w.hasZone(rec.at, p.uid) {
				w.zones[strconv.Itoa(rec.at)+p.uid] = true
				zones = append(zones, ended(p.at.of(body))...)
			}
		}
	}
	if zones != nil {
		first := w.outline.parts[rec.parts[0]].at.from
		for _, p := range w.outline.parts {
			if p.in == rec.at {
				first = min(first, p.at.from)
			}
		}
		w.edits = append(w.edits, edit{span{first, first}, zones})
	}
	for n, i := range rec.parts {
		e := edit{at: w.outline.parts[i].at}
		if n == 0 {
			e.text = text
		}
		w.edits = append(w.edits, e)
	}
}

func (w *rewriting) hasZone(calendar int, zone string) bool {
	if w.zones[strconv.Itoa(calendar)+zone] {
		return true
	}
	for _, p := range w.outline.parts {
		if p.in == calendar && p.name == "VTIMEZONE" && p.uid == zone {
			return true
		}
	}
	return false
}

// result is the file with all edits made.
func (w *rewriting) result() []byte {
	sort.SliceStable(w.edits, func(a, b int) bool {
		x, y := w.edits[a].at, w.edits[b].at
		return x.from < y.from || x.from == y.from && x.to < y.to // insertions first
	})
	var out bytes.Buffer
	at := 0
	for _, e := range w.edits {
		out.Write(w.data[at:e.at.from])
		out.Write(e.text)
		at = e.at.to
	}
	out.Write(w.data[at:])
	return out.Bytes()
}

// replaceWithin replaces the file by the edited one, or removes it when no record is left.
func (r *Replica) replaceWithin(w *rewriting) error {
	path := w.path
	if w.gone == len(w.records) {
		return atomicfile.RemoveIf(path, r.still(w.print))
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	p, info, err := r.stat(path)
	if err != nil {
		return err
	}
	if p != w.print {
		return errMeanwhile
	}
	s, err := atomicfile.Stage(path, w.result(), info.Mode().Perm())
	if err != nil {
		return err
	}
	defer s.Discard()
	inherit(s.Temp(), info)
	if err := os.Chmod(s.Temp(), info.Mode().Perm()); err != nil {
		return err
	}
	if err := s.Sync(); err != nil {
		return err
	}
	if err := s.ReplaceIf(r.still(w.print)); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

// tellWithin tells what the records of a rewritten file are like now.
func (r *Replica) tellWithin(w *rewriting, jobs []*job) {
	f := &file{name: w.name, path: w.path, data: w.result()}
	if o, err := outlineOf(f.data); err == nil {
		f.outline = o
		f.err = f.tellApart()
	} else if w.gone < len(w.records) {
		f.err = err
	}
	f.asOf = r.clock()
	if p, _, err := r.stat(f.path); err == nil {
		f.print = p
	} else if !errors.Is(err, fs.ErrNotExist) {
		f.err = err
	}
	for _, j := range jobs {
		if j.w.Op == tandem.Delete {
			j.out.Status = tandem.Applied
			continue
		}
		rec := f.find(j.key)
		for i := range f.records {
			if rec == nil && f.records[i].uid == j.uid {
				rec = &f.records[i] // its UID is another now, or it has the file for itself
			}
		}
		if rec == nil || f.err != nil {
			j.fail(tandem.Maybe, tandem.Errorf(tandem.Changed, "the file was rewritten, and the record is not found in it again"))
			continue
		}
		j.out.Status, j.out.ID, j.out.Meta = tandem.Applied, f.id(rec), f.meta(rec)
		if rec.key == "" {
			j.out.Version = tandem.Version(f.print.text() + raceMark) // the file may be another by now; the next listing tells
		}
	}
}
