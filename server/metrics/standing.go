package metrics

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem"
)

// filesEvery is how often it is looked how much the bodies take that are files.
const filesEvery = 10 * time.Minute

// standing reads how the hub stands when it is asked.
type standing struct {
	cfg Config
	all []*prometheus.Desc

	info, ready, runs, failing, waiting, streams, rows, records, outgoing, database, bodies *prometheus.Desc

	mu    sync.Mutex // guards what follows
	asked time.Time  // when the files were last looked at
	files int64
}

func newStanding(cfg Config) *standing {
	s := &standing{cfg: cfg}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		d := prometheus.NewDesc(name, help, labels, nil)
		s.all = append(s.all, d)
		return d
	}
	s.info = desc("tandem_build_info", "The program; always 1.", "version")
	s.ready = desc("tandem_ready", "Whether the hub is ready: 1 or 0.")
	s.runs = desc("tandem_active_runs", "Runs that go on, or wait for their turn.", "state")
	s.failing = desc("tandem_failing_items", "Sync items whose last run failed.")
	s.waiting = desc("tandem_waiting_phones", "Phones whose requests wait for something to happen.")
	s.streams = desc("tandem_open_streams", "Event streams of pages and programs that are open.")
	s.rows = desc("tandem_store_rows", "What the store holds, by sort.", "sort")
	s.records = desc("tandem_store_records", "Records in home collections, by kind.", "kind")
	s.outgoing = desc("tandem_outgoing_messages", "Messages on their way out, by state.", "state")
	s.database = desc("tandem_store_database_bytes", "Size of the database.")
	s.bodies = desc("tandem_store_bodies_bytes", "Size of the bodies that are files; looked at every ten minutes.")
	return s
}

// Describe implements prometheus.Collector.
func (s *standing) Describe(to chan<- *prometheus.Desc) {
	for _, d := range s.all {
		to <- d
	}
}

// Collect implements prometheus.Collector. What cannot be told is left out.
func (s *standing) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(s.info, 1, s.cfg.Version)
	if s.cfg.Ready != nil {
		v := 0.0
		if s.cfg.Ready(ctx) {
			v = 1
		}
		gauge(s.ready, v)
	}
	if s.cfg.Load != nil {
		l := s.cfg.Load()
		gauge(s.runs, float64(l.Running), "running")
		gauge(s.runs, float64(l.Waiting), "waiting")
		gauge(s.failing, float64(l.Failing))
	}
	if s.cfg.Waiting != nil {
		gauge(s.waiting, float64(s.cfg.Waiting()))
	}
	if s.cfg.Streams != nil {
		gauge(s.streams, float64(s.cfg.Streams()))
	}
	if s.cfg.Figures != nil {
		s.store(ctx, gauge)
	}
	if n, ok := s.bytes(); ok {
		gauge(s.bodies, float64(n))
	}
}

// states are the states of messages on their way out, store.Outgoing.State; what else there may be is "other".
const states = " waiting failed partly sent "

func (s *standing) store(ctx context.Context, gauge func(*prometheus.Desc, float64, ...string)) {
	f, err := s.cfg.Figures(ctx)
	if err != nil {
		return
	}
	for sort, n := range map[string]int{"users": f.Users, "devices": f.Devices, "collections": f.Collections, "partners": f.Partners, "items": f.Items, "tombstones": f.Tombstones,
		"pairs": f.Pairs, "base rows": f.BaseRows, "history": f.Past, "log": f.Events, "conflicts": f.Conflicts} {
		gauge(s.rows, float64(n), sort)
	}
	kinds := map[string]int{}
	for k, n := range f.Records {
		kinds[kindOf(k)] += n
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		gauge(s.records, float64(kinds[k]), k)
	}
	queue := map[string]int{"waiting": 0}
	for state, n := range f.Outgoing {
		if !strings.Contains(states, " "+state+" ") {
			state = "other"
		}
		queue[state] += n
	}
	for _, state := range slices.Sorted(maps.Keys(queue)) {
		gauge(s.outgoing, float64(queue[state]), state)
	}
	gauge(s.database, float64(f.Bytes))
}

// bytes is how much the bodies take that are files.
func (s *standing) bytes() (int64, bool) {
	if s.cfg.Files == nil {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.cfg.Now(); s.asked.IsZero() || now.Sub(s.asked) >= filesEvery || now.Before(s.asked) {
		n, err := s.cfg.Files()
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return 0, false
		}
		s.files, s.asked = n, now
	}
	return s.files, true
}
