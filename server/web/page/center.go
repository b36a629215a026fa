package page

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/provider"
	"tandem/server/web/page/words"
	"tandem/store"
)

// row is a sync item as the Sync Center shows it.
type row struct {
	center.ItemStatus
	Look  look
	Last  *run
	Where string // the place, as people know it

	Cause, Remedy string // why the last run failed
	Away          string // why it is not connected
	Note          string // what else is worth knowing
	ToSend        string // what changed here and waits to be carried to the place
	New           bool   // it waits for a person to say how its sides meet the first time
	Idle          bool   // its partner is switched off, so that nothing can be started
}

// look is how something stands: a class for its colour, a drawing and words.
type look struct{ Class, Icon, Text string }

// phoneCard is a device as the Sync Center shows it.
type phoneCard struct {
	center.DeviceStatus
	Look look
	Name string
}

// board is the Sync Center.
type board struct {
	Cards  []card
	Items  int
	Busy   int
	Look   look // of all together
	Sum    string
	Call   []string // items for which it is so, if they need somebody; a few of them
	Name   string   // of the page
	Hidden int      // handlers that are not shown, unless that was asked for
	All    bool     // it was
	Asked  int      // questions that wait
	Held   int      // devices that wait to be allowed
	Unsent int      // changes that wait to be carried to a place
}

// Title is that of the page: how everything stands, so that a tab in the background tells, and so is what is read first.
func (b *board) Title() string {
	if b.Items == 0 {
		return b.Name
	}
	return b.Look.Text + " – " + b.Name
}

func (p *Pages) center(c *call) error {
	b, err := p.board(c)
	if err != nil {
		return err
	}
	c.frame.Live = true
	return c.show("center", b.Title(), "center", b)
}

func (p *Pages) centerList(c *call) error {
	b, err := p.board(c)
	if err != nil {
		return err
	}
	return c.part("board", b)
}

// centerSum is how everything stands together.
func (p *Pages) centerSum(c *call) error {
	b, err := p.board(c)
	if err != nil {
		return err
	}
	return c.part("sum", b)
}

// board gathers what the Sync Center shows.
func (p *Pages) board(c *call) (*board, error) {
	ctx := c.r.Context()
	rows, err := p.rowsOf(c)
	if err != nil {
		return nil, err
	}
	handlers, err := c.hub.ListHandlers(ctx, center.HandlerFilter{Hidden: true})
	if err != nil {
		return nil, err
	}
	phones, err := p.phoneCards(c)
	if err != nil {
		return nil, err
	}
	questions, err := c.hub.Questions(ctx)
	if err != nil {
		return nil, err
	}
	b := &board{Name: c.words.T("Sync Center"), Items: len(rows), All: c.query("hidden") != "", Asked: len(questions)}
	for _, ph := range phones {
		if ph.Device.Access == store.Held {
			b.Held++
		}
	}
	counts, shown := map[string]int{}, map[string]bool{}
	for _, x := range handlers {
		if x.Hidden && !b.All {
			b.Hidden++
			for _, it := range x.Items {
				shown[it.ID] = true
			}
			continue
		}
		k := p.cardOf(c.words, x, rows)
		if ph, ok := phones[x.ID]; ok {
			k.Look, k.At, k.Name, k.Seen = ph.Look, devicePath(ph.Device.User, ph.Device.ID), ph.Name, ph.Device.Seen
		}
		b.add(k, counts, shown)
	}
	partners, err := c.hub.ListPartners(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, one := range partners { // what is left of these is in Sync Setup
		known[one.Name] = true
	}
	for name, r := range rows {
		shown[name] = shown[name] || known[r.Item.Partner]
	}
	b.addHubs(c.words, rows, counts, shown)
	slices.SortStableFunc(b.Cards, func(x, y card) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), byName(x.Name, y.Name))
	})
	b.Look, b.Sum = sumUp(c.words, counts, b)
	b.Call = b.calling()
	return b, nil
}

// maxCalling is how many items the summary names.
const maxCalling = 3

// calling are the items that make all together look as it does, if that is something to be done about.
func (b *board) calling() (out []string) {
	if b.Look.Class != "bad" && b.Look.Class != "late" {
		return nil
	}
	for _, k := range b.Cards {
		for _, r := range k.Rows {
			if r.Look.Class == b.Look.Class && len(out) < maxCalling {
				out = append(out, r.Item.Name)
			}
		}
	}
	return out
}

