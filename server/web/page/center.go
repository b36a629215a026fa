package page

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/engine"
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
}

// look is how something stands: a class for its colour, a drawing and words.
type look struct{ Class, Icon, Text string }

// partner is one card of the Sync Center.
type partner struct {
	Name, Title, Icon, Place string
	Items                    []row
	Able                     bool // an item can run
}

// phoneCard is a device as the Sync Center shows it.
type phoneCard struct {
	center.DeviceStatus
	Look look
	Name string
}

// board is the Sync Center.
type board struct {
	Partners []partner
	Phones   []phoneCard
	Items    int
	Busy     int
	Look     look // of all together
	Sum      string
}

func (p *Pages) center(c *call) error {
	b, err := p.board(c)
	if err != nil {
		return err
	}
	c.frame.Live = true
	return c.show("center", c.words.T("Sync Center"), "center", b)
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
	items, err := c.hub.Status(ctx, nil)
	if err != nil {
		return nil, err
	}
	partners, err := c.hub.ListPartners(ctx)
	if err != nil {
		return nil, err
	}
	devices, err := c.hub.ListDevices(ctx, "")
	if err != nil {
		return nil, err
	}
	b := &board{Items: len(items)}
	counts := map[string]int{}
	for _, known := range partners {
		card := partner{Name: known.Name, Title: known.Title, Icon: partnerIcon(known.Provider), Place: known.Place}
		for _, st := range items {
			if st.Item.Partner != known.Name {
				continue
			}
			r := p.rowOf(c.words, st)
			counts[r.Look.Class]++
			card.Able = card.Able || st.Item.Enabled
			if st.Running {
				b.Busy++
			}
			card.Items = append(card.Items, r)
		}
		b.Partners = append(b.Partners, card)
	}
	slices.SortStableFunc(b.Partners, func(x, y partner) int { return cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) })
	for _, d := range devices {
		b.Phones = append(b.Phones, phoneCard{d, p.deviceLook(c.words, d), deviceName(d.Device)})
	}
	b.Look, b.Sum = sumUp(c.words, counts, b)
	return b, nil
}

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
	case counts["good"] == 0:
		return look{"off", "off", w.T("Nothing has run yet")}, ""
	}
	return look{"good", "ok", w.T("Everything is in step")}, ""
}

func (p *Pages) rowOf(w words.Words, st center.ItemStatus) row {
	r := row{ItemStatus: st, Look: standing(w, st), Where: placeName(w, st.Place)}
	r.Cause, r.Remedy, _ = strings.Cut(st.Failing, "; ")
	if st.Last != nil {
		r.Last = runOf(*st.Last)
	}
	return r
}

// standing says how an item stands, the most important first.
func standing(w words.Words, st center.ItemStatus) look {
	switch {
	case !st.Item.Enabled:
		return look{"off", "off", w.T("Switched off")}
	case st.Running:
		return look{"busy", "sync", w.T("Syncing")}
	case st.Failing != "" || st.Last != nil && st.Last.Result == "failed":
		return look{"bad", "fail", w.T("Cannot sync")}
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
	}
	return look{"good", "ok", w.T("In step")}
}

// partnerIcon is the drawing of a sort of partner.
func partnerIcon(provider string) string {
	switch {
	case provider == "files" || provider == "vdir" || provider == "maildir" || provider == "pages":
		return "folder"
	case provider == "remote" || provider == "home":
		return "computer"
	case strings.HasPrefix(provider, "imap"):
		return "mail"
	case provider == "sms":
		return "sms"
	case strings.HasPrefix(provider, "bookmark"):
		return "bookmark"
	case strings.HasPrefix(provider, "sql"):
		return "row"
	}
	return "service"
}

// run is a session with its counts.
type run struct {
	store.Run
	Done      [2]engine.Totals
	Conflicts int
	Problems  int
	Aside     int
	Seen      [2]int
	Seconds   float64
}

// runOf reads the counts of a run, which are zero where it died.
func runOf(r store.Run) *run {
	out := &run{Run: r}
	_ = json.Unmarshal([]byte(r.Detail), out) // a run that is going on has none
	out.Run = r
	return out
}

// Moved is how many records a run wrote to one side.
func (r *run) Moved(side int) int {
	t := r.Done[side]
	return t.Creates + t.Updates + t.Attrs + t.Moves + t.Deletes
}

// All is how many records a run wrote.
func (r *run) All() int { return r.Moved(0) + r.Moved(1) }

// Bytes is how many bytes of bodies a run wrote.
func (r *run) Bytes() int64 { return r.Done[0].Bytes + r.Done[1].Bytes }

// Ended reports whether the run is over.
func (r *run) Ended() bool { return r.Finished != 0 }

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

// started lets the items run that a form names: one, those of a partner, or all.
func (p *Pages) start(c *call) error {
	names, err := c.chosen(func(st center.ItemStatus) bool { return st.Item.Enabled && !st.Running })
	if err != nil {
		return err
	}
	if len(names) > 0 {
		if _, err := c.hub.Begin(c.r.Context(), names, center.SyncOptions{By: c.frame.Person.User.Name}); err != nil {
			return err
		}
	}
	return c.quietly("started")
}

func (p *Pages) stop(c *call) error {
	names, err := c.chosen(func(st center.ItemStatus) bool { return st.Running })
	if err != nil {
		return err
	}
	if len(names) > 0 {
		if _, err := c.hub.Stop(c.r.Context(), names); err != nil {
			return err
		}
	}
	return c.quietly("stopped")
}

// chosen are the items that a form means: one by name, or those of a partner or of all that fit.
func (c *call) chosen(fits func(center.ItemStatus) bool) ([]string, error) {
	if item := c.form("item"); item != "" {
		return []string{item}, nil
	}
	list, err := c.hub.Status(c.r.Context(), nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, st := range list {
		if by := c.form("partner"); (by == "" || by == st.Item.Partner) && fits(st) {
			out = append(out, st.Item.Name)
		}
	}
	return out, nil
}

// quietly ends a request after which the page changes by itself; without scripts, it sends the browser back.
func (c *call) quietly(done string) error {
	if c.htmx() {
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return c.back(done)
}

func (p *Pages) enable(c *call) error {
	if err := c.hub.EnableItem(c.r.Context(), c.r.PathValue("item"), c.form("on") == "yes"); err != nil {
		return err
	}
	return c.quietly("saved")
}
