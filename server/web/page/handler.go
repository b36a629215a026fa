package page

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/server/web/page/words"
	"tandem/store"
)

// card is a handler as the Sync Center shows it: a partner with its rows, a phone or another program with its items.
type card struct {
	handler.Handler
	Icon   string
	Look   look
	Where  string // the place, as people know it
	At     string // its page
	Rows   []row
	Others []part // the items that have no page of their own
	Able   bool   // an item can run
	Busy   bool
	Seen   int64 // of a phone
}

// part is an item of a phone or of another program.
type part struct {
	handler.Item
	Handler string
	Look    look
	Tasks   []task
	Going   going
}

// task is something that a person can do with a handler or item, as it is shown.
type task struct {
	handler.TaskState
	Name string // of whatever it is done with
	Text string // on the button
	Icon string
	Main bool
	Path string // a page instead of a form; "": none
}

// cardOf makes a card of a handler. rows are the items of the center by name.
func (p *Pages) cardOf(w words.Words, x handler.Handler, rows map[string]row) card {
	c := card{Handler: x, Icon: handlerIcon(x), Look: handlerLook(w, x), At: handlerPath(x), Busy: x.Syncing}
	if x.Place != "" {
		c.Where = placeName(w, x.Place)
	}
	for _, it := range x.Items {
		if r, ok := rows[it.ID]; ok && x.Place != "" {
			r.join(w, x, it)
			c.Able = c.Able || r.Item.Enabled && x.Enabled
			c.Busy = c.Busy || r.Running
			c.Rows = append(c.Rows, r)
			continue
		}
		one := part{Item: it, Handler: x.ID, Look: partLook(w, x, it), Tasks: tasksOf(w, it.Name, it.Tasks)}
		if it.Syncing {
			one.Going = goingOf(w, it.Progress)
		}
		c.Others = append(c.Others, one)
		c.Able = c.Able || it.Task(handler.Start).How == handler.Offered
	}
	return c
}

// join adds to a row what its handler knows of the item.
func (r *row) join(w words.Words, x handler.Handler, it handler.Item) {
	r.Away, r.Note = "", w.Say(it.Comment)
	switch {
	case !x.Active || !x.Enabled:
		r.Look = look{"off", "off", w.T("Its partner is switched off")}
		r.Idle = true
	case !it.Connected && r.Item.Enabled && !r.Running:
		r.Look, r.Away = look{"cut", "cut", w.T("Not connected")}, w.Say(it.Why)
		if r.Cause == "" {
			r.Cause, r.Remedy = causeOf(it.Why)
		}
	}
}

// handlerPath is the page of a handler. Ids of phones and of what can be set up have a slash, so that they are no part of paths.
func handlerPath(x handler.Handler) string {
	if x.Place != "" && !strings.HasPrefix(x.ID, "setup/") {
		return "/partners/" + url.PathEscape(x.ID)
	}
	return "/handler?" + url.Values{"id": {x.ID}}.Encode()
}

// Plain reports whether the label is what a device or another program calls itself.
func (k card) Plain() bool { return k.Phone() || k.Place == "" }

// Phone reports whether it is one that the hub lets in.
func (k card) Phone() bool { return handler.IsPhone(k.ID) }

// handlerLook says how a handler stands as a whole.
func handlerLook(w words.Words, x handler.Handler) look {
	switch {
	case !x.Active && handler.IsPhone(x.ID):
		return look{"late", "warn", w.T("Waits to be allowed")}
	case !x.Active:
		return look{"off", "off", w.T("Set aside")}
	case !x.Enabled && handler.IsPhone(x.ID):
		return look{"off", "off", w.T("Blocked")}
	case !x.Enabled:
		return look{"off", "off", w.T("Switched off")}
	case x.Syncing:
		return look{"busy", "sync", w.T("Syncing")}
	case !x.Connected:
		return look{"cut", "cut", w.T("Not connected")}
	}
	return look{"good", "plug", w.T("Connected")}
}

// partLook says how an item of a phone or program stands.
func partLook(w words.Words, x handler.Handler, it handler.Item) look {
	switch {
	case !x.Enabled || !it.Enabled:
		return look{"off", "off", w.T("Switched off")}
	case it.Syncing:
		return look{"busy", "sync", w.T("Syncing")}
	case it.Errors > 0:
		return look{"bad", "fail", w.T("Cannot sync")}
	case it.Conflicts > 0:
		return look{"late", "split", w.N(it.Conflicts, "%s conflict waits", "%s conflicts wait")}
	case it.LastSync == 0:
		return look{"new", "new", w.T("Never ran")}
	}
	return look{"good", "ok", w.T("In step")}
}

