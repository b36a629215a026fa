package page

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/server/web/page/words"
	"tandem/store"
)

// inbox is the list of what waits for a person: questions, and conflicts.
type inbox struct {
	Questions []question
	Open      []store.Conflict
	Decided   int // answered, and not carried out yet
	Out       []store.Conflict
	Told      []store.Conflict // answered, and a program carries them out
	Item      string
	Items     []string
	Takes     []option // what several can be answered with at once
	Name      string   // of the page
}

// Titled is the page's title, with how much waits.
func (d inbox) Titled() string {
	if n := len(d.Open) + len(d.Questions); n > 0 {
		return fmt.Sprintf("%s (%d)", d.Name, n)
	}
	return d.Name
}

func (p *Pages) conflicts(c *call) error {
	list, err := c.hub.Conflicts(c.r.Context(), false) // what is left out is among those that are over
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(k store.Conflict) bool { return k.Resolved != 0 })
	d := inbox{Item: c.query("item"), Name: c.words.T("Conflicts")}
	if d.Questions, err = c.questions(d.Item); err != nil {
		return err
	}
	for _, k := range list {
		if !slices.Contains(d.Items, k.Item) {
			d.Items = append(d.Items, k.Item)
		}
		switch {
		case d.Item != "" && k.Item != d.Item:
		case k.Reported != nil && k.Decision != 0:
			d.Told = append(d.Told, k)
		case k.Decision == tandem.LeaveOut:
			d.Out = append(d.Out, k)
		case k.Decision != 0:
			d.Decided++
		default:
			d.Open = append(d.Open, k)
		}
	}
	slices.SortFunc(d.Open, func(a, b store.Conflict) int { return cmp.Compare(b.ID, a.ID) })
	slices.Sort(d.Items)
	t := c.words.T
	d.Takes = []option{{"newest", t("Keep the newest"), false}, {"a", t("Keep this hub's version"), false}, {"b", t("Keep the partner's version"), false}, {"both", t("Keep both"), false}, {"out", t("Sync it no longer"), false}}
	if slices.ContainsFunc(d.Open, func(k store.Conflict) bool { return k.Reported != nil }) { // neither version of a program's is the hub's
		d.Takes[1].Text, d.Takes[2].Text = t("Keep version %s", "A"), t("Keep version %s", "B")
	}
	if c.htmx() {
		return c.part("inbox", d)
	}
	c.frame.Live = true
	return c.show("conflicts", d.Titled(), "conflicts", d)
}

// clash is one conflict with all there is to decide it.
type clash struct {
	center.Comparison
	Title    string
	Versions []version
	Differ   []center.FieldView
	Equal    []center.FieldView
	Texts    []texts     // the other versions beside the first, line by line
	Picks    []fieldPick // fields that can be taken from one of the versions; none: they cannot be put together so
	Merged   string      // a proposal that can be edited; "": none can be made
	Shown    bool        // the proposal is what was just put together
	Name     string      // under which the second version can be kept; "": records of this kind have no name
	SecondOf string      // whose that one is
	Files    bool        // the records are files, which lie beside one another
	Over     bool
	Out      bool // of the sync set
	Why      string
	Answer   string // what was chosen, where the page is shown again
	By       string // the program that reported it, and carries the answer out; "": the hub does
	Waits    bool   // an answer is given, which By carries out
}

// version is one version of a record in conflict.
type version struct {
	center.VersionView
	Name, Where string
	Icon        string
	Newest      bool
}

// Alike is how many other conflicts of the same sort wait.
func (d *clash) Alike() int { return max(0, d.Same-1) }

// like is a version with the line ends that its place wrote.
func (d *clash) like() string {
	for _, v := range d.Versions {
		if v.Kept {
			return string(v.Body)
		}
	}
	return ""
}

// Can reports whether an answer makes sense.
func (d *clash) Can(take string) bool { return slices.Contains(d.Takes, take) }

// Chosen reports whether an answer was chosen before.
func (d *clash) Chosen(take string) bool { return d.Answer == take }

func (p *Pages) conflict(c *call) error {
	d, err := p.clash(c, nil)
	if err != nil {
		return err
	}
	return c.show("conflicts", c.words.T("Conflict: %s", d.Title), "conflict", d)
}

// clash gathers what a page shows of the conflict that a path names. Chosen are versions by field, where some were chosen.
func (p *Pages) clash(c *call, chosen map[string]string) (*clash, error) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find conflict", Thing: c.r.PathValue("id")}
	}
	view, err := c.hub.Compare(c.r.Context(), id)
	if err != nil {
		return nil, err
	}
	k := view.Conflict
	if len(view.Versions) < 2 {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "show conflict", Thing: k.Title, Err: errors.New("its versions are not known")}
	}
	d := &clash{Comparison: view, Over: k.Resolved != 0 || k.Decision != 0 && k.Decision != tandem.LeaveOut, Out: k.Decision == tandem.LeaveOut, Why: reasonWords(c.words, k.Reason)}
	if r := k.Reported; r != nil {
		d.By, d.Answer, d.Waits, d.Over, d.Out = r.Handler, r.Answer, r.Answer != "", false, false
	}
	d.Title = cmp.Or(k.Title, string(view.Versions[0].Record), string(view.Versions[1].Record))
	d.fill(c.words, p.partnersByPlace(c))
	d.Name = d.Comparison.Name
	for _, v := range d.Versions {
		if v.Take == d.Second {
			d.SecondOf = v.Name
		}
	}
	d.Files = d.Conflict.Kind == tandem.File || d.Conflict.Kind == tandem.Picture
	return d, d.propose(c.r.Context(), c.hub, chosen)
}

