package page

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

// inbox is the list of conflicts.
type inbox struct {
	Open    []store.Conflict
	Decided int // answered, and not carried out yet
	Item    string
	Items   []string
	Kinds   []tandem.Kind
}

func (p *Pages) conflicts(c *call) error {
	list, err := c.hub.Conflicts(c.r.Context(), true)
	if err != nil {
		return err
	}
	d := inbox{Item: c.query("item")}
	for _, k := range list {
		if !slices.Contains(d.Items, k.Item) {
			d.Items = append(d.Items, k.Item)
		}
		switch {
		case d.Item != "" && k.Item != d.Item:
		case k.Decision != 0:
			d.Decided++
		default:
			d.Open = append(d.Open, k)
			if !slices.Contains(d.Kinds, k.Kind) {
				d.Kinds = append(d.Kinds, k.Kind)
			}
		}
	}
	slices.SortFunc(d.Open, func(a, b store.Conflict) int { return cmp.Compare(b.ID, a.ID) })
	slices.Sort(d.Items)
	if c.htmx() {
		return c.part("inbox", d)
	}
	c.frame.Live = true
	return c.show("conflicts", c.words.T("Conflicts"), "conflicts", d)
}

// clash is one conflict with all there is to decide it.
type clash struct {
	store.Conflict
	Versions []version
	Fields   []store.ConflictField
	Lines    []line // the versions line by line
	Merged   string // a proposal that can be edited; "": none can be made
	Newest   string // "a" or "b"; "": that cannot be told
	Alike    int    // other conflicts of the same item and kind that wait
	CanBoth  bool
	Over     bool
	Why      string
}

// version is one version of a record in conflict.
type version struct {
	store.ConflictVersion
	Key, Name, Where string // "a" or "b"
	Newest           bool
	Text             string
}

// line is one line of both versions, side by side.
type line struct {
	A, B string
	Same bool
}

func (p *Pages) conflict(c *call) error {
	d, err := p.clash(c)
	if err != nil {
		return err
	}
	return c.show("conflicts", c.words.T("Conflict: %s", d.Title), "conflict", d)
}

// clash gathers what a page shows of the conflict that a path names.
func (p *Pages) clash(c *call) (*clash, error) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find conflict", Thing: c.r.PathValue("id")}
	}
	ctx := c.r.Context()
	k, bodies, err := c.hub.Conflict(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(k.Versions) < 2 || len(bodies) < 2 {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "show conflict", Thing: k.Title, Err: errors.New("its versions are not known")}
	}
	d := &clash{Conflict: k, Fields: k.Fields, Over: k.Resolved != 0 || k.Decision != 0, Why: reasonWords(c.words, k.Reason)}
	if d.Title == "" {
		d.Title = string(cmp.Or(k.Versions[0].ID, k.Versions[1].ID))
	}
	d.Conflict.Title = d.Title
	partner := ""
	if list, err := c.hub.ListItems(ctx); err == nil {
		for _, it := range list {
			if it.Name == k.Item {
				partner = it.Partner
			}
		}
	}
	for i, v := range k.Versions[:2] {
		one := version{ConflictVersion: v, Key: string("ab"[i]), Where: placeName(c.words, v.Place), Text: bodies[i], Name: c.words.T("This hub")}
		if i == 1 {
			one.Name = cmp.Or(partner, one.Where)
		}
		d.Versions = append(d.Versions, one)
	}
	a, b := &d.Versions[0], &d.Versions[1]
	if a.Modified != b.Modified && a.Modified != 0 && b.Modified != 0 {
		d.Newest, a.Newest, b.Newest = "b", a.Modified > b.Modified, b.Modified > a.Modified
		if a.Newest {
			d.Newest = "a"
		}
	}
	d.CanBoth = !a.Deleted && !b.Deleted
	if d.CanBoth && text(a.Text) && text(b.Text) {
		d.Lines = sideBySide(a.Text, b.Text)
		if h, ok := p.cfg.Kind(k.Kind); ok {
			if m, err := h.Merge(nil, []byte(a.Text), []byte(b.Text)); err == nil && text(string(m.Body)) {
				d.Merged = string(m.Body)
			}
		}
	}
	others, err := c.hub.Conflicts(ctx, true)
	if err != nil {
		return nil, err
	}
	d.Alike = len(alike(others, k))
	return d, nil
}

// alike are the other open conflicts of the same item and kind.
func alike(list []store.Conflict, k store.Conflict) (out []store.Conflict) {
	for _, o := range list {
		if o.ID != k.ID && o.Item == k.Item && o.Kind == k.Kind && o.Decision == 0 && o.Resolved == 0 {
			out = append(out, o)
		}
	}
	return out
}

// maxShownBody is the largest version that is shown line by line, in bytes.
const maxShownBody = 64 << 10

// text reports whether a version can be shown.
func text(s string) bool {
	return s != "" && len(s) <= maxShownBody && !strings.ContainsRune(s, 0)
}

