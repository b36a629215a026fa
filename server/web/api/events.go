package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
	"tandem/server/web/login"
	"tandem/server/web/streams"
	"tandem/store"
)

// beat is how long a stream is without news, so that proxies and browsers see that the line is up.
const beat = 20 * time.Second

const eventsHelp = `Server-sent events. The first is "missed", and after each of that type the whole state is told: an "item" for each sync item, and "conflicts". Then what changes:

- item: a sync item and how it stands, as /api/items has it; removed: {"item"}
- progress: {"item", "progress"}, at most twice a second for each item, the latest; {"item", "handler", "reached"} of one that another program or a phone syncs
- run: {"item", "report" or "error"}: a run is over, whoever began it; {"item", "handler", "reached"} where another program or a phone did it
- handler: {"handler", "item"}: a handler appeared, vanished or changed, or something of it is being synced; look at /api/handlers
- log: a line of the log, as /api/log has it; its id is the id of the event
- conflicts: {"open": how many, "opened": [ids], "closed": [ids]}
- device: {"user", "device"}: it was seen, or somebody decided about it
- missed: {}: what was known before counts no longer

Only lines of the log have ids. A client that comes back with Last-Event-ID, or with ?after=, gets the lines after that one, across restarts of the hub, too. Without, they
begin with the next one.`

func (a *API) addEvents() {
	a.mux.HandleFunc("GET "+Events, a.events)
	text := &huma.Schema{Type: "string"}
	many := &huma.Schema{Type: "array", Items: text}
	no := false
	a.huma.OpenAPI().AddOperation(&huma.Operation{OperationID: "follow", Method: "GET", Path: Events, Tags: []string{"events"}, Summary: "What happens, as it happens", Description: eventsHelp,
		Parameters: []*huma.Param{
			{Name: "item", In: "query", Description: "only what is about these sync items", Schema: many, Explode: &no},
			{Name: "types", In: "query", Description: "only these types: item, progress, run, handler, log, conflicts, device", Schema: many, Explode: &no},
			{Name: "path", In: "query", Description: "of the log only lines about these records and what is below them", Schema: many, Explode: &no},
			{Name: "after", In: "query", Description: "the id of the last line of the log that is known", Schema: &huma.Schema{Type: "integer", Format: "int64"}},
			{Name: "Last-Event-ID", In: "header", Description: "the same, as browsers send it", Schema: text},
		},
		Responses: map[string]*huma.Response{"200": {Description: "The stream", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: text}}}},
	})
}

// events answers with the stream.
func (a *API) events(w http.ResponseWriter, r *http.Request) {
	p, _ := login.From(r.Context())
	leave, ok := a.cfg.Streams.Enter(p.User.Name)
	if !ok {
		Fail(w, &tandem.Error{Kind: tandem.Busy, Op: "follow", Err: fmt.Errorf("%d pages follow already", streams.Most), Wait: 30, Remedy: "close some"}, a.cfg.Log)
		return
	}
	defer leave()
	s := &stream{hub: a.cfg.Service(r.Context()), w: w, ctl: http.NewResponseController(w), items: fields(r, "item"), types: fields(r, "types"), paths: fields(r, "path"), open: map[int64]bool{}, slowest: a.cfg.Slowest}
	if err := s.begin(r); err != nil {
		Fail(w, err, a.cfg.Log)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	// Who is slow to take what is told holds up nobody but this stream: both sources keep what is new for it, or can tell it again.
	news, lines, ends := make(chan center.News), make(chan store.Event), make(chan error, 2)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { ends <- s.hub.Follow(ctx, func(n center.News) { send(ctx, news, n) }) })
	all.Go(func() { ends <- s.hub.FollowLog(ctx, s.after, "", func(e store.Event) { send(ctx, lines, e) }) })
	if err := s.serve(ctx, news, lines, ends); err != nil {
		a.cfg.Log.Debug("event stream ends", "err", err)
	}
}

