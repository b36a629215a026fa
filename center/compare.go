package center

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/kind"
	"tandem/store"
)

// Comparison is a conflict as a person decides it: all versions side by side. ISyncMgrConflict, ISyncMgrConflictItems
type Comparison struct {
	Conflict store.Conflict
	Versions []VersionView
	Fields   []FieldView
	Takes    []string // what Resolve takes: "a" and so on, "both", "newest", "fields", "body", "skip", "out"; "ask" for what was left out
	Same     int      // open conflicts of the same sort, this one included
	Stamp    string   // of what was shown, this conflict and those of the same sort; see Resolution

	// Second is the version that becomes a record of its own where both are kept, "" where that is no answer; Name is what it is called then unless another name is
	// given, "" where records of the kind have none.
	Second string
	Name   string
}

// VersionView is one version of a record in conflict. There are more than two where several places changed what the home collection has.
type VersionView struct {
	Take     string // "a", "b", "c": how Resolve calls it
	Conflict int64  // the conflict that it is a side of
	Side     tandem.Side
	Place    string
	Record   tandem.ID
	Title    string
	When     string // of the record: when the meeting is
	Who      string // of the record: whom it is with
	Modified int64  // claimed time of the last change, Unix seconds; 0: it does not say
	Written  int64  // when it came to be at its place, where history knows; likewise
	By       string // who wrote it, where history knows
	Named    bool   // By is a name that a program gave
	Deleted  bool
	Kept     bool   // its body is in the inbox, so that it can be shown, and written elsewhere
	Body     []byte // where Kept
	Keep     string // a name for it that differs from the others', for "both"
}

// Author is who wrote the version, in words.
func (v VersionView) Author() string {
	if v.Named {
		return v.By
	}
	return AuthorText(v.By)
}

// FieldView is one field of a record in all versions.
type FieldView struct {
	Label   string
	Before  string   // what both sides last agreed on, where the conflict knows
	Values  []string // by version
	Differs bool
	Clashes bool   // it is one that could not be merged
	Picks   bool   // MergeFields can take it from one of the versions
	Usual   string // the version that MergeFields takes it from where nothing is chosen; "": it puts the field together from several
}

// Compare implements Service.
func (h *Hub) Compare(ctx context.Context, id int64) (Comparison, error) {
	c, err := h.cfg.Store.Conflicts.Conflict(ctx, id)
	if tandem.IsKind(err, tandem.NotFound) {
		return h.compareReported(ctx, id)
	}
	if err != nil {
		return Comparison{}, err
	}
	out := Comparison{Conflict: c}
	group, err := h.group(ctx, c)
	if err != nil {
		return out, err
	}
	for i, g := range group {
		for s, v := range g.Versions {
			if i > 0 && s == int(tandem.SideA) {
				continue // the home collection's, which is the first one's
			}
			view, err := h.versionView(ctx, g, s, v)
			if err != nil {
				return out, err
			}
			view.Take = string(rune('a' + len(out.Versions)))
			out.Versions = append(out.Versions, view)
		}
	}
	out.Fields = h.fieldViews(c, out.Versions)
	same, err := h.alike(ctx, c)
	if err != nil {
		return out, err
	}
	out.Same, out.Stamp = len(same), stampOf(append(same, group...))
	out.Takes = takes(c, out.Versions, slices.ContainsFunc(out.Fields, func(f FieldView) bool { return f.Picks && f.Differs }))
	if slices.Contains(out.Takes, TakeFields) {
		if err := h.noteUsual(ctx, &out); err != nil {
			return out, err
		}
	}
	proposeNames(&out)
	if slices.Contains(out.Takes, "both") {
		second := out.Versions[1]
		if isDir(c.Versions[1]) && !isDir(c.Versions[0]) { // a directory keeps its name, for what is in it
			second = out.Versions[0]
		}
		out.Second = second.Take
		if h.canName(c.Kind) {
			out.Name = second.Keep
		}
	}
	return out, nil
}

func isDir(v store.ConflictVersion) bool { return v.Attrs.Get("type") == "dir" }

