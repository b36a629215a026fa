package center

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/store"
)

// The sorts of answers that a program may take; see store.Reported. "version" is any one of the versions, "newest" that of them which was changed last.
const (
	takeVersion = "version"
	takeBoth    = "both"
	takeBody    = "body"
	takeNewest  = "newest"
	takeOut     = "out"
	takeSkip    = "skip"
	takeAsk     = "ask"
)

// ReportTakes are the sorts of answers that a program may say it takes.
func ReportTakes() []string {
	return []string{takeVersion, takeBoth, takeBody, takeNewest, takeOut, takeSkip}
}

// How much programs may report of conflicts.
const (
	maxReported     = 1000     // conflicts of a handler
	maxReportedSize = 64 << 20 // bytes of all their versions and answers
	maxVersions     = 16
	maxVersionSize  = 1 << 20 // bytes of a version
	maxAnswerBodies = 4 << 20 // bytes of versions in one answer to a program
)

func reportLimits() store.ReportLimits {
	return store.ReportLimits{Conflicts: maxReported, Bytes: maxReportedSize}
}

// ProgramConflict is a conflict as the program sees it that reported it. ISyncMgrConflictStore
type ProgramConflict struct {
	Own    string // the program's id of it
	Number int64  // as people type it
	Item   string
	Title  string
	When   int64
	Answer *ConflictAnswer // nil: nobody decided yet
}

// ConflictAnswer is what a person decided.
type ConflictAnswer struct {
	Take     string // a version as "a", "both", "body" or "out"
	Version  int    // with a version: which one, from 0; else -1
	Name     string // "both": what the second version is to be called; "": as it is
	Body     []byte // "body": the version that is to be kept
	BodyLeft bool   // it is left out here, since there was too much: ask for this conflict alone
	When     int64
}

// ProgramConflicts implements Service.
func (h *Hub) ProgramConflicts(ctx context.Context, handler, own string) ([]ProgramConflict, error) {
	if _, err := h.FindHandler(ctx, handler); err != nil {
		return nil, err
	}
	list, err := h.programConflicts(ctx, handler, func(r store.Reported) bool { return own == "" || r.Own == own })
	if err == nil && own != "" && len(list) == 0 {
		err = &tandem.Error{Kind: tandem.NotFound, Op: "find conflict", Thing: own, Err: errors.New("the handler " + handler + " has no such conflict"), Remedy: "it was closed, or never reported"}
	}
	return list, err
}

// answersFor is what a program is told in its session.
func (h *Hub) answersFor(ctx context.Context, handler string) ([]ProgramConflict, error) {
	return h.programConflicts(ctx, handler, func(r store.Reported) bool { return r.Answer != "" })
}

func (h *Hub) programConflicts(ctx context.Context, handler string, wanted func(store.Reported) bool) ([]ProgramConflict, error) {
	all, err := h.cfg.Store.Reported.Reports(ctx, handler)
	if err != nil {
		return nil, err
	}
	out, room := []ProgramConflict{}, maxAnswerBodies
	for _, r := range all {
		if !wanted(r) {
			continue
		}
		if r.Answer == takeBody && room > 0 {
			full, err := h.cfg.Store.Reported.Reported(ctx, r.ID)
			if tandem.IsKind(err, tandem.NotFound) || err == nil && !wanted(full) {
				continue // closed meanwhile, or its answer taken back
			}
			if err != nil {
				return nil, err
			}
			r = full
		}
		one := ProgramConflict{Own: r.Own, Number: r.ID, Item: r.Item, Title: r.Title, When: r.When}
		if r.Answer == "" {
			out = append(out, one)
			continue
		}
		one.Answer = &ConflictAnswer{Take: r.Answer, Version: versionOf(r.Answer), Name: r.Name, When: r.Answered, BodyLeft: r.Answer == takeBody}
		if r.Answer == takeBody && len(r.Body) > 0 && len(r.Body) <= room {
			one.Answer.Body, one.Answer.BodyLeft = r.Body, false
			room -= len(r.Body)
		}
		out = append(out, one)
	}
	return out, nil
}

