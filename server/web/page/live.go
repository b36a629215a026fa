package page

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/center"
	"tandem/center/progress"
	"tandem/center/shape"
	"tandem/server/web/page/words"
	"tandem/server/web/streams"
	"tandem/store"
)

func newBuffer(s string) *bytes.Buffer { return bytes.NewBufferString(s) }

// Live is where the stream is that tells pages what happens.
const Live = "/live"

// beat is how long a stream is without news, so that proxies and browsers see that the line is up.
const beat = 20 * time.Second

// messages are what a browser has still to be told: the newest of each name, in the order in which the names came up.
type messages struct {
	mu    sync.Mutex // guards what follows
	order []string
	data  map[string]string
	more  chan struct{} // has room for one
}

// put never waits: who is slow to listen gets the newest.
func (m *messages) put(name, data string) {
	m.mu.Lock()
	if _, ok := m.data[name]; !ok {
		m.order = append(m.order, name)
	}
	m.data[name] = data
	m.mu.Unlock()
	select {
	case m.more <- struct{}{}:
	default:
	}
}

// take removes everything, as text of the stream.
func (m *messages) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, name := range m.order {
		b.WriteString("id: 1\nevent: " + name + "\ndata: " + strings.NewReplacer("\n", " ", "\r", " ").Replace(m.data[name]) + "\n\n")
	}
	m.order, m.data = nil, map[string]string{}
	return b.String()
}

// live tells the page what happens as it happens (server-sent events): names of what to look at again, and progress as HTML.
func (p *Pages) live(c *call) error {
	if p.cfg.Streams != nil {
		leave, ok := p.cfg.Streams.Enter(c.frame.Person.User.Name)
		if !ok {
			return &tandem.Error{Kind: tandem.Busy, Op: "follow", Err: fmt.Errorf("%d pages follow already", streams.Most), Wait: 30, Remedy: "close some"}
		}
		defer leave()
	}
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	m := &messages{data: map[string]string{}, more: make(chan struct{}, 1)}
	newest, err := newestLine(ctx, c.hub)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() {
		defer cancel() // the browser comes back by itself
		if err := c.hub.Follow(ctx, func(n center.News) { p.tell(c, m, n) }); err != nil {
			p.cfg.Log.Debug("live", "err", err)
		}
	})
	all.Go(func() {
		defer cancel()
		if err := c.hub.FollowLog(ctx, newest, "", func(store.Event) { m.put("log", "1") }); err != nil {
			p.cfg.Log.Debug("live", "err", err)
		}
	})
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would wait for more
	c.w.WriteHeader(http.StatusOK)
	p.catchUp(c, m)
	ctl := http.NewResponseController(c.w)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	text := "retry: 2000\n\n"
	for {
		// Where deadlines cannot be set, the browser is waited for; that holds up nobody else.
		_ = ctl.SetWriteDeadline(time.Now().Add(p.cfg.Slowest))
		if _, err := c.w.Write([]byte(text)); err != nil {
			return nil
		}
		if err := ctl.Flush(); err != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			text = ": \n\n"
		case <-m.more:
			text = m.take()
		}
	}
}

// manyRows is how many items are told of one by one.
const manyRows = 50

// catchUp tells what may have happened before the stream began. Rows one by one keep the focus where it is; to a page that comes back, everything may be new.
func (p *Pages) catchUp(c *call, m *messages) {
	defer m.put("log", "1") // lines between the page and its stream
	list, err := c.hub.Status(c.r.Context(), nil)
	if err != nil || len(list) > manyRows || c.r.Header.Get("Last-Event-ID") != "" {
		m.put("all", "1")
		return
	}
	for _, st := range list {
		m.put("item-"+token(st.Item.Name), "1")
	}
	m.put("sum", "1")
}

// newestLine is the newest line of the log there is, 0 if there is none. Asked before the stream begins, so that it tells of every later one.
func newestLine(ctx context.Context, hub center.Service) (int64, error) {
	newest, err := hub.Log(ctx, -1, "", 0)
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	return newest[len(newest)-1].ID, nil
}