// group is a conflict and the other open ones about the same record of its home collection, each with another place.
func (h *Hub) group(ctx context.Context, c store.Conflict) ([]store.Conflict, error) {
	out := []store.Conflict{c}
	if c.Resolved != 0 || len(c.Versions) < 2 || c.Versions[0].ID == "" {
		return out, nil
	}
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return out, err
	}
	home := map[int64]int64{} // pair → collection
	for _, p := range pairs {
		if coll, ok := PairCollection(p.Key); ok {
			home[p.ID] = coll
		}
	}
	if home[c.Pair] == 0 {
		return out, nil
	}
	open, err := h.cfg.Store.Conflicts.List(ctx, 0, true)
	for _, o := range open {
		if o.ID != c.ID && home[o.Pair] == home[c.Pair] && len(o.Versions) == 2 && o.Versions[0].ID == c.Versions[0].ID {
			out = append(out, o)
		}
	}
	return out, err
}

// alike are the open conflicts of the same sort: of the same item and kind, with the same sides changed or deleted, that nobody decided yet. ISyncMgrConflictResolveInfo:
// those to which a choice can be applied, too.
func (h *Hub) alike(ctx context.Context, c store.Conflict) ([]store.Conflict, error) {
	if c.Resolved != 0 {
		return nil, nil
	}
	open, err := h.cfg.Store.Conflicts.List(ctx, c.Pair, true)
	return slices.DeleteFunc(open, func(o store.Conflict) bool {
		return o.ID != c.ID && (o.Decision != tandem.Undecided || o.Kind != c.Kind || sortOf(o) != sortOf(c))
	}), err
}

// sortOf says which sides of a conflict changed and which deleted.
func sortOf(c store.Conflict) string {
	out := ""
	for _, v := range c.Versions {
		if v.Deleted {
			out += "-"
		} else {
			out += "+"
		}
	}
	return out
}

// stampOf is equal as long as the conflicts and their versions are.
func stampOf(list []store.Conflict) string {
	lines := map[string]bool{}
	for _, c := range list {
		line := fmt.Sprint(c.ID, c.Decision)
		for _, v := range c.Versions {
			line += fmt.Sprintf(" %q %q %s %v", v.ID, v.Version, v.Digest, v.Deleted)
		}
		lines[line] = true
	}
	sorted := make([]string, 0, len(lines))
	for l := range lines {
		sorted = append(sorted, l)
	}
	slices.Sort(sorted)
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\n")))
	return hex.EncodeToString(sum[:12])
}

func (h *Hub) versionView(ctx context.Context, c store.Conflict, s int, v store.ConflictVersion) (VersionView, error) {
	out := VersionView{Conflict: c.ID, Side: tandem.Side(s), Place: v.Place, Record: v.ID, Title: v.Title, Modified: v.Modified / int64(time.Second), Deleted: v.Deleted, Keep: v.Keep}
	if v.Deleted {
		return out, nil
	}
	out.By, out.Written = h.writer(ctx, v)
	if v.Body.IsZero() {
		return out, nil
	}
	body, err := h.cfg.Store.Blobs.Get(ctx, v.Body)
	if err != nil {
		return out, fmt.Errorf("read version %d of conflict %d: %w", s+1, c.ID, err)
	}
	out.Kept, out.Body = true, body
	if handler, ok := h.cfg.Kind(c.Kind); ok {
		if info, err := handler.Inspect(body); err == nil {
			out.Title, out.When, out.Who = cmp.Or(info.Summary.Title, out.Title), info.Summary.When, info.Summary.Who
		}
	}
	return out, nil
}

// writer is who wrote a version, and when, as far as history tells: an entry about what it replaced names it as what came after.
func (h *Hub) writer(ctx context.Context, v store.ConflictVersion) (who string, when int64) {
	if v.ID == "" || v.Version == "" {
		return "", 0
	}
	past, err := h.cfg.Store.History.List(ctx, store.PastFilter{Record: v.ID, Limit: 50})
	if err != nil {
		return "", 0 // it is told for people's convenience only
	}
	for _, p := range past {
		if p.After == v.Version && withoutOptions(p.Place) == withoutOptions(v.Place) {
			return strings.TrimSpace(p.Who + " " + p.From), p.When
		}
	}
	return "", 0
}

func withoutOptions(place string) string {
	bare, _, _ := strings.Cut(place, "?")
	return bare
}