// handlerPage is the page of a handler.
type handlerPage struct {
	card
	Tasks    []task
	Withheld []string
	Facts    []field
	Events   []event
	Home     *store.Partner    // of a partner: what is stored about it
	Pick     *picking          // what was found there
	Err      *problem          // why nothing was
	Open     []center.Question // that wait for a person
	Mail     bool              // it is an account of mail, whose folders can be followed
}

func (p *Pages) handler(c *call) error {
	if name, ok := strings.CutPrefix(c.query("id"), "setup/"); ok {
		if _, err := p.cfg.Places.Provider(name); err == nil { // a sort of place, of which one can be added
			return c.away("/places/add/"+url.PathEscape(name), "")
		}
	}
	d, err := p.handlerPage(c, c.query("id"))
	if err != nil {
		return err
	}
	if d.Place != "" && d.Active {
		return c.away(d.At, c.query("done"))
	}
	if d.Phone() { // which has a page with all else that is known of it
		if at, err := c.devicePage(d.ID); err == nil {
			return c.away(at, "")
		}
	}
	c.frame.Live = true
	return c.show("center", d.Name, "handler", d)
}

// handlerPage gathers what is known of a handler.
func (p *Pages) handlerPage(c *call, id string) (*handlerPage, error) {
	x, err := c.hub.FindHandler(c.r.Context(), id)
	if err != nil {
		return nil, err
	}
	rows, err := p.rowsOf(c)
	if err != nil {
		return nil, err
	}
	d := &handlerPage{card: p.cardOf(c.words, x, rows), Withheld: withheld(c.words, x.Tasks)}
	for _, t := range tasksOf(c.words, x.Name, x.Tasks) {
		switch t.Task {
		case handler.Browse:
			if t.Path = x.Browse; !strings.HasPrefix(t.Path, "http") && t.How == handler.Offered { // browsers do not open a folder of another computer
				continue
			}
		case handler.Schedule:
			t.Path = "#items"
			if len(d.Rows) == 1 {
				t.Path = itemPath(d.Rows[0].Item.Name) + "/schedule"
			}
		}
		d.Tasks = append(d.Tasks, t)
	}
	d.Facts = handlerFacts(c.words, x)
	lines, err := c.hub.FindEvents(c.r.Context(), center.EventFilter{Handler: id, EventFilter: store.EventFilter{Level: store.Warning, Newest: true, Limit: 5}})
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(lines) {
		d.Events = append(d.Events, eventOf(c.words, e))
	}
	return d, nil
}

func handlerFacts(w words.Words, x handler.Handler) []field {
	var can []string
	for _, k := range x.Can {
		if text := canWords(w, k); text != "" {
			can = append(can, text)
		}
	}
	out := []field{{w.T("Type"), typeWords(w, x.Type)}, {w.T("Owner"), x.User}, {w.T("What is worth knowing"), w.Say(x.Comment)}, {w.T("Can"), strings.Join(can, ", ")}}
	if x.Active && !x.Connected {
		out = append(out, field{w.T("Not connected"), w.Say(x.Why)})
	}
	return slices.DeleteFunc(out, func(f field) bool { return f.Value == "" })
}

// devicePage is the page of a phone that is known as a handler.
func (c *call) devicePage(id string) (string, error) {
	list, err := c.hub.ListDevices(c.r.Context(), "")
	if err != nil {
		return "", err
	}
	for _, d := range list {
		if deviceHandler(d.Device) == id {
			return devicePath(d.Device.User, d.Device.ID), nil
		}
	}
	return "", &tandem.Error{Kind: tandem.NotFound, Op: "find device", Thing: id}
}