// add adds a card, and counts how its rows stand.
func (b *board) add(k card, counts map[string]int, shown map[string]bool) {
	for _, r := range k.Rows {
		counts[r.Look.Class]++
		shown[r.Item.Name] = true
		if r.Running {
			b.Busy++
		} else if r.Look.Class == "good" {
			b.Unsent += r.Pending.Records
		}
	}
	b.Cards = append(b.Cards, k)
}

// addHubs adds one's own items at partners of the hub, which only administrators are told about.
func (b *board) addHubs(w words.Words, rows map[string]row, counts map[string]int, shown map[string]bool) {
	byPartner := map[string][]row{}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		if !shown[name] {
			byPartner[rows[name].Item.Partner] = append(byPartner[rows[name].Item.Partner], rows[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byPartner)) {
		k := card{Handler: handler.Handler{ID: name, Name: name, Active: true, Enabled: true, Connected: true}, Icon: partnerIcon(""), Rows: byPartner[name], Look: look{"good", "plug", w.T("Connected")}}
		for _, r := range k.Rows {
			k.Able, k.Busy = k.Able || r.Item.Enabled, k.Busy || r.Running
		}
		b.add(k, counts, shown)
	}
}

// rank puts what the hub itself keeps in step first, then other programs, then phones; of each, what is switched off comes last.
func rank(k card) int {
	n := 0
	switch {
	case k.Phone():
		n = 4
	case len(k.Rows) == 0 && k.Plain():
		n = 2
	}
	if !k.Enabled {
		n++
	}
	return n
}

// byName compares names as people order them: whatever the case, and numbers by their value.
func byName(a, b string) int {
	x, y := strings.ToLower(a), strings.ToLower(b)
	for x != "" && y != "" {
		m, n := digits(x), digits(y)
		if m == "" || n == "" {
			if x[0] != y[0] {
				break
			}
			x, y = x[1:], y[1:]
			continue
		}
		p, q := strings.TrimLeft(m, "0"), strings.TrimLeft(n, "0")
		if c := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); c != 0 {
			return c
		}
		x, y = x[len(m):], y[len(n):]
	}
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
}

// digits are those with which a text begins.
func digits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

// phoneCards are the phones by the ids of their handlers.
func (p *Pages) phoneCards(c *call) (map[string]phoneCard, error) {
	list, err := c.hub.ListDevices(c.r.Context(), "")
	if err != nil {
		return nil, err
	}
	out := make(map[string]phoneCard, len(list))
	for _, d := range list {
		out[deviceHandler(d.Device)] = phoneCard{d, p.deviceLook(c.words, d), deviceName(d.Device)}
	}
	return out, nil
}

// deviceHandler is the id of a device as a handler. Package center
func deviceHandler(d store.Device) string { return center.PhoneID(d) }

// sumUp says how all items stand together, the worst first.
func sumUp(w words.Words, counts map[string]int, b *board) (look, string) {
	switch {
	case b.Items == 0:
		return look{"new", "new", w.T("Nothing to keep in step yet")}, ""
	case counts["bad"] > 0:
		return look{"bad", "fail", w.N(counts["bad"], "%s item needs help", "%s items need help")}, w.T("The others are not held up by this.")
	case b.Busy > 0:
		return look{"busy", "sync", w.N(b.Busy, "%s item is syncing", "%s items are syncing")}, ""
	case counts["late"] > 0:
		return look{"late", "warn", w.N(counts["late"], "%s item waits for you", "%s items wait for you")}, w.T("Nothing is lost while it waits.")
	case b.Asked > 0:
		return look{"late", "warn", w.N(b.Asked, "%s question waits for you", "%s questions wait for you")}, w.T("Nothing is lost while it waits.")
	case counts["cut"] > 0:
		return look{"cut", "cut", w.N(counts["cut"], "%s item is not connected", "%s items are not connected")}, w.T("What was changed meanwhile is kept, and follows when it can be reached.")
	case counts["good"] == 0:
		return look{"off", "off", w.T("Nothing has run yet")}, ""
	case b.Unsent > 0:
		return look{"good", "clock", w.N(b.Unsent, "%s change waits to be sent", "%s changes wait to be sent")}, ""
	}
	return look{"good", "ok", w.T("Everything is in step")}, ""
}

// Titled is the title of the item's page: its name, and how it stands.
func (r row) Titled() string { return r.Item.Name + ": " + r.Look.Text }

func (p *Pages) rowOf(w words.Words, st center.ItemStatus) row {
	r := row{ItemStatus: st, Look: standing(w, st), Where: placeName(w, st.Place)}
	r.Cause, r.Remedy = causeOf(st.Failing)
	r.New = center.WaitsFirst(st)
	if st.Pending.Records > 0 && !st.Running {
		r.ToSend = toSend(w, st.Pending)
	}
	if st.Last != nil {
		r.Last = runOf(*st.Last)
	}
	return r
}