// fieldViews lines up what the versions say. A kind that cannot tell shows what clashes.
func (h *Hub) fieldViews(c store.Conflict, versions []VersionView) []FieldView {
	var out []FieldView
	at := map[string]int{}
	row := func(label string) *FieldView {
		i, ok := at[label]
		if !ok {
			i = len(out)
			at[label] = i
			out = append(out, FieldView{Label: label, Values: make([]string, len(versions))})
		}
		return &out[i]
	}
	handler, _ := h.cfg.Kind(c.Kind)
	fielder, ok := handler.(kind.Fielder)
	_, picks := handler.(kind.Picker)
	for i, v := range versions {
		if !ok || !v.Kept {
			continue
		}
		fields, err := fielder.Fields(v.Body)
		if err != nil {
			continue // shown as it is
		}
		for _, f := range fields {
			r := row(f.Label)
			r.Values[i], r.Picks = f.Text, picks
		}
	}
	for _, f := range c.Fields {
		_, known := at[f.Name]
		r := row(f.Name)
		r.Before, r.Clashes = f.Base, true
		if !known && len(r.Values) >= 2 {
			r.Values[0], r.Values[1] = f.A, f.B
		}
	}
	for i := range out {
		for k, v := range versions {
			if !v.Deleted && out[i].Values[k] != out[i].Values[0] {
				out[i].Differs = true
			}
		}
	}
	return out
}

// TakeFields is the answer that puts a version together from fields of several; see FieldChoice.
const TakeFields = "fields"

// takes are the answers that make sense.
func takes(c store.Conflict, versions []VersionView, picks bool) []string {
	if c.Resolved != 0 {
		return []string{}
	}
	if c.Decision == tandem.LeaveOut {
		return []string{"ask"}
	}
	var out []string
	there, dated := 0, true
	for _, v := range versions {
		out = append(out, v.Take)
		if !v.Deleted {
			there++
		}
		dated = dated && v.Modified != 0
	}
	if there > 1 {
		out = append(out, "both")
		if dated {
			out = append(out, "newest")
		}
		if picks {
			out = append(out, TakeFields)
		}
	}
	return append(out, "body", "skip", "out")
}

// proposeNames gives versions names under which several can be kept: their own, and where they are from. MS RFCD: the proposed name can be edited.
func proposeNames(c *Comparison) {
	from := origins(c.Versions)
	for i := range c.Versions {
		v := &c.Versions[i]
		if v.Deleted || v.Keep != "" {
			continue
		}
		mark := " (" + from[i] + ")"
		if isFile(c.Conflict.Kind) {
			v.Keep = fileBeside(path.Base(string(v.Record)), mark)
			continue
		}
		v.Keep = cmp.Or(v.Title, string(v.Record)) + mark
	}
}

// isFile reports whether records of a kind are named by their paths.
func isFile(k tandem.Kind) bool { return k == tandem.File || k == tandem.Picture }

// fileBeside is a name for a copy of a file that says where it is from. A copy of a copy gets a number and no second mark.
func fileBeside(base, mark string) string {
	ext := path.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	if stem == "" || utf8.RuneCountInString(ext) > maxKeepName/4 { // .profile, or a full stop within a sentence
		stem, ext = base, ""
	}
	if strings.HasSuffix(stem, mark) {
		stem, mark = strings.TrimSuffix(stem, mark), mark+" 2"
	}
	if r := []rune(mark); len(r) > maxKeepName/2 {
		mark = string(r[:maxKeepName/2]) + ")"
	}
	for utf8.RuneCountInString(stem+mark+ext) > maxKeepName || len(stem+mark+ext) > maxKeepBytes {
		_, size := utf8.DecodeLastRuneInString(stem)
		if size == 0 {
			break
		}
		stem = stem[:len(stem)-size]
	}
	return stem + mark + ext
}

// maxKeepBytes bounds a name that is proposed: most file systems take 255 bytes, and one that is taken gets a number behind it.
const maxKeepBytes = 240

// origins say in a word where each version is from: the end of its place, or of so much of it as tells it from the others.
func origins(versions []VersionView) []string {
	parts := make([][]string, len(versions))
	for i, v := range versions {
		scheme, rest, ok := strings.Cut(v.Place, ":")
		if !ok {
			rest = v.Place
		}
		rest = strings.Trim(strings.ReplaceAll(withoutOptions(rest), `\`, "/"), "/")
		parts[i] = strings.Split(cmp.Or(rest, scheme), "/")
	}
	end := func(i, back int) string {
		p := parts[i]
		return p[max(0, len(p)-1-back)]
	}
	out := make([]string, len(versions))
	for i := range versions {
		out[i] = end(i, 0)
		for back := range parts[i] {
			alone := true
			for k := range versions {
				alone = alone && (k == i || end(k, back) != end(i, back))
			}
			if alone {
				out[i] = end(i, back)
				break
			}
		}
		out[i] = strings.Map(func(r rune) rune {
			if strings.ContainsRune(`<>:"|?*`, r) { // some file systems refuse them
				return '-'
			}
			return r
		}, out[i])
	}
	return out
}