// versionOf is the version that an answer names, -1 for any other answer.
func versionOf(take string) int {
	if len(take) == 1 && take[0] >= 'a' && take[0] < 'a'+maxVersions {
		return int(take[0] - 'a')
	}
	return -1
}

// reportConflicts takes what a session tells of its program's conflicts.
func (h *Hub) reportConflicts(ctx context.Context, mine *foreign, r SessionReport) error {
	if len(r.Conflicts)+len(r.Closed) == 0 {
		return nil
	}
	const op = "report conflicts"
	if !mine.program {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: mine.handler, Err: errors.New("conflicts of a partner's items are the hub's own"), Remedy: "report them for a handler of the program's own"}
	}
	h.noting.Lock() // no item goes while its conflicts come
	defer h.noting.Unlock()
	notes, err := h.notes(ctx)
	if err != nil {
		return err
	}
	says := notes[mine.handler].Says
	if says == nil {
		return &tandem.Error{Kind: tandem.Gone, Op: op, Thing: mine.handler, Err: errors.New("it was removed"), Remedy: "begin another session"}
	}
	if !slices.Contains(says.Can, handler.HasConflicts) {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: mine.handler, Err: errors.New("its handler does not say that it has conflicts"), Remedy: `begin the session with "can": ["conflicts"]`}
	}
	if len(r.Conflicts) > maxReported || len(r.Closed) > maxReported {
		return tandem.Errorf(tandem.TooLarge, "%d conflicts in one report; at most %d are taken", max(len(r.Conflicts), len(r.Closed)), maxReported)
	}
	put, seen := make([]store.Reported, 0, len(r.Conflicts)), map[string]bool{}
	for _, x := range r.Conflicts {
		if says.Item(x.Item) == nil {
			return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: x.Item, Err: errors.New("the handler " + mine.handler + " has no such item"), Remedy: "name an item of the session that people see; proposed ones are committed first"}
		}
		one, err := h.checkReported(x)
		if err != nil {
			return err
		}
		if seen[one.Own] {
			return tandem.Errorf(tandem.Invalid, "the conflict %q is reported twice", one.Own)
		}
		seen[one.Own] = true
		one.User, one.When = mine.user, h.now()
		put = append(put, one)
	}
	gone, err := h.cfg.Store.Reported.Report(ctx, mine.handler, put, r.Closed, reportLimits())
	if err != nil {
		return err
	}
	return h.tellReported(ctx, mine, put, gone, seen)
}

// tellReported tells of conflicts that came and went. What is settled is not in the inbox any more, and leaves a line in the results log.
func (h *Hub) tellReported(ctx context.Context, mine *foreign, put, gone []store.Reported, again map[string]bool) error {
	var lines []store.Event
	items := map[string]bool{}
	for _, r := range put {
		items[r.Item] = true
	}
	for _, r := range gone {
		items[r.Item] = true
		if !again[r.Own] {
			lines = append(lines, store.Event{When: h.now(), User: mine.user, Item: r.Item, Level: store.Info, Text: mine.handler + " says that the conflict about " + r.Title + " is settled"})
		}
	}
	for item := range items {
		h.news.tell(News{What: ConflictsNews, Item: item, Handler: mine.handler, User: mine.user})
	}
	if len(lines) == 0 {
		return nil
	}
	return h.cfg.Store.Events.Add(ctx, lines...)
}

