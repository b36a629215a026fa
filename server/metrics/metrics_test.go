package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/server/eas"
	"tandem/server/eas/proto"
	"tandem/session"
	"tandem/store"
	"tandem/wire/wbxml"
)

func full() *Metrics {
	return New(Config{Version: "1", Figures: func(context.Context) (store.Figures, error) {
		return store.Figures{Users: 2, Records: map[tandem.Kind]int{tandem.Contact: 3, "made-up": 4, "other-made-up": 1}, Outgoing: map[string]int{"waiting": 5, "odd": 6}, Bytes: 7}, nil
	}, Files: func() (int64, error) { return 8, nil }, Load: func() center.Load { return center.Load{Running: 1, Waiting: 2, Failing: 3} }, Waiting: func() int { return 9 },
		Streams: func() int { return 10 }, Ready: func(context.Context) bool { return true }})
}

func get(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", Path, nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func has(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !strings.Contains(text, want+"\n") {
			name, _, _ := strings.Cut(want, "{")
			var near []string
			for _, l := range strings.Split(text, "\n") {
				if strings.HasPrefix(l, strings.Fields(name)[0]) {
					near = append(near, l)
				}
			}
			t.Errorf("no %q; there is %q", want, near)
		}
	}
}

// TestRuns checks what is counted of runs.
func TestRuns(t *testing.T) {
	m := full()
	rep := &session.Report{Conflicts: 2, Done: [2]engine.Totals{{Creates: 4, Bytes: 100}, {Updates: 1, Attrs: 2, Moves: 3, Deletes: 4, Bytes: -1}}, Problems: []store.Event{{Code: "denied", Text: "Zoe"}, {Text: "no code"}}}
	m.Ran(center.Ran{Kind: tandem.Contact, Result: "conflicts", Took: 2 * time.Second, Report: rep})
	m.Ran(center.Ran{Result: "failed", Code: "unreadable"})
	m.Ran(center.Ran{Kind: "kind of a stranger", Result: "ok", Report: &session.Report{}})
	text := get(t, m)
	has(t, text, `tandem_runs_total{kind="contact",result="conflicts"} 1`, `tandem_runs_total{kind="unknown",result="failed"} 1`, `tandem_runs_total{kind="other",result="ok"} 1`,
		`tandem_records_written_total{kind="contact",op="create",side="home"} 4`, `tandem_records_written_total{kind="contact",op="delete",side="partner"} 4`,
		`tandem_records_written_total{kind="contact",op="attributes",side="partner"} 2`, `tandem_written_bytes_total{kind="contact",side="home"} 100`,
		`tandem_run_conflicts_total{kind="contact"} 2`, `tandem_run_errors_total{code="denied"} 1`, `tandem_run_errors_total{code="unreadable"} 1`,
		`tandem_run_duration_seconds_sum{kind="contact"} 2`)
	if strings.Contains(text, "Zoe") || strings.Contains(text, "stranger") {
		t.Error("a text of a run is among the metrics")
	}
}

// TestStanding checks what is read when it is asked.
func TestStanding(t *testing.T) {
	text := get(t, full())
	has(t, text, `tandem_store_rows{sort="users"} 2`, `tandem_store_records{kind="contact"} 3`, `tandem_store_records{kind="other"} 5`, `tandem_outgoing_messages{state="waiting"} 5`,
		`tandem_outgoing_messages{state="other"} 6`, `tandem_store_database_bytes 7`, `tandem_store_bodies_bytes 8`, `tandem_active_runs{state="waiting"} 2`, `tandem_failing_items 3`,
		`tandem_waiting_phones 9`, `tandem_open_streams 10`, `tandem_ready 1`, `tandem_build_info{version="1"} 1`)
	if !strings.Contains(text, "go_goroutines ") {
		t.Error("nothing of the program itself")
	}
}

// TestFilesAreLookedAtRarely checks that asking often does not read the disk each time, and that what cannot be told is left out.
func TestFilesAreLookedAtRarely(t *testing.T) {
	looks, now := 0, time.Unix(1_800_000_000, 0)
	broken := false
	m := New(Config{Now: func() time.Time { return now }, Files: func() (int64, error) {
		if looks++; broken {
			return 0, errors.New("unplugged")
		}
		return int64(looks), nil
	}, Figures: func(context.Context) (store.Figures, error) { return store.Figures{}, errors.New("locked") }})
	for range 3 {
		has(t, get(t, m), "tandem_store_bodies_bytes 1")
	}
	now = now.Add(filesEvery)
	has(t, get(t, m), "tandem_store_bodies_bytes 2")
	broken, now = true, now.Add(filesEvery)
	if text := get(t, m); strings.Contains(text, "tandem_store_") {
		t.Error("what cannot be told is told")
	}
}

