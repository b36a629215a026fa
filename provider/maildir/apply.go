package maildir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
)

// job is one write on its way.
type job struct {
	w      *tandem.Write
	out    *tandem.Outcome
	id     tandem.ID
	staged *staged // Create, Update: the new message in tmp
	made   *entry  // what the write made of the message: its name and place
	done   bool
}

// Apply implements provider.Replica. New messages are written to tmp first and made durable in one go; then each write is done under its condition, and at last
// the names are made durable.
func (r *Replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	jobs := make([]*job, len(writes))
	for i := range writes {
		out[i] = tandem.Outcome{ID: writes[i].ID}
		jobs[i] = &job{w: &writes[i], out: &out[i], id: writes[i].ID}
	}
	if err := r.enter(ctx); err != nil {
		return out, later(jobs, err)
	}
	if r.readOnly {
		for _, j := range jobs {
			j.fail(tandem.Rejected, tandem.Errorf(tandem.Denied, "the folder is read only"))
		}
		return out, nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	if err := r.checkRoot(); err != nil {
		return out, later(jobs, err)
	}
	if len(jobs) == 0 {
		return out, nil
	}
	r.sweep()
	a := &applier{finder: finder{Replica: r}, jobs: jobs}
	defer a.discard()
	trouble := a.run(ctx)
	if err := a.finish(ctx); err != nil && trouble == nil {
		trouble = err
	}
	if trouble != nil {
		return out, later(jobs, trouble)
	}
	return out, nil
}

// applier performs the writes of one Apply.
type applier struct {
	finder
	jobs  []*job
	words keywords
	sep   byte // before "2," in new names
}

// run does everything but what makes names durable. An error is about the folder as a whole.
func (a *applier) run(ctx context.Context) error {
	all, err := a.scan(ctx)
	if err != nil {
		return err
	}
	a.scanned, a.sep = true, separator(all)
	if a.words, err = a.learn(ctx, a.wanted()); err != nil && !tandem.IsKind(err, tandem.Busy) { // without the lock, only keywords that are known are kept
		return err
	}
	full := a.stageAll(ctx)
	if full != nil && !tandem.IsKind(full, tandem.Full) {
		return full
	}
	for _, j := range a.jobs {
		if j.failed() || (j.w.Op == tandem.Create || j.w.Op == tandem.Update) && j.staged == nil {
			continue
		}
		if err := a.enter(ctx); err != nil {
			return err
		}
		if err := a.install(ctx, j); err != nil {
			if err := j.refuse(a.Replica, err); err != nil {
				return err
			}
			continue
		}
		j.done = true
	}
	return full
}

// wanted are the keywords that writes bring.
func (a *applier) wanted() (words []string) {
	for _, j := range a.jobs {
		words = append(words, flagsOf(j.w.Record.Attrs).Keywords...)
	}
	return words
}

// separator is what stands before "2," in this folder.
func separator(all index) byte {
	other := byte(0)
	for _, e := range all {
		switch e.parsed.sep {
		case infoSep:
			return infoSep
		case 0:
		default:
			other = e.parsed.sep
		}
	}
	if other != 0 {
		return other
	}
	return infoSep
}

// later settles the jobs that were not come to: nothing was done for them.
func later(jobs []*job, err error) error {
	for _, j := range jobs {
		if j.out.Status == tandem.Maybe && j.out.Err == nil && !j.done {
			j.fail(tandem.RetryAfter, err)
		}
	}
	return err
}

func (a *applier) discard() {
	for _, j := range a.jobs {
		if j.staged != nil {
			_ = os.Remove(j.staged.path) // installed, it is not there
		}
	}
}

func (j *job) fail(s tandem.Status, err error) {
	j.out.Status = s
	j.out.Err = &tandem.Error{Kind: tandem.KindOf(err), Op: j.w.Op.String(), Thing: string(j.id), Err: err}
}

func (j *job) failed() bool { return j.out.Err != nil }

// refuse settles a job by what went wrong. It returns an error if the place as a whole is in trouble.
func (j *job) refuse(r *Replica, err error) error {
	switch {
	case errors.Is(err, fs.ErrExist), tandem.IsKind(err, tandem.Exists):
		j.fail(tandem.PreconditionFailed, &tandem.Error{Kind: tandem.Exists, Err: errors.New("the name is taken")})
	case errors.Is(err, fs.ErrNotExist), tandem.IsKind(err, tandem.NotFound):
		j.fail(tandem.PreconditionFailed, &tandem.Error{Kind: tandem.NotFound, Err: errors.New("it is not there")})
	case tandem.IsKind(err, tandem.Changed):
		j.fail(tandem.PreconditionFailed, err)
	case isFull(err):
		full := r.dirTrouble(err)
		j.fail(tandem.RetryAfter, full)
		return full
	case errors.Is(err, fs.ErrPermission):
		j.fail(tandem.RetryAfter, &tandem.Error{Kind: tandem.Denied, Err: cause(err)})
	case errors.Is(err, syscall.ENAMETOOLONG), tandem.IsKind(err, tandem.Invalid):
		j.fail(tandem.Rejected, &tandem.Error{Kind: tandem.Invalid, Err: cause(err)})
	default:
		j.fail(tandem.RetryAfter, &tandem.Error{Kind: tandem.KindOf(err), Err: cause(err)})
	}
	return nil
}

func meanwhile() error {
	return &tandem.Error{Kind: tandem.Changed, Err: errors.New("it changed meanwhile")}
}

// finish makes the names durable and tells what the messages are like now.
func (a *applier) finish(ctx context.Context) error {
	var done []*job
	for _, j := range a.jobs {
		if j.done {
			done = append(done, j)
		}
	}
	if len(done) == 0 {
		return nil
	}
	if err := a.syncDirs(); err != nil {
		trouble := a.dirTrouble(err)
		for _, j := range done {
			j.fail(tandem.Maybe, trouble)
		}
		return trouble
	}
	if racy := a.answer(ctx, done); len(racy) > 0 {
		_ = a.settle(ctx) // if that is cut short, the versions say that they promise nothing
		a.answer(ctx, racy)
	}
	return nil
}

// answer tells the outcomes of what is done, and returns the jobs whose versions promise nothing yet. An outcome is what the write made, even if somebody has renamed
// the message since: that must be news to the next listing.
func (a *applier) answer(ctx context.Context, done []*job) (racy []*job) {
	for _, j := range done {
		j.out.Status, j.out.ID, j.out.Meta = tandem.Applied, j.id, tandem.Meta{}
		if j.w.Op == tandem.Delete {
			continue
		}
		now := time.Now()
		made, err := a.stat(j.made)
		if err != nil {
			made, err = a.find(context.WithoutCancel(ctx), j.id)
		}
		if err != nil || made.err != nil {
			continue // somebody took it away again: no version, which promises nothing
		}
		was := *made
		was.parsed = j.made.parsed
		j.out.Meta = was.meta(a.words, now)
		if was.racy(now) {
			racy = append(racy, j)
		}
	}
	return racy
}

// idFor is the id that a create gets: the wish where it can be a name, else one made of the marker, so that the same create always has the same.
func idFor(w *tandem.Write) tandem.ID {
	if wellNamed(string(w.ID)) {
		return w.ID
	}
	at := flagsOf(w.Record.Attrs).Received
	if at <= 0 {
		at = max(w.Record.Modified/int64(time.Second), 1)
	}
	return tandem.ID(fmt.Sprintf("%d.%s.%s", at, markerPart(w.Marker), hostName()))
}

// markerPart is the second part of a name that was made of a marker.
func markerPart(m tandem.Marker) string {
	if m == "" {
		return "T" + token()[:24]
	}
	sum := sha256.Sum256([]byte("marker\x00" + string(m)))
	return "T" + hex.EncodeToString(sum[:12])
}

// idOfMarker finds the message whose name was made of a marker.
func idOfMarker(all index, m tandem.Marker) tandem.ID {
	if m == "" {
		return ""
	}
	part := "." + markerPart(m) + "."
	for id := range all {
		if strings.Contains(string(id), part) {
			return id
		}
	}
	return ""
}

// hostName is this machine's name as it can be part of a message's.
func hostName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "localhost"
	}
	return strings.Map(func(c rune) rune {
		if c < 0x7f && (c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return c
		}
		return '-'
	}, host[:min(len(host), 60)])
}

// syncAll makes what was staged durable: each by itself where there are few, else all of the file system at once.
func (r *Replica) syncAll(list []*staged) error {
	const many = 4
	if len(list) >= many {
		if err := atomicfile.SyncFS(r.path); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	for _, s := range list {
		if err := atomicfile.SyncFile(s.path); err != nil {
			return err
		}
	}
	return nil
}
