package providertest_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/provider/providertest"
)

// mutant is a replica with one planted fault.
type mutant struct {
	provider.Replica
	name string
	s    *memory.Store
}

// mutants are the planted faults and a test of the suite that must notice each.
var mutants = map[string]string{
	"none":                       ".*",
	"forgets to say full":        "Empty",
	"is complete after an error": "Vanished",
	"is complete when cut short": "Fetch",
	"is empty when vanished":     "Vanished",
	"writes over taken ids":      "CreateTaken",
	"ignores the version":        "UpdateStale",
	"takes an empty version":     "UpdateStale",
	"keeps the version":          "Update",
	"answers another version":    "Create",
	"deletes what changed":       "Foreign",
	"stops at a bad record":      "BadRecord",
	"skips what vanished":        "Fetch",
	"hides vanished as empty":    "Fetch",
	"hides spoiled records":      "Spoiled",
	"finds nothing":              "Marker",
	"finds too much":             "Marker",
	"doubles a repeated create":  "Marker",
	"keeps half a body":          "BrokenBody",
	"changes bytes":              "Create",
	"works when closed":          "Closed",
	"ignores cancelling":         "Cancelled",
	"has a new identity":         "Identity",
	"has everybody's identity":   "Identity",
	"honours any cursor":         "StrangeCursor",
	"lists no tombstones":        "Cursor",
	"never hints":                "Watch",
	"keeps nothing":              "Parks",
	"takes a UID twice":          "OneUID",
}

const mutantVariable = "TANDEM_TEST_MUTANT"

// The suite notices every planted fault. Each runs in a process of its own, since a failing test fails its process.
func TestSuiteNoticesFaults(t *testing.T) {
	if os.Getenv(mutantVariable) != "" {
		t.Skip("this is the subject")
	}
	for name, test := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestSubject$/^("+test+")$", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), mutantVariable+"="+name)
			out, err := cmd.CombinedOutput()
			switch {
			case name == "none" && err != nil:
				t.Errorf("a replica without fault fails: %s", out)
			case name != "none" && (err == nil || !strings.Contains(string(out), "--- FAIL: TestSubject/"+test)):
				t.Errorf("test %s does not notice: %v\n%s", test, err, out)
			}
		})
	}
}

func TestSubject(t *testing.T) {
	name := os.Getenv(mutantVariable)
	if name == "" {
		t.Skip("run by TestSuiteNoticesFaults")
	}
	providertest.Run(t, providertest.Factory{
		Kind: tandem.Contact,
		Body: func(n, v, size int) []byte {
			head := fmt.Sprintf("record %d version %d", n, v)
			return []byte(head + strings.Repeat(".", max(0, size-len(head))))
		},
		New: func(t *testing.T) *providertest.Place { return subject(t, name) },
	})
}

func subject(t *testing.T, name string) *providertest.Place {
	s := memory.New(t.TempDir(), memory.Knobs{Cursor: name == "lists no tombstones" || name == "honours any cursor", Watch: true, Parks: true})
	tune := func(f func(*memory.Knobs)) error { s.Tune(f); return nil }
	return &providertest.Place{
		Open: func(context.Context) (*provider.Opened, error) {
			o := s.Open()
			o.Replica = &mutant{o.Replica, name, s}
			o.Features.OneUID = name == "takes a UID twice"
			return o, nil
		},
		Edit: func(id tandem.ID, body []byte) error {
			if body == nil {
				s.Remove(id)
				return nil
			}
			return s.Put(id, body, "")
		},
		Spoil: func(id tandem.ID) error {
			return tune(func(k *memory.Knobs) {
				k.Problems = map[tandem.ID]error{id: tandem.Errorf(tandem.Unreadable, "spoiled")}
			})
		},
		Vanish: func() (func(), error) {
			return func() { _ = tune(func(k *memory.Knobs) { k.Down = nil }) },
				tune(func(k *memory.Knobs) { k.Down = tandem.Errorf(tandem.Unreadable, "vanished") })
		},
	}
}

func (m *mutant) Identity(ctx context.Context) (tandem.Identity, error) {
	id, err := m.Replica.Identity(ctx)
	switch m.name {
	case "has a new identity":
		id.Store = fmt.Sprintf("%p", m)
	case "has everybody's identity":
		id.Store = "store"
	case "works when closed":
		return id, nil
	}
	return id, err
}

