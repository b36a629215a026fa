package control

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/session"
	"tandem/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub is a Service that remembers what it was asked and answers with what it is given.
type hub struct {
	center.Service
	asked   []any
	err     error
	syncing chan struct{} // when set, Sync says here that it runs, and waits for its context
}

func (h *hub) AddItem(_ context.Context, n center.NewItem) (store.Item, error) {
	h.asked = append(h.asked, n)
	return store.Item{Name: n.Name, Rules: `{"policy":"a"}`, Enabled: true}, h.err
}

func (h *hub) SetItem(_ context.Context, name string, set map[string]string) (store.Item, error) {
	h.asked = append(h.asked, name, set)
	return store.Item{Name: name, Mode: set["mode"]}, h.err
}

func (h *hub) Decide(_ context.Context, id int64, decision string, body []byte) error {
	h.asked = append(h.asked, id, decision, body)
	return h.err
}

func (h *hub) Conflict(context.Context, int64) (store.Conflict, []string, error) {
	c := store.Conflict{ID: 7, Kind: tandem.Contact, Versions: []store.ConflictVersion{{ID: "x", Digest: tandem.Digest{1, 2, 3}}, {Deleted: true}},
		Fields: []store.ConflictField{{Name: "phone", A: "1", B: "2"}}}
	return c, []string{"a\xff\x00", ""}, h.err
}

func (h *hub) Undo(_ context.Context, what string) ([]center.UndoResult, error) {
	h.asked = append(h.asked, what)
	return []center.UndoResult{{Past: store.Past{ID: 3, Op: tandem.Delete, Body: tandem.Digest{9}}, Done: true}}, h.err
}

func (h *hub) Status(_ context.Context, names []string) ([]center.ItemStatus, error) {
	h.asked = append(h.asked, names)
	return []center.ItemStatus{{Item: store.Item{Name: "x"}, Last: &store.Run{ID: 4, Result: "ok"}}}, h.err
}

func (h *hub) Sync(ctx context.Context, names []string, opt center.SyncOptions, tell func(center.SyncNews)) error {
	h.asked = append(h.asked, names, opt)
	if h.syncing != nil {
		tell(center.SyncNews{Item: "slow", Progress: &session.Progress{Done: 1}})
		h.syncing <- struct{}{}
		<-ctx.Done()
		h.syncing <- struct{}{}
		return ctx.Err()
	}
	tell(center.SyncNews{Item: "x", Progress: &session.Progress{Phase: session.Applying, Done: 3, Total: 9, Left: -1}})
	tell(center.SyncNews{Item: "x", Report: &session.Report{Session: 5, Conflicts: 1, Done: [2]engine.Totals{{Creates: 2}, {}}}, Planned: &center.Planned{Hash: "h", Held: []string{"why"}}})
	tell(center.SyncNews{Item: "y", Err: &center.Failure{Kind: tandem.Unreadable, Op: "open", Thing: "y", Remedy: "mount it"}})
	return h.err
}

func (h *hub) FollowLog(ctx context.Context, after int64, item string, tell func(store.Event)) error {
	h.asked = append(h.asked, after, item)
	if h.err != nil {
		return h.err
	}
	tell(store.Event{ID: 8, Item: "x", Level: store.Warning, Text: "careful", Record: "r", Remedy: "look"})
	<-ctx.Done()
	return nil
}

// serve runs a hub on a data folder and reaches it.
func serve(t *testing.T, h *hub, dir string) (*Client, func() error) {
	t.Helper()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h, "test") }()
	c, err := Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	stop := func() error { cancel(); c.Close(); return <-ended }
	return c, stop
}

