// Package metrics counts what a hub does, for Prometheus. Labels have few values, all from lists of the program's own: no user, device, item, place or path is in any, so that
// the number of series is bounded, and whoever reads them learns nothing of a person.
package metrics

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/server/eas"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Path is where the metrics are.
const Path = "/metrics"

// Config is what the metrics are read from. Everything without a remark may be nil, and is left out then.
type Config struct {
	Version string
	Figures func(ctx context.Context) (store.Figures, error)
	Files   func() (int64, error) // bytes of bodies that are files; slow, and asked for rarely
	Load    func() center.Load
	Waiting func() int // phones whose requests wait
	Streams func() int // open event streams
	Ready   func(context.Context) bool
	Now     func() time.Time // nil: time.Now
}

// Metrics counts. Its methods may be called concurrently.
type Metrics struct {
	registry *prometheus.Registry

	runs      *prometheus.CounterVec
	runTime   *prometheus.HistogramVec
	records   *prometheus.CounterVec
	bytes     *prometheus.CounterVec
	conflicts *prometheus.CounterVec
	errors    *prometheus.CounterVec
	commands  *prometheus.CounterVec
	took      *prometheus.HistogramVec
	requests  *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
}

// New makes metrics with a registry of their own.
func New(cfg Config) *Metrics {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	times := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	short, long := []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}, []float64{.05, .1, .5, 1, 5, 10, 30, 60, 300, 900, 3600}
	m := &Metrics{registry: prometheus.NewRegistry(),
		runs:      counter("tandem_runs_total", "Runs of sync items that ended, by kind of record and result.", "kind", "result"),
		runTime:   times("tandem_run_duration_seconds", "How long runs took.", long, "kind"),
		records:   counter("tandem_records_written_total", "Records that runs wrote, by kind, side and what was done.", "kind", "side", "op"),
		bytes:     counter("tandem_written_bytes_total", "Bytes of the bodies that runs wrote, by kind and side.", "kind", "side"),
		conflicts: counter("tandem_run_conflicts_total", "Conflicts that were open after runs, each counted with every run that left it open.", "kind"),
		errors:    counter("tandem_run_errors_total", "Runs and single records that failed, by code of the error.", "code"),
		commands:  counter("tandem_eas_requests_total", "Requests of phones that were answered, by command, code of HTTP and status of the protocol.", "command", "code", "status"),
		took:      times("tandem_eas_request_duration_seconds", "How long phones' requests took to be answered, or to begin to wait.", short, "command"),
		requests:  counter("tandem_http_requests_total", "Requests that were answered, by door, method and class of the code.", "door", "method", "code"),
		seconds:   times("tandem_http_request_duration_seconds", "How long requests took, without streams and phones' requests.", short, "door"),
	}
	m.registry.MustRegister(m.runs, m.runTime, m.records, m.bytes, m.conflicts, m.errors, m.commands, m.took, m.requests, m.seconds, newStanding(cfg),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers with the metrics. Who may ask is decided by whoever serves it.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 30 * time.Second})
}

// Registry gathers the metrics, for tests.
func (m *Metrics) Registry() prometheus.Gatherer { return m.registry }

// Ran counts a run that ended.
func (m *Metrics) Ran(r center.Ran) {
	kind := kindOf(r.Kind)
	m.runs.WithLabelValues(kind, r.Result).Inc()
	m.runTime.WithLabelValues(kind).Observe(r.Took.Seconds())
	if r.Code != "" {
		m.errors.WithLabelValues(r.Code).Inc()
	}
	if r.Report == nil {
		return
	}
	for side, t := range r.Report.Done {
		m.wrote(kind, [2]string{"home", "partner"}[side], t)
	}
	m.conflicts.WithLabelValues(kind).Add(float64(r.Report.Conflicts))
	for _, e := range r.Report.Problems {
		if e.Code != "" {
			m.errors.WithLabelValues(e.Code).Inc()
		}
	}
}

func (m *Metrics) wrote(kind, side string, t engine.Totals) {
	for op, n := range map[string]int{"create": t.Creates, "update": t.Updates, "attributes": t.Attrs, "move": t.Moves, "delete": t.Deletes} {
		if n > 0 {
			m.records.WithLabelValues(kind, side, op).Add(float64(n))
		}
	}
	m.bytes.WithLabelValues(kind, side).Add(float64(max(0, t.Bytes)))
}

// kindOf is a kind as a label: one of the program's own.
func kindOf(k tandem.Kind) string {
	switch k {
	case tandem.Contact, tandem.Event, tandem.Task, tandem.Note, tandem.Mail, tandem.SMS, tandem.Bookmark, tandem.File, tandem.Picture:
		return string(k)
	case "":
		return "unknown"
	}
	return "other"
}

// Watch counts phones' requests.
func (m *Metrics) Watch(a eas.Asked) func(eas.Answered) {
	command := a.Command
	return func(a eas.Answered) {
		m.commands.WithLabelValues(command, strconv.Itoa(a.Code), status(a)).Inc()
		m.took.WithLabelValues(command).Observe(a.Took.Seconds())
	}
}

// status is the status that stands at the top of an answer: "1" where none does, since only failures need one. MS-ASCMD 2.2.2
func status(a eas.Answered) string {
	if a.Response == nil || a.Code != http.StatusOK {
		return "none"
	}
	if a.Response.Body == nil {
		return "1"
	}
	for _, c := range a.Response.Body.Children {
		if c.Tag.Name() == "Status" {
			return statusLabel(c)
		}
	}
	return "1"
}

func statusLabel(e *wbxml.Element) string {
	if n, err := strconv.Atoi(e.String()); err == nil && n > 0 && n < 200 {
		return strconv.Itoa(n)
	}
	return "other"
}

// Door counts the requests of a door: "eas", "dav", "web". Streams and phones' requests last as long as they wait, and are not timed.
func (m *Metrics) Door(door string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		c := &code{ResponseWriter: w}
		defer func() {
			m.requests.WithLabelValues(door, method(r.Method), c.class()).Inc()
			if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") && door != "eas" {
				m.seconds.WithLabelValues(door).Observe(time.Since(began).Seconds())
			}
		}()
		next.ServeHTTP(c, r)
	})
}

// method is a method as a label.
func method(s string) string {
	switch s {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL":
		return s
	}
	return "other"
}

// code notes the code of an answer.
type code struct {
	http.ResponseWriter
	n int
}

func (c *code) WriteHeader(n int) {
	if c.n == 0 || c.n < 200 {
		c.n = n
	}
	c.ResponseWriter.WriteHeader(n)
}

// ReadFrom lets files go out without being copied through the program.
func (c *code) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.ResponseWriter, r) }

// Unwrap lets deadlines, flushing and taking over of connections through (http.ResponseController).
func (c *code) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *code) class() string {
	switch {
	case c.n == 0:
		return "2xx"
	case c.n < 100 || c.n > 599:
		return "other"
	}
	return strconv.Itoa(c.n/100) + "xx"
}