func send[T any](ctx context.Context, to chan<- T, v T) {
	select {
	case to <- v:
	case <-ctx.Done():
	}
}

// fields are the values of a parameter, separated by commas or given several times.
func fields(r *http.Request, name string) (out []string) {
	for _, v := range r.URL.Query()[name] {
		for _, f := range strings.Split(v, ",") {
			if f != "" {
				out = append(out, f)
			}
		}
	}
	return out
}

// stream is one event stream.
type stream struct {
	hub   center.Service
	w     http.ResponseWriter
	ctl   *http.ResponseController
	items []string // only these; none: all
	types []string // likewise
	paths []string // likewise: of lines of the log, the records that they are about, with what is below them
	after int64    // the last line of the log that the client has
	open  map[int64]bool

	slowest time.Duration // to take a message
}

// begin finds out where the client stands, and answers.
func (s *stream) begin(r *http.Request) error {
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.Query().Get("after")
	}
	if n, err := strconv.ParseInt(last, 10, 64); err == nil && n >= 0 {
		s.after = n
	} else {
		newest, err := s.hub.Log(r.Context(), -1, "", 0)
		if err != nil {
			return err
		}
		if len(newest) > 0 {
			s.after = newest[len(newest)-1].ID
		}
	}
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would wait for more
	s.w.WriteHeader(http.StatusOK)
	return nil
}

// serve tells until somebody ends it.
func (s *stream) serve(ctx context.Context, news <-chan center.News, lines <-chan store.Event, ends <-chan error) error {
	if err := s.put("retry: 2000\n\n"); err != nil {
		return err
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case err = <-ends:
			return err
		case <-tick.C:
			err = s.put(": \n\n")
		case e := <-lines:
			if s.about(e.Item) && e.Below(s.paths) {
				err = s.tell("log", e.ID, shape.OfEvent(e))
			}
		case n := <-news:
			err = s.news(ctx, n)
		}
		if err != nil {
			return err
		}
	}
}

func (s *stream) about(item string) bool { return len(s.items) == 0 || slices.Contains(s.items, item) }

func (s *stream) wants(typ string) bool { return len(s.types) == 0 || slices.Contains(s.types, typ) }

// put writes to the client, who must take it within a while.
func (s *stream) put(text string) error {
	// Where deadlines cannot be set, the client is waited for; that holds up nobody else.
	_ = s.ctl.SetWriteDeadline(time.Now().Add(s.slowest))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.ctl.Flush()
}