// toSend says how much waits to be carried to a place.
func toSend(w words.Words, p center.Pending) string {
	text := w.N(p.Records, "%s change waits to be sent", "%s changes wait to be sent")
	if p.More {
		text = w.N(p.Records, "at least %s change waits to be sent", "at least %s changes wait to be sent")
	}
	if p.Bytes > 0 {
		text += ", " + w.Size(p.Bytes)
	}
	return text
}

// causeOf takes apart why something failed and what helps.
func causeOf(text string) (cause, remedy string) {
	cause, remedy, _ = strings.Cut(text, "; ")
	return cause, remedy
}

// standing says how an item stands, the most important first.
func standing(w words.Words, st center.ItemStatus) look {
	switch {
	case !st.Item.Enabled:
		return look{"off", "off", w.T("Switched off")}
	case st.Paused:
		return look{"off", "clock", w.T("Paused")}
	case st.Running:
		return look{"busy", "sync", w.T("Syncing")}
	case st.Failing != "" || st.Last != nil && st.Last.Result == "failed":
		return look{"bad", "fail", w.T("Cannot sync")}
	case center.WaitsFirst(st):
		return look{"late", "ask", w.T("Waits for your answer")}
	case st.Last == nil:
		return look{"new", "new", w.T("Never ran")}
	case st.Last.Result == "held":
		return look{"late", "warn", w.T("Waits for your go-ahead")}
	case st.Conflicts > 0:
		return look{"late", "split", w.N(st.Conflicts, "%s conflict waits", "%s conflicts wait")}
	case st.Aside > 0:
		return look{"late", "warn", w.N(st.Aside, "%s record set aside", "%s records set aside")}
	case st.Problems > 0:
		return look{"late", "warn", w.N(st.Problems, "%s record had a problem", "%s records had problems")}
	case st.Last.Result == "cancelled" || st.Last.Finished == 0:
		return look{"off", "stop", w.T("Stopped before its end")}
	case st.Pending.Records > 0:
		return look{"good", "clock", w.T("Not sent yet")}
	}
	return look{"good", "ok", w.T("In step")}
}

// providerIcon is the drawing of a provider: the one that it names, or that of its sort.
func providerIcon(d provider.Description) string {
	if _, ok := drawings()[d.Icon]; ok {
		return d.Icon
	}
	return partnerIcon(d.Name)
}

// partnerIcon is the drawing of a sort of partner: where it keeps things, and what.
func partnerIcon(provider string) string {
	switch strings.TrimSuffix(provider, "s") {
	case "file":
		return "folder"
	case "vdir":
		return "cards"
	case "maildir":
		return "mailbox"
	case "page":
		return "page"
	case "remote", "home", "tandem":
		return "computer"
	case "imap":
		return "mail"
	case "carddav":
		return "cloud-contact"
	case "caldav":
		return "cloud-event"
	case "webdav":
		return "cloud-file"
	case "webcal":
		return "feed"
	case "sm":
		return "sms"
	}
	switch {
	case strings.HasPrefix(provider, "bookmark"):
		return "bookmark"
	case strings.HasPrefix(provider, "sql"):
		return "row"
	}
	return "service"
}

// rowOne finds the item that a path names.
func (p *Pages) rowOne(c *call) (row, error) {
	name := c.r.PathValue("item")
	list, err := c.hub.Status(c.r.Context(), []string{name})
	if err != nil {
		return row{}, err
	}
	if len(list) == 0 {
		return row{}, &tandem.Error{Kind: tandem.NotFound, Op: "find sync item", Thing: name}
	}
	return p.rowOf(c.words, list[0]), nil
}

func (p *Pages) row(c *call) error {
	r, err := p.rowOne(c)
	if tandem.IsKind(err, tandem.NotFound) { // removed: the place where it was stays empty
		write(c.w, http.StatusOK, newBuffer(""))
		return nil
	}
	if err != nil {
		return err
	}
	p.connected(c.r.Context(), c, &r)
	name := "row"
	if c.query("as") == "head" {
		name = "item-state"
	}
	return c.part(name, r)
}

// waiting is the number of conflicts that wait, for the navigation.
func (p *Pages) waiting(c *call) error {
	list, err := c.hub.Conflicts(c.r.Context(), true)
	if err != nil {
		return err
	}
	n := 0
	for _, k := range list {
		if k.Decision == 0 {
			n++
		}
	}
	return c.part("badge", n)
}