// askHandler asks before a task that somebody may regret. SC-43
func (p *Pages) askHandler(c *call) error {
	x, err := c.hub.FindHandler(c.r.Context(), c.query("id"))
	if err != nil {
		return err
	}
	t, name, conflicts, do := c.words.T, x.Name, x.Conflicts, handler.Task(c.query("do"))
	if it := x.Item(c.query("item")); it != nil {
		name, conflicts = it.Name, it.Conflicts
	}
	yes, _, _ := taskWords(c.words, do)
	q := ask{Action: "/handler/order", Yes: yes + ": " + name, Back: handlerPath(x),
		Fields: []field{{"handler", x.ID}, {"item", c.query("item")}, {"do", string(do)}, {"back", handlerPath(x)}}}
	switch do {
	case handler.Deactivate:
		q.Question = t("Set %s aside?", name)
		q.Text = t("It leaves the Sync Center and waits in Sync Setup. Nothing of it is synced meanwhile; records and what both sides last agreed on stay, so that it can go on later where it stopped.")
		q.Fields = append(q.Fields[:3:3], field{"back", "/sync-setup"})
	case handler.Delete:
		q.Question = t("Remove the sync item %s?", name)
		q.Text = t("The records stay where they are, on both sides. They are no longer kept in step, and what both sides last agreed on is forgotten.")
	case handler.Disable:
		q.Question, q.Text = t("Switch %s off?", name), t("It stays in the Sync Center, and nothing of it is synced until it is switched on again.")
	case handler.Activate:
		q.Question, q.Text = t("Set %s up?", name), t("It comes to the Sync Center, and is kept in step from then on.")
	default:
		return c.away(handlerPath(x), "")
	}
	if conflicts > 0 && (do == handler.Deactivate || do == handler.Delete) {
		q.Tick = &tick{"confirm", c.words.N(conflicts, "%s conflict waits for an answer. Do it all the same; both sides keep what they have.", "%s conflicts wait for an answer. Do it all the same; both sides keep what they have.")}
	}
	return c.show("center", q.Question, "ask", q)
}

// orderHandler does a task with a handler or one of its items.
func (p *Pages) orderHandler(c *call) error {
	o := center.HandlerOrder{Handler: c.form("handler"), Item: c.form("item"), Do: handler.Task(c.form("do")), By: c.frame.Person.User.Name, Confirm: c.form("confirm") == "yes"}
	if _, err := c.hub.OrderHandler(c.r.Context(), o); err != nil {
		return err
	}
	switch o.Do {
	case handler.Start:
		return c.quietly("started")
	case handler.Stop:
		return c.quietly("stopped")
	case handler.Delete:
		return c.back("removed")
	}
	return c.back("saved")
}

// askForget asks before a program is forgotten.
func (p *Pages) askForget(c *call) error {
	x, err := c.hub.FindHandler(c.r.Context(), c.query("id"))
	if err != nil {
		return err
	}
	t := c.words.T
	return c.show("center", t("Forget %s?", x.Name), "ask", ask{Question: t("Forget %s?", x.Name), Text: t("It and its items leave the Sync Center. It comes back with its next report."),
		Action: "/handler/forget", Yes: t("Forget %s", x.Name), Back: handlerPath(x), Fields: []field{{"handler", x.ID}}})
}

func (p *Pages) forgetHandler(c *call) error {
	if err := c.hub.ForgetHandler(c.r.Context(), c.form("handler")); err != nil {
		return err
	}
	return c.away("/", "removed")
}

// setupPage is Sync Setup: what is not in use, what was found nearby, and the sorts of places that can be added. SC-02
type setupPage struct {
	Aside  []card
	Nearby []card
	Sorts  *choosing
}

func (p *Pages) syncSetup(c *call) error {
	list, err := c.hub.ListHandlers(c.r.Context(), center.HandlerFilter{Setup: true})
	if err != nil {
		return err
	}
	d := setupPage{}
	if d.Sorts, err = p.sorts(c); err != nil {
		return err
	}
	for _, x := range list {
		k := p.cardOf(c.words, x, nil)
		switch {
		case !strings.HasPrefix(x.ID, "setup/"):
			d.Aside = append(d.Aside, k)
		case x.Place != "":
			d.Nearby = append(d.Nearby, k)
		}
	}
	return c.show("center", c.words.T("Sync Setup"), "sync-setup", d)
}

// Shown are the tasks of a card.
func (k card) Shown(w words.Words) []task {
	if k.Phone() {
		return deviceTasks(w, tasksOf(w, k.Name, k.Tasks))
	}
	return tasksOf(w, k.Name, k.Tasks)
}

// rowsOf are all items of the center by name.
func (p *Pages) rowsOf(c *call) (map[string]row, error) {
	list, err := c.hub.Status(c.r.Context(), nil)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]row, len(list))
	for _, st := range list {
		rows[st.Item.Name] = p.rowOf(c.words, st)
	}
	return rows, nil
}

// connected adds to a row what its handler knows, as far as it can be told.
func (p *Pages) connected(ctx context.Context, c *call, r *row) {
	x, err := c.hub.FindHandler(ctx, r.Item.Partner)
	if err != nil {
		return // a member's item at a partner of the hub: its own state says enough
	}
	if it := x.Item(r.Item.Name); it != nil {
		r.join(c.words, x, *it)
	}
}
