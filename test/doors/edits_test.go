package doors

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tandem"
	"tandem/engine"
	"tandem/wire/wbxml"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const events = 3

var seeds = flag.Uint64("doors.seeds", 8, "how many histories each test runs")

// filled is a hub with events that all three have.
func filled(t testing.TB) *hub {
	h := newHub(t)
	t.Cleanup(h.told)
	for i := range events {
		name := fmt.Sprint("e", i)
		resp, _, err := h.do("PUT", name+".ics", event(name))
		h.must(err)
		if resp.StatusCode != 201 {
			t.Fatalf("PUT: %s", resp.Status)
		}
		h.must(h.desktopReads(name))
	}
	h.must(h.folderSyncs())
	h.must(h.phoneSyncs())
	if _, texts, err := h.files(); err != nil || len(texts) != events || len(h.phone.Stores[h.folder].Items) != events {
		t.Fatalf("%d files, %d on the phone, %v", len(texts), len(h.phone.Stores[h.folder].Items), err)
	}
	return h
}

// settle lets everybody hear of everything.
func (h *hub) settle() {
	h.Helper()
	for range 4 {
		h.must(h.phoneSyncs())
		h.must(h.folderSyncs())
	}
	for i := range events {
		h.must(h.desktopReads(fmt.Sprint("e", i)))
	}
}

// agree checks that all three show the same of an event.
func (h *hub) agree(name string, want map[string]string) {
	h.Helper()
	_, texts, err := h.files()
	h.must(err)
	for property, v := range want {
		if d, f := value(h.seen[name].body, property), value(texts[name], property); d != v || f != v {
			h.Errorf("%s of %s is %q on the desktop and %q in the folder, want %q", property, name, d, f, v)
		}
	}
	if !strings.Contains(h.seen[name].body, "X-ODD;X-P=1:kept\r\n") || !strings.Contains(texts[name], "X-ODD;X-P=1:kept\r\n") {
		h.Errorf("what the phone does not know is lost:\n%s", h.seen[name].body)
	}
	items := h.phone.Stores[h.folder].Items
	if len(items) != events || len(texts) != events {
		h.Errorf("%d events on the phone, %d in the folder", len(items), len(texts))
	}
	for _, it := range items {
		if e := item(it); e.Get(wbxml.CalendarUID) == name && e.Get(wbxml.CalendarSubject) != value(h.seen[name].body, "SUMMARY") {
			h.Errorf("the phone shows %q of %s, the desktop %q", e.Get(wbxml.CalendarSubject), name, value(h.seen[name].body, "SUMMARY"))
		}
	}
}

// TestEachItsOwn: three doors edit the same events, each another property, from states that are old more often than not. In the end everybody has the last that each of them wrote.
func TestEachItsOwn(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			h := filled(t)
			random := rand.New(rand.NewPCG(seed, 7))
			want := map[string]map[string]string{}
			for i := range events {
				want[fmt.Sprint("e", i)] = map[string]string{}
			}
			refused := 0
			for n := range 60 {
				name, v := fmt.Sprint("e", random.IntN(events)), fmt.Sprint("v", n)
				switch random.IntN(5) {
				case 0:
					h.phoneEdits(name, v)
					want[name]["SUMMARY"] = v
				case 1:
					again, err := h.desktopEdits(name, "DESCRIPTION", v)
					h.must(err)
					refused += again
					want[name]["DESCRIPTION"] = v
				case 2:
					h.must(h.folderEdits(name, "LOCATION", v))
					want[name]["LOCATION"] = v
				case 3:
					h.must(h.phoneSyncs())
				default:
					h.must(h.folderSyncs())
				}
			}
			h.settle()
			for name, w := range want {
				h.agree(name, w)
			}
			if refused == 0 {
				t.Error("nothing that the desktop wrote was refused: it never built on an old state")
			}
			if list, err := h.st.Conflicts.List(t.Context(), 0, true); err != nil || len(list) != 0 {
				t.Errorf("%d conflicts, %v", len(list), err)
			}
		})
	}
}