func TestCallsSurviveTheWay(t *testing.T) {
	h := &hub{}
	c, stop := serve(t, h, t.TempDir())
	ctx := t.Context()
	if c.Process() != os.Getpid() || c.Version() != "test" {
		t.Errorf("reached process %d, version %s", c.Process(), c.Version())
	}
	n := center.NewItem{Home: "contacts", Partner: "vdir:/x", Rules: center.RuleWords{Policy: "b", GuardOff: true}}
	it, err := c.AddItem(ctx, n)
	if err != nil || !it.Enabled || it.Rules != `{"policy":"a"}` || !reflect.DeepEqual(h.asked[0], n) {
		t.Errorf("AddItem: %+v, %v; asked %+v", it, err, h.asked)
	}
	if err := c.Decide(ctx, 7, "body", []byte("\x00\xff")); err != nil || !reflect.DeepEqual(h.asked[1:], []any{int64(7), "body", []byte("\x00\xff")}) {
		t.Errorf("Decide: %v; asked %+v", err, h.asked)
	}
	x, bodies, err := c.Conflict(ctx, 7)
	want, wantBodies, _ := h.Conflict(ctx, 7)
	if err != nil || !reflect.DeepEqual(x, want) || !reflect.DeepEqual(bodies, wantBodies) {
		t.Errorf("Conflict: %+v %q %v", x, bodies, err)
	}
	set := map[string]string{"mode": "manual", "schedule": ""}
	if it, err := c.SetItem(ctx, "x", set); err != nil || it.Mode != "manual" || !reflect.DeepEqual(h.asked[4:], []any{"x", set}) {
		t.Errorf("SetItem: %+v, %v; asked %+v", it, err, h.asked)
	}
	undone, err := c.Undo(ctx, "s3")
	if err != nil || len(undone) != 1 || !undone[0].Done || undone[0].Past.Body != (tandem.Digest{9}) {
		t.Errorf("Undo: %+v, %v", undone, err)
	}
	status, err := c.Status(ctx, []string{"x"})
	if err != nil || status[0].Last == nil || status[0].Last.ID != 4 {
		t.Errorf("Status: %+v, %v", status, err)
	}
	h.err = &tandem.Error{Kind: tandem.Exists, Op: "add item", Thing: "x", Remedy: "choose another name", Err: errors.New("taken")}
	if _, err := c.AddItem(ctx, n); !tandem.IsKind(err, tandem.Exists) || err.Error() != h.err.Error() {
		t.Errorf("the error became %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestSyncTellsAsItGoes(t *testing.T) {
	h := &hub{}
	c, stop := serve(t, h, t.TempDir())
	var news []center.SyncNews
	opt := center.SyncOptions{Full: true, Chosen: map[string]string{"k": "skip"}}
	if err := c.Sync(t.Context(), []string{"x", "y"}, opt, func(n center.SyncNews) { news = append(news, n) }); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(h.asked, []any{[]string{"x", "y"}, opt}) {
		t.Errorf("asked %+v", h.asked)
	}
	if len(news) != 3 || news[0].Progress.Total != 9 || news[1].Report.Done[0].Creates != 2 || news[1].Planned.Held[0] != "why" || news[2].Err.Err().Error() != "open y: unreadable; mount it" {
		t.Errorf("told %+v", news)
	}
	h.err = tandem.Errorf(tandem.NotFound, "no such item")
	if err := c.Sync(t.Context(), nil, opt, func(center.SyncNews) {}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("the error became %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A log that is followed ends well with its reader, and with the hub.
func TestFollowLog(t *testing.T) {
	h := &hub{}
	c, stop := serve(t, h, t.TempDir())
	follow := func(end func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told := make(chan store.Event, 1)
		ended := make(chan error, 1)
		go func() { ended <- c.FollowLog(ctx, -5, "x", func(e store.Event) { told <- e }) }()
		if e := <-told; e.ID != 8 || e.Level != store.Warning || e.Text != "careful" || e.Record != "r" || e.Remedy != "look" {
			t.Errorf("told %+v", e)
		}
		if end == nil {
			end = cancel
		}
		end()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
	follow(nil)
	if !reflect.DeepEqual(h.asked, []any{int64(-5), "x"}) {
		t.Errorf("asked %+v", h.asked)
	}
	stopped := make(chan error, 1)
	follow(func() { go func() { stopped <- stop() }() })
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	h = &hub{err: &tandem.Error{Kind: tandem.Invalid, Op: "follow log"}}
	c, stop = serve(t, h, t.TempDir())
	if err := c.FollowLog(t.Context(), 0, "", func(store.Event) {}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("the error became %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Who asked for a run and goes away cancels it.
func TestHangingUpCancels(t *testing.T) {
	h := &hub{syncing: make(chan struct{})}
	c, stop := serve(t, h, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Sync(ctx, nil, center.SyncOptions{}, func(center.SyncNews) {}) }()
	<-h.syncing
	cancel()
	<-h.syncing // only if the run's context ended
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("asker got %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A hub that stops tells those who wait, and takes its socket away.
func TestStopping(t *testing.T) {
	dir := t.TempDir()
	h := &hub{syncing: make(chan struct{})}
	c, stop := serve(t, h, dir)
	ended := make(chan error, 1)
	go func() { ended <- c.Sync(t.Context(), nil, center.SyncOptions{}, func(center.SyncNews) {}) }()
	<-h.syncing
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	<-h.syncing
	if err := <-ended; err == nil {
		t.Error("the run that was cut off ended well")
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := Dial(t.Context(), dir); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("after the end: %v", err)
	}
}

// A socket that a killed process left behind is nobody's, and is replaced.
func TestStaleSocket(t *testing.T) {
	dir := t.TempDir()
	path, err := Address(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if _, err := Dial(t.Context(), dir); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("a stale socket: %v", err)
	}
	_, stop := serve(t, &hub{}, dir)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A data folder with a long name has its socket elsewhere, in a folder for its owner alone.
func TestLongPath(t *testing.T) {
	t.Setenv("TMPDIR", shortTemp(t))
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path, err := Address(dir)
	if err != nil || len(path) > socketMax || strings.HasPrefix(path, dir) {
		t.Fatalf("address %s, %v", path, err)
	}
	_, stop := serve(t, &hub{}, dir)
	defer stop()
	if fi, err := os.Stat(filepath.Dir(path)); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v, %v", fi, err)
	}
}

// A folder among the temporary ones that others may enter is not trusted.
func TestForeignFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	t.Setenv("TMPDIR", shortTemp(t))
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	path, err := Address(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen(dir); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("listening there: %v, %v", l, err)
	}
}

// shortTemp is a folder with a short name.
func shortTemp(t *testing.T) string {
	dir, err := os.MkdirTemp("/tmp", "t")
	if err != nil {
		t.Skip("no short temporary folder: ", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	dir := t.TempDir()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	path, _ := Address(dir)
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", fi, err)
	}
}

// Requests that another version would make are refused, not half understood.
func TestUnknownRequests(t *testing.T) {
	c, stop := serve(t, &hub{}, t.TempDir())
	if _, err := call[nothing](t.Context(), c, "Frobnicate", nothing{}); err == nil || !strings.Contains(err.Error(), "same version") {
		t.Errorf("an unknown method: %v", err)
	}
	if _, err := call[nothing](t.Context(), c, "EnableItem", map[string]any{"Name": "x", "Forever": true}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("an unknown argument: %v", err)
	}
	resp, err := c.http.Get("http://tandem/v1/Status")
	if err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %v, %v", resp, err)
	}
	if err == nil {
		resp.Body.Close()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