// sideBySide aligns two versions line by line: the longest common subsequence stays together. Versions with too many lines for that are set beside each other as they are.
func sideBySide(a, b string) []line {
	x, y := linesOf(a), linesOf(b)
	if len(x)*len(y) > 1_000_000 {
		var out []line
		for i := range max(len(x), len(y)) {
			out = append(out, pair(at(x, i), at(y, i)))
		}
		return out
	}
	length := make([][]int, len(x)+1)
	for i := range length {
		length[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var out []line
	var onlyA, onlyB []string
	flush := func() {
		for k := range max(len(onlyA), len(onlyB)) {
			out = append(out, pair(at(onlyA, k), at(onlyB, k)))
		}
		onlyA, onlyB = nil, nil
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			flush()
			out = append(out, line{x[i], y[j], true})
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && length[i+1][j] >= length[i][j+1]:
			onlyA = append(onlyA, x[i])
			i++
		default:
			onlyB = append(onlyB, y[j])
			j++
		}
	}
	flush()
	return out
}

func pair(a, b string) line { return line{a, b, a == b} }

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// linesOf are the lines of a text; folded ones (RFC 5545 3.1) are put together, since folding means nothing.
func linesOf(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		l = strings.TrimRight(l, "\r\n")
		if len(out) > 0 && (strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t")) && strings.HasPrefix(out[0], "BEGIN:") {
			out[len(out)-1] += l[1:]
			continue
		}
		out = append(out, l)
	}
	return out
}

// decide answers a conflict, and others like it if that was asked for.
func (p *Pages) decide(c *call) error {
	d, err := p.clash(c)
	if err != nil {
		return err
	}
	ctx, answer := c.r.Context(), c.form("answer")
	var body []byte
	switch answer {
	case "":
		err = &tandem.Error{Kind: tandem.Invalid, Op: "resolve conflict", Thing: d.Title, Err: errors.New("no answer was chosen"), Remedy: c.words.T("choose one of the answers")}
	case "newest":
		if answer = d.Newest; answer == "" {
			err = &tandem.Error{Kind: tandem.Invalid, Op: "resolve conflict", Thing: d.Title, Err: errors.New("the versions do not say which is newer"), Remedy: "choose one of them"}
		}
	case "body":
		body = []byte(asWritten(c.r.PostFormValue("body"), d.Versions[0].Text))
	}
	if err == nil {
		err = c.hub.Decide(ctx, d.ID, answer, body)
	}
	if err != nil {
		if answer == "body" {
			d.Merged = c.r.PostFormValue("body")
		}
		return c.again(err, "conflicts", c.words.T("Conflict: %s", d.Title), "conflict", d)
	}
	if c.form("alike") == "yes" && c.form("answer") != "body" {
		list, err := c.hub.Conflicts(ctx, true)
		if err != nil {
			return err
		}
		for _, k := range alike(list, d.Conflict) {
			a := c.form("answer")
			if a == "newest" {
				if a = newer(k); a == "" {
					continue
				}
			}
			if err := c.hub.Decide(ctx, k.ID, a, nil); err != nil && !tandem.IsKind(err, tandem.Changed) {
				return err
			}
		}
	}
	return c.away("/conflicts", "decided")
}

// newer is the side with the newer version of a conflict, "" if that cannot be told.
func newer(k store.Conflict) string {
	if len(k.Versions) < 2 {
		return ""
	}
	a, b := k.Versions[0].Modified, k.Versions[1].Modified
	switch {
	case a == 0 || b == 0 || a == b:
		return ""
	case a > b:
		return "a"
	}
	return "b"
}

// asWritten gives an edited text the line ends that the version has which it was made from: browsers send CRLF for any.
func asWritten(edited, like string) string {
	edited = strings.ReplaceAll(edited, "\r\n", "\n")
	if strings.Contains(like, "\r\n") {
		return strings.ReplaceAll(edited, "\n", "\r\n")
	}
	return edited
}

// resultsPage is the results log.
type resultsPage struct {
	Events []event
	Level  string
	Item   string
	Items  []string
	More   int
}

// results lists the log, newest first.
func (p *Pages) results(c *call) error {
	d := resultsPage{Level: c.query("level"), Item: c.query("item")}
	show, err := strconv.Atoi(c.query("show"))
	if err != nil || show < 1 || show > 2000 {
		show = 100
	}
	ctx := c.r.Context()
	// Most lines say that nothing happened; enough are looked through to fill a page with others.
	list, err := c.hub.Log(ctx, -int64(show*20), d.Item, 0)
	if err != nil {
		return err
	}
	least := store.Info
	switch d.Level {
	case "warning":
		least = store.Warning
	case "error":
		least = store.Error
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Level < least {
			continue
		}
		if len(d.Events) == show {
			d.More = min(show*4, 2000)
			break
		}
		d.Events = append(d.Events, eventOf(c.words, list[i]))
	}
	if c.htmx() {
		return c.part("events", d)
	}
	items, err := c.hub.ListItems(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		d.Items = append(d.Items, it.Name)
	}
	c.frame.Live = true
	return c.show("log", c.words.T("Results"), "results", d)
}

// codeOf is a line of the log for whoever is asked for help.
func codeOf(e store.Event) string {
	level := [...]string{"info", "warning", "error"}
	l := "event"
	if int(e.Level) < len(level) {
		l = level[e.Level]
	}
	out := "tandem/" + l + "/" + strconv.FormatInt(e.ID, 10)
	if e.Session != 0 {
		out += "/s" + strconv.FormatInt(e.Session, 10)
	}
	return out
}