// tell writes an event. JSON has no line breaks, so that nothing in it can be taken for another event.
func (s *stream) tell(typ string, id int64, v any) error {
	if !s.wants(typ) && typ != center.MissedNews {
		return nil
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	head := "event: " + typ + "\n"
	if id != 0 {
		head += "id: " + strconv.FormatInt(id, 10) + "\n"
	}
	return s.put(head + "data: " + string(body) + "\n\n")
}

// The events that are no items and no lines of the log.
type (
	removed struct {
		Item string `json:"item"`
	}
	running struct {
		Item     string          `json:"item"`
		Progress *shape.Progress `json:"progress"`
	}
	ended struct {
		Item   string         `json:"item"`
		Report *shape.Report  `json:"report,omitempty"`
		Error  *shape.Failure `json:"error,omitempty"`
	}
	elsewhere struct { // done by another program, or a phone
		Item    string              `json:"item"`
		Handler string              `json:"handler"`
		Reached *shape.ProgressItem `json:"reached"`
	}
	changed struct {
		Handler string `json:"handler"`
		Item    string `json:"item,omitempty"`
	}
	conflicts struct {
		Open   int     `json:"open"`
		Opened []int64 `json:"opened"`
		Closed []int64 `json:"closed"`
	}
	seen struct {
		User   string `json:"user"`
		Device string `json:"device"`
	}
)

// everything tells how all items stand, and which conflicts wait.
func (s *stream) everything(ctx context.Context) error {
	list, err := s.hub.Status(ctx, nil)
	if err != nil {
		return err
	}
	for _, st := range list {
		if s.about(st.Item.Name) {
			if err := s.tell("item", 0, shape.OfStatus(st)); err != nil {
				return err
			}
		}
	}
	return s.conflicts(ctx, true)
}

// item tells how an item stands.
func (s *stream) item(ctx context.Context, name string) error {
	if !s.wants("item") || strings.Contains(name, " ") { // two places
		return nil
	}
	list, err := s.hub.Status(ctx, []string{name})
	if tandem.IsKind(err, tandem.NotFound) {
		return s.tell("removed", 0, removed{name})
	}
	if err != nil || len(list) == 0 {
		return err
	}
	return s.tell("item", 0, shape.OfStatus(list[0]))
}

// conflicts tells which were opened and closed since it last looked.
func (s *stream) conflicts(ctx context.Context, always bool) error {
	if !s.wants("conflicts") {
		return nil
	}
	list, err := s.hub.Conflicts(ctx, true)
	if err != nil {
		return err
	}
	now, out := map[int64]bool{}, conflicts{Opened: []int64{}, Closed: []int64{}}
	for _, c := range list {
		if c.Decision != 0 || !s.about(c.Item) {
			continue
		}
		now[c.ID] = true
		if !s.open[c.ID] {
			out.Opened = append(out.Opened, c.ID)
		}
	}
	for id := range s.open {
		if !now[id] {
			out.Closed = append(out.Closed, id)
		}
	}
	slices.Sort(out.Closed)
	s.open, out.Open = now, len(now)
	if !always && len(out.Opened)+len(out.Closed) == 0 {
		return nil
	}
	return s.tell("conflicts", 0, out)
}

// news tells what happened.
func (s *stream) news(ctx context.Context, n center.News) error {
	switch {
	case n.What == center.MissedNews:
		if err := s.tell(center.MissedNews, 0, struct{}{}); err != nil {
			return err
		}
		return s.everything(ctx)
	case n.What == center.DeviceNews:
		return s.tell("device", 0, seen{n.User, n.Device})
	case !s.about(n.Item):
		return nil
	case n.Handler != "":
		return s.elsewhere(ctx, n)
	case n.What == center.ProgressNews:
		return s.tell("progress", 0, running{n.Item, shape.OfProgress(n.Progress)})
	case n.What == center.EndedNews:
		if err := s.tell("run", 0, ended{n.Item, shape.OfReport(n.Report), shape.OfFailure(n.Err)}); err != nil {
			return err
		}
		if err := s.item(ctx, n.Item); err != nil {
			return err
		}
		return s.conflicts(ctx, false)
	case n.What == center.ConflictsNews:
		if err := s.conflicts(ctx, false); err != nil {
			return err
		}
	}
	return s.item(ctx, n.Item)
}

// elsewhere tells of a handler, and of what another program or a phone syncs. Its item may be one of a partner.
func (s *stream) elsewhere(ctx context.Context, n center.News) error {
	var err error
	switch n.What {
	case center.ProgressNews:
		return s.tell("progress", 0, elsewhere{n.Item, n.Handler, shape.OfReached(n.Item, n.Row)})
	case center.EndedNews:
		err = s.tell("run", 0, elsewhere{n.Item, n.Handler, shape.OfReached(n.Item, n.Row)})
	case center.ConflictsNews:
		err = s.conflicts(ctx, true) // an answer that was changed is news for the program, too
	}
	if err == nil {
		err = s.tell("handler", 0, changed{n.Handler, n.Item})
	}
	if err != nil || n.Item == "" || !s.wants("item") {
		return err
	}
	list, err := s.hub.Status(ctx, []string{n.Item})
	if tandem.IsKind(err, tandem.NotFound) { // it is no item of the hub's own
		return nil
	}
	if err != nil || len(list) == 0 {
		return err
	}
	return s.tell("item", 0, shape.OfStatus(list[0]))
}