// tell tells one piece of news.
func (p *Pages) tell(c *call, m *messages, n center.News) {
	switch n.What {
	case center.MissedNews:
		m.put("all", "1")
	case center.DeviceNews:
		m.put("devices", "1")
	case center.HandlersNews:
		m.put("items", "1")
	case center.ProgressNews:
		g := progressOf(c.words, shape.OfProgress(n.Progress))
		if n.Row != nil {
			g = goingOf(c.words, *n.Row)
		}
		if body, err := c.execute("progress", g); err == nil {
			m.put("progress-"+token(n.Item), body.String())
		}
	case center.ConflictsNews:
		if n.Handler != "" { // of another program, whose items have no rows of their own
			m.put("items", "1")
		}
		m.put("conflicts", "1")
		m.put("item-"+token(n.Item), "1")
	case center.ItemsNews:
		m.put("items", "1")
		m.put("item-"+token(n.Item), "1")
	case center.EndedNews:
		m.put("progress-"+token(n.Item), " ")
		if n.Handler != "" { // of another program, whose items have no rows of their own
			m.put("items", "1")
		}
		m.put("conflicts", "1")
		m.put("item-"+token(n.Item), "1")
		m.put("sum", "1")
		if rep := shape.OfReport(n.Report); n.Err != nil || rep != nil && (rep.Result == "held" || wrote(rep.A) || wrote(rep.B)) {
			m.put("say", htmlText(said(c.words, n)))
		}
	default:
		if n.Handler != "" {
			m.put("items", "1")
		}
		m.put("sum", "1")
		m.put("item-"+token(n.Item), "1")
	}
}

func wrote(t shape.Totals) bool { return t.Creates+t.Updates+t.Attrs+t.Moves+t.Deletes > 0 }

// said is the end of a run as it is read out.
func said(w words.Words, n center.News) string {
	switch {
	case n.Err != nil:
		return w.T("%s could not be synced.", n.Item)
	case n.Report.Held:
		return w.T("%s waits for your go-ahead.", n.Item)
	}
	return w.T("%s has been synced.", n.Item)
}

// going is how far a run is.
type going struct {
	Text       string
	Done, Of   int // Of 0: not known
	Thing      string
	Left       string
	Percentage int
}

// token is an item's id as the name of an event: ids of other programs may hold anything.
func token(id string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' || r > 0x9f
	}
	if !strings.ContainsFunc(id, func(r rune) bool { return !plain(r) }) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "x" + hex.EncodeToString(sum[:8])
}

// goingOf says how far an item is that another program syncs.
func goingOf(w words.Words, r progress.Row) going {
	g := going{Text: cmp.Or(w.Say(r.Text), w.T("Syncing")), Done: r.Step, Of: r.Max}
	if r.Status != progress.Updating {
		g.Done, g.Of = 0, 0
	}
	return g
}

// progressOf says how far a run is.
func progressOf(w words.Words, pr *shape.Progress) going {
	if pr == nil {
		return going{Text: w.T("Beginning")}
	}
	g := going{Thing: pr.Thing, Done: pr.Done, Of: pr.Total}
	switch pr.Phase {
	case "looking":
		g.Text = w.T("Looking at both sides: %s records", w.Number(pr.Seen[0]+pr.Seen[1]))
	case "planning":
		g.Text = w.T("Deciding what to do")
	case "reading", "writing":
		g.Text = w.T("%s of %s records", w.Number(pr.Done), w.Number(pr.Total))
	case "noting":
		g.Text = w.T("Noting what was done")
	default:
		g.Text = w.T("Finishing")
	}
	if pr.Total > 0 {
		g.Percentage = min(100, pr.Done*100/pr.Total)
		if pr.Left > 0 {
			g.Left = w.T("about %s left", w.Seconds(float64(pr.Left)))
		}
	}
	return g
}