func (m *mutant) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	if m.name == "honours any cursor" && since != "" {
		return func(func(tandem.Change, error) bool) {}, func() tandem.Listing { return tandem.Listing{Complete: true, Next: since} }
	}
	if m.name == "ignores cancelling" {
		ctx = context.WithoutCancel(ctx)
	}
	seq, end := m.Replica.Changes(ctx, since)
	faulty := func(yield func(tandem.Change, error) bool) {
		for c, err := range seq {
			switch {
			case m.name == "is empty when vanished" && err != nil:
				return
			case m.name == "hides spoiled records" && c.Presence == tandem.Problem, m.name == "lists no tombstones" && c.Presence == tandem.Absent:
				continue
			case m.name == "answers another version":
				c.Version += "!"
			case m.name == "keeps the version":
				c.Version = "same"
			}
			if !yield(c, err) {
				return
			}
		}
	}
	return faulty, func() tandem.Listing {
		l := end()
		switch m.name {
		case "forgets to say full":
			l.Full = false
		case "is complete after an error", "is complete when cut short", "is empty when vanished":
			l.Complete = true
		}
		return l
	}
}

func (m *mutant) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		for rec, err := range m.Replica.Fetch(ctx, ids) {
			switch {
			case m.name == "skips what vanished" && tandem.IsKind(err, tandem.NotFound):
				continue
			case m.name == "hides vanished as empty" && tandem.IsKind(err, tandem.NotFound):
				rec.Body, err = tandem.Bytes(nil), nil
			case m.name == "changes bytes" && err == nil:
				rec.Body = append(rec.Body.(tandem.Bytes), '\n')
			case m.name == "keeps the version":
				rec.Version = "same"
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (m *mutant) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	writes = append([]tandem.Write(nil), writes...)
	if m.name == "ignores cancelling" {
		ctx = context.WithoutCancel(ctx)
	}
	for i := range writes {
		m.spoil(&writes[i])
	}
	out, err := m.Replica.Apply(ctx, writes)
	bad := false
	for i := range out {
		bad = bad || out[i].Status == tandem.PreconditionFailed
		switch {
		case m.name == "stops at a bad record" && bad && out[i].Status == tandem.Applied:
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: out[i].ID, Err: fmt.Errorf("not tried")}
		case m.name == "keeps nothing":
			out[i].Parked = ""
		case m.name == "keeps the version" && out[i].Status == tandem.Applied:
			out[i].Version = "same"
		}
	}
	return out, err
}

// spoil changes a write on its way.
func (m *mutant) spoil(w *tandem.Write) {
	now, there := m.s.Get(w.ID)
	switch {
	case m.name == "writes over taken ids" && w.Op == tandem.Create && there:
		w.Op, w.If = tandem.Update, now.Version
	case m.name == "ignores the version" && there && w.Op != tandem.Create,
		m.name == "takes an empty version" && there && w.If == "" && w.Op != tandem.Create,
		m.name == "deletes what changed" && there && w.Op == tandem.Delete,
		m.name == "keeps the version" && there && w.If == "same":
		w.If = now.Version
	case m.name == "doubles a repeated create" && w.Op == tandem.Create && there:
		w.ID, w.Marker = w.ID+"-again", ""
	case m.name == "keeps half a body" && w.Record.Body != nil:
		if r, err := w.Record.Body.Open(); err == nil {
			buf := make([]byte, 1<<20)
			n, _ := r.Read(buf)
			w.Record.Body = tandem.Bytes(buf[:n])
		}
	}
}

func (m *mutant) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	o, found, err := m.Replica.Find(ctx, w)
	switch m.name {
	case "finds nothing":
		found = false
	case "finds too much":
		found = true
	}
	return o, found, err
}

func (m *mutant) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	ch, err := m.Replica.Watch(ctx)
	if m.name == "never hints" && err == nil {
		silent := make(chan tandem.Hint)
		close(silent)
		return silent, nil
	}
	return ch, err
}

func (m *mutant) Unpark(ctx context.Context, parked string) (tandem.Record, error) {
	return m.Replica.(provider.Parker).Unpark(ctx, parked)
}

func (m *mutant) Purge(ctx context.Context, before int64) (int64, error) {
	return m.Replica.(provider.Parker).Purge(ctx, before)
}