// checkReported refuses a conflict that contradicts itself, and fits in what may be cut.
func (h *Hub) checkReported(x store.Reported) (store.Reported, error) {
	bad := func(why string, args ...any) (store.Reported, error) {
		return x, &tandem.Error{Kind: tandem.Invalid, Op: "report conflict", Thing: progress.Cut(x.Own, progress.MaxID), Err: fmt.Errorf(why, args...)}
	}
	if err := errors.Join(progress.CheckID("conflict", x.Own), progress.CheckName("conflict", x.Title)); err != nil {
		return x, err
	}
	if len(x.Versions) < 2 || len(x.Versions) > maxVersions {
		return bad("it has %d versions; 2 to %d are taken", len(x.Versions), maxVersions)
	}
	out := store.Reported{Own: x.Own, Item: x.Item, Title: x.Title, Reason: progress.Cut(x.Reason, progress.MaxText)}
	there := 0
	for i, v := range x.Versions {
		v.Title, v.Where, v.Who = progress.Cut(v.Title, progress.MaxName), progress.Cut(v.Where, progress.MaxName), progress.Cut(v.Who, progress.MaxName)
		switch v.HasBody = len(v.Body) > 0; {
		case v.Deleted && v.HasBody:
			return bad("version %d is deleted, and has a body", i+1)
		case v.When < 0:
			return bad("version %d is from before 1970", i+1)
		case len(v.Body) > maxVersionSize:
			return x, tandem.Errorf(tandem.TooLarge, "version %d of the conflict %q has %d bytes; at most %d are taken", i+1, x.Own, len(v.Body), maxVersionSize)
		case !utf8.Valid(v.Body):
			return bad("version %d is no text", i+1)
		}
		if !v.Deleted {
			there++
		}
		out.Versions = append(out.Versions, v)
	}
	if there == 0 {
		return bad("all its versions are deleted, so that they agree")
	}
	if out.Takes = slices.Clone(x.Takes); len(out.Takes) == 0 {
		out.Takes = []string{takeVersion, takeSkip}
	}
	slices.Sort(out.Takes)
	out.Takes = slices.Compact(out.Takes)
	for _, t := range out.Takes {
		if !slices.Contains(ReportTakes(), t) {
			return bad("%q is no answer; there are %s", t, strings.Join(ReportTakes(), ", "))
		}
	}
	if _, known := h.cfg.Kind(x.Kind); known {
		out.Kind = x.Kind
	}
	mark, err := json.Marshal([]any{out.Versions, out.Takes, out.Kind}) // an answer that the program takes no longer is none
	if err != nil {
		return x, err
	}
	sum := sha256.Sum256(mark)
	out.Mark = hex.EncodeToString(sum[:])
	if len(h.reportedTakes(out, nil)) == 0 {
		return bad("none of the answers that it takes can be given")
	}
	return out, nil
}

// ofReported is a conflict of a program as those of pairs are listed.
func ofReported(r store.Reported) store.Conflict {
	out := store.Conflict{ID: r.ID, Item: r.Item, Kind: r.Kind, When: r.When, Title: r.Title, Reason: r.Reason, Versions: []store.ConflictVersion{}, Decision: decisionOf(r.Answer)}
	r.Body = nil
	r.Versions = slices.Clone(r.Versions)
	for i, v := range r.Versions {
		r.Versions[i].Body = nil
		out.Versions = append(out.Versions, store.ConflictVersion{Place: v.Where, Title: v.Title, Modified: v.When * int64(time.Second), Deleted: v.Deleted, Version: tandem.Version(r.Mark)})
	}
	out.Reported = &r
	return out
}

// decisionOf tells that an answer is given. What a program leaves out is still one that waits for it.
func decisionOf(answer string) tandem.Decision {
	if answer == "" {
		return tandem.Undecided
	}
	return cmp.Or(decisions()[answer], tandem.TakeBody)
}

// allConflicts are those of pairs and of programs, oldest first. None of a program is over: it is gone then.
func (h *Hub) allConflicts(ctx context.Context, open bool) ([]store.Conflict, error) {
	list, err := h.cfg.Store.Conflicts.List(ctx, 0, open)
	if err != nil {
		return nil, err
	}
	more, err := h.cfg.Store.Reported.Reports(ctx, "")
	for _, r := range more {
		list = append(list, ofReported(r))
	}
	slices.SortFunc(list, func(a, b store.Conflict) int { return cmp.Compare(a.ID, b.ID) })
	return list, err
}

// forgetReported removes the conflicts of a handler that is no more, or of an item of it.
func (h *Hub) forgetReported(ctx context.Context, x *handler.Handler, item string) error {
	n, err := h.cfg.Store.Reported.Forget(ctx, x.ID, item)
	if n > 0 {
		h.news.tell(News{What: ConflictsNews, Item: item, Handler: x.ID, User: x.User})
	}
	return err
}