// TestPhones checks what is counted of phones' requests.
func TestPhones(t *testing.T) {
	m := full()
	for _, c := range []struct {
		asked eas.Asked
		a     eas.Answered
		want  string
	}{
		{eas.Asked{Command: "Sync"}, eas.Answered{Code: 200, Response: &proto.Response{}}, `tandem_eas_requests_total{code="200",command="Sync",status="1"} 1`},
		{eas.Asked{Command: "Ping"}, eas.Answered{Code: 200, Response: proto.Answer(wbxml.New(wbxml.PingPing, wbxml.Text(wbxml.PingStatus, "7")))}, `tandem_eas_requests_total{code="200",command="Ping",status="7"} 1`},
		{eas.Asked{Command: "Find"}, eas.Answered{Code: 200, Response: proto.Answer(wbxml.New(wbxml.FindFind, wbxml.Text(wbxml.FindStatus, "Zoe")))}, `tandem_eas_requests_total{code="200",command="Find",status="other"} 1`},
		{eas.Asked{Command: "Search"}, eas.Answered{Code: 500, Err: errors.New("no")}, `tandem_eas_requests_total{code="500",command="Search",status="none"} 1`},
		{eas.Asked{Command: "FolderSync"}, eas.Answered{Code: 200, Response: proto.Answer(wbxml.New(wbxml.FolderHierarchyFolderSync))}, `tandem_eas_requests_total{code="200",command="FolderSync",status="1"} 1`},
	} {
		c.a.Took = time.Second
		m.Watch(c.asked)(c.a)
		has(t, get(t, m), c.want)
	}
	has(t, get(t, m), `tandem_eas_request_duration_seconds_sum{command="Sync"} 1`)
}

// TestDoors checks what is counted of all requests, and that streams are not timed.
func TestDoors(t *testing.T) {
	m := full()
	h := m.Door("web", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusTeapot)
		case "/stream":
			w.Header().Set("Content-Type", "text/event-stream")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		default:
			fmt.Fprint(w, "ok")
		}
	}))
	for _, r := range [][2]string{{"GET", "/"}, {"GET", "/early"}, {"BREW", "/"}, {"GET", "/stream"}} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(r[0], r[1], nil))
	}
	has(t, get(t, m), `tandem_http_requests_total{code="2xx",door="web",method="GET"} 2`, `tandem_http_requests_total{code="4xx",door="web",method="GET"} 1`,
		`tandem_http_requests_total{code="2xx",door="web",method="other"} 1`, `tandem_http_request_duration_seconds_count{door="web"} 3`)
}

// TestLint holds names, units and help to what Prometheus wants.
func TestLint(t *testing.T) {
	m := full()
	m.Ran(center.Ran{Kind: tandem.Contact, Result: "ok", Code: "busy", Report: &session.Report{Done: [2]engine.Totals{{Creates: 1}}}})
	m.Watch(eas.Asked{Command: "Sync"})(eas.Answered{Code: 200})
	m.Door("web", http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	problems, err := testutil.GatherAndLint(m.Registry())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if problems, err := promlint.New(strings.NewReader(get(t, m))).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("as text: %v, %v", problems, err)
	}
}

// TestTwoHubs checks that two hubs in one process count apart.
func TestTwoHubs(t *testing.T) {
	a, b := full(), full()
	a.Ran(center.Ran{Kind: tandem.Contact, Result: "ok"})
	if strings.Contains(get(t, b), "tandem_runs_total{") {
		t.Error("one hub counts the other's runs")
	}
}

// TestBounded checks that strangers cannot make series.
func TestBounded(t *testing.T) {
	m := full()
	h := m.Door("web", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	for i := range 300 {
		r := httptest.NewRequest("GET", fmt.Sprintf("/%d", i), nil)
		r.Method = fmt.Sprintf("M%d", i)
		h.ServeHTTP(httptest.NewRecorder(), r)
		m.Watch(eas.Asked{Command: "Sync", DeviceType: fmt.Sprint(i)})(eas.Answered{Code: 200, Response: proto.Answer(wbxml.New(wbxml.AirSyncSync, wbxml.Text(wbxml.AirSyncStatus, fmt.Sprint(1000+i))))})
		m.Ran(center.Ran{Kind: tandem.Kind(fmt.Sprint(i)), Result: "ok", Report: &session.Report{}})
	}
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "tandem_") {
			n += len(f.GetMetric())
		}
	}
	if n > 60 {
		t.Errorf("%d series", n)
	}
}