// partnersByPlace name partners by where they are.
func (p *Pages) partnersByPlace(c *call) map[string]string {
	out := map[string]string{}
	list, err := c.hub.ListItems(c.r.Context())
	if err != nil {
		return out // places are then called by their addresses
	}
	status, err := c.hub.Status(c.r.Context(), nil)
	if err != nil || len(list) == 0 {
		return out
	}
	for _, st := range status {
		out[bare(st.Place)] = st.Item.Partner
	}
	return out
}

// fill names the versions, and parts the fields in which they differ from the others.
func (d *clash) fill(w words.Words, partners map[string]string) {
	newest := int64(0)
	for _, v := range d.Comparison.Versions {
		newest = max(newest, v.Modified)
	}
	dated := d.Can("newest")
	for _, v := range d.Comparison.Versions {
		if who, from, _ := strings.Cut(v.By, " "); !v.Named {
			v.By = writer(w, who, from)
		} else if v.By != "" {
			v.By = w.T("by %s", v.By)
		}
		one := version{VersionView: v, Where: placeName(w, v.Place), Newest: dated && !v.Deleted && v.Modified == newest, Icon: "service"}
		dated = dated && !one.Newest // of equals the first, which is what is kept
		switch {
		case d.By != "":
			one.Name = cmp.Or(v.Place, w.T("Version %s", strings.ToUpper(v.Take)))
			one.Where = one.Name
		case v.Side == tandem.SideA:
			one.Name, one.Icon = w.T("This hub"), "computer"
		default:
			one.Name = cmp.Or(partners[bare(v.Place)], one.Where)
			one.Icon = partnerIcon(schemeOf(v.Place))
		}
		d.Versions = append(d.Versions, one)
	}
	for _, f := range d.Fields {
		if f.Differs || f.Clashes {
			d.Differ = append(d.Differ, f)
		} else {
			d.Equal = append(d.Equal, f)
		}
	}
}

// decide answers a conflict, and others of the same sort if that was asked for.
func (p *Pages) decide(c *call) error {
	var chosen map[string]string
	if c.form("answer") == center.TakeFields {
		chosen = c.picked()
	}
	d, err := p.clash(c, chosen)
	if err != nil {
		return err
	}
	if c.form("show") != "" {
		return p.showPicked(c, d)
	}
	d.Answer = c.form("answer")
	r := center.Resolution{ID: d.Conflict.ID, Take: d.Answer, All: c.form("alike") == "yes" && d.Answer != "ask", Stamp: c.form("stamp")}
	switch d.Answer {
	case "":
		err = invalid("answer", "resolve conflict", d.Title, "no answer was chosen", "choose one of the answers")
	case center.TakeFields:
		r.All, r.Fields = false, chosen
	case "body":
		r.All = false
		r.Body = []byte(asWritten(c.r.PostFormValue("body"), d.like()))
	case "both":
		if !r.All && c.form("name") != d.Name {
			r.Name = c.form("name")
		} else if !r.All {
			r.Name = d.Name
		}
	}
	var out center.Resolved
	if err == nil {
		out, err = c.hub.Resolve(c.r.Context(), r)
	}
	if err == nil && out.Refresh && len(out.Done) == 0 {
		err = &tandem.Error{Kind: tandem.Changed, Op: "resolve conflict", Thing: d.Title, Err: errors.New("a conflict came, went or changed meanwhile"), Remedy: "look at it again"}
	}
	if err != nil {
		if d.Answer == "body" {
			d.Merged = c.r.PostFormValue("body")
		}
		if d.Answer == "both" && d.Name != "" {
			d.Name = cmp.Or(c.form("name"), d.Name)
		}
		return c.again(err, "conflicts", c.words.T("Conflict: %s", d.Title), "conflict", d)
	}
	return c.away("/conflicts", "decided")
}

// decideSeveral answers the conflicts that were ticked in the inbox. What cannot be answered so is left.
func (p *Pages) decideSeveral(c *call) error {
	var wrong error
	done := 0
	for _, text := range c.r.PostForm["conflict"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			continue // no page of the hub sends this
		}
		if _, err := c.hub.Resolve(c.r.Context(), center.Resolution{ID: id, Take: c.form("take")}); err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		done++
	}
	switch {
	case done == 0 && wrong == nil:
		return invalid("conflict", "resolve conflict", "", "none was ticked", "tick those that are to be answered")
	case done == 0:
		return wrong
	}
	return c.away("/conflicts", "decided")
}