// TestAllTheSame: three doors write the same property of the same events. One of them stands in the end; all others can be got back.
func TestAllTheSame(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			h := filled(t)
			random := rand.New(rand.NewPCG(seed, 8))
			h.policy = policies[seed%uint64(len(policies))]
			var written []string
			for n := range 60 {
				name, door := fmt.Sprint("e", random.IntN(events)), random.IntN(5)
				v := fmt.Sprint([]string{"phone", "desktop", "folder", "", ""}[door], n, ".")
				switch door {
				case 0:
					h.phoneEdits(name, v)
					h.must(h.phoneSyncs()) // what the phone itself writes over never leaves it
				case 1:
					_, err := h.desktopEdits(name, "SUMMARY", v)
					h.must(err)
				case 2:
					h.must(h.answered([]tandem.Decision{tandem.TakeA, tandem.TakeB}[random.IntN(2)]))
					h.must(h.folderEdits(name, "SUMMARY", v))
					h.must(h.folderSyncs())
				case 3:
					h.must(h.phoneSyncs())
					continue
				default:
					h.must(h.folderSyncs())
					continue
				}
				written = append(written, v)
			}
			h.settle()
			h.allThere(written)
		})
	}
}

// policies are what is done with two versions that cannot be merged.
var policies = []engine.Policy{engine.Ask, engine.PreferA, engine.PreferB, engine.Newest}

// answered has a person answer what waits before they edit the folder again: what they themselves write over there before it was taken in is gone, as in any folder.
func (h *hub) answered(d tandem.Decision) error {
	for {
		any, err := h.decide(d)
		if err != nil {
			return err
		}
		if left, err := h.run(); err != nil || !any && left == 0 {
			return err
		}
	}
}

// allThere checks that everything that was written stands, or is in history or a conflict.
func (h *hub) allThere(written []string) {
	h.Helper()
	all := h.versions()
	_, texts, err := h.files()
	h.must(err)
	for name, s := range h.seen {
		all += s.body + texts[name]
	}
	for _, v := range written {
		if !strings.Contains(all, "SUMMARY:"+v+"\r\n") {
			h.Errorf("%q is lost", v)
		}
	}
}

// TestAtOnce: as TestEachItsOwn and TestAllTheSame, with all doors open at the same moment.
func TestAtOnce(t *testing.T) {
	for seed := range *seeds {
		for _, same := range []bool{false, true} {
			t.Run(fmt.Sprint("same=", same, "/seed=", seed), func(t *testing.T) {
				t.Parallel()
				h := filled(t)
				if same {
					h.policy = policies[seed%uint64(len(policies))]
				}
				property := func(own string) string {
					if same {
						return "SUMMARY"
					}
					return own
				}
				last := [3]map[string]string{}
				var written [3][]string
				each := func(door int, edit func(name, v string) error) {
					random := rand.New(rand.NewPCG(seed, uint64(door)))
					last[door] = map[string]string{}
					for n := range 15 {
						name, v := fmt.Sprint("e", random.IntN(events)), fmt.Sprint("v", door, "-", n, ".")
						if err := edit(name, v); err != nil {
							t.Errorf("door %d: %v", door, err)
							return
						}
						last[door][name], written[door] = v, append(written[door], v)
					}
				}
				var all sync.WaitGroup
				all.Go(func() {
					each(0, func(name, v string) error { h.phoneEdits(name, v); return h.phoneSyncs() })
				})
				all.Go(func() {
					each(1, func(name, v string) error { _, err := h.desktopEdits(name, property("DESCRIPTION"), v); return err })
				})
				all.Go(func() {
					each(2, func(name, v string) error {
						if same {
							if err := h.answered(tandem.TakeB); err != nil {
								return err
							}
						}
						if err := h.folderEdits(name, property("LOCATION"), v); err != nil {
							return err
						}
						return h.folderSyncs()
					})
				})
				all.Wait()
				h.settle()
				if same {
					h.allThere(slices.Concat(written[:]...))
					return
				}
				for i := range events {
					name := fmt.Sprint("e", i)
					want := map[string]string{}
					for door, property := range []string{"SUMMARY", "DESCRIPTION", "LOCATION"} {
						if v := last[door][name]; v != "" {
							want[property] = v
						}
					}
					h.agree(name, want)
				}
			})
		}
	}
}
