package session_test

import (
	"errors"
	"slices"
	"testing"

	"tandem"
	"tandem/provider/memory"
)

func TestNameThatStaysTakenIsSetAside(t *testing.T) {
	w := newTrees(t)
	w.put(a, "1", "one")
	w.put(a, "2", "two")
	refused := 0
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Hook = func(step string, id tandem.ID) error {
			if step == "write" && id == "1" {
				refused++
				w.put(b, "1", "hidden")
			}
			if step == "changes" {
				w.side[b].Remove("1") // there when written to, and never listed
			}
			return nil
		}
	})
	rep := w.sync()
	if refused != 2 || rep.Aside != 1 {
		t.Errorf("%d tries, %d set aside: %v", refused, rep.Aside, rep.Problems)
	}
	if got := w.dump(b)["2"]; got != "two" {
		t.Errorf("the rest did not go on: %q", w.dump(b))
	}
	w.sync()
	if refused != 2 {
		t.Errorf("tried %d times", refused)
	}
}

// What is out of scope at a place may have the very id that a record from elsewhere has there: where ids mean nothing, that record gets another.
func TestIDTakenByWhatAFilterHides(t *testing.T) {
	for _, cursor := range []bool{false, true} {
		w := newWorld(t)
		w.put(b, "1", "uid=hidden\nname=Theirs\n")
		w.put(a, "1", "uid=u1\nname=Ours\n")
		w.side[b].Tune(func(k *memory.Knobs) {
			k.Cursor = cursor
			k.Filter = func(_ tandem.ID, body []byte) error {
				if fields(body)["uid"] == "hidden" {
					return errors.New("filtered")
				}
				return nil
			}
		})
		if rep := w.sync(); rep.Aside != 0 || rep.Left != 0 {
			t.Errorf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
		}
		w.wantSide(a, map[string]string{"1": "uid=u1\nname=Ours\n"})
		if got := w.bodies(b); !slices.Equal(got, []string{"uid=hidden\nname=Theirs\n", "uid=u1\nname=Ours\n"}) {
			t.Errorf("B holds %q", got)
		}
		w.quiet()
	}
}

// A row without the UID of its record could not tell that record from a new one once its place gave it another id.
func TestEveryRowHasItsUID(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "uid=u1\nname=One\n") // new on both sides: all digests are asked for before anything is staged
	w.put(b, "2", "uid=u2\nname=Two\n")
	w.put(a, "3", "uid=u3\nname=Three\n")
	w.put(b, "4", "uid=u3\nname=Three\n")
	w.sync()
	for _, row := range w.rows() {
		if row.UID == "" {
			t.Errorf("no UID in %+v", row)
		}
	}
	w.remove(a, "1")
	w.put(a, "9", "uid=u1\nname=Other\n")
	w.sync()
	w.want("uid=u1\nname=Other\n", "uid=u2\nname=Two\n", "uid=u3\nname=Three\n")
	w.quiet()
}

// A place that was restored from a backup, and lists what was there before, refuses a create because it has the record. The record is edited there, so the create is
// not done; tried again after a while, it asks for the same once more, and not for a second record of one UID.
func TestCreateThatWasRefusedIsAskedForAgainAlike(t *testing.T) {
	w := newWorld(t)
	w.rules.Guard.Off = true
	w.side[a].Tune(func(k *memory.Knobs) { k.Inspect, k.Digester = inspectCard, true })
	w.side[b].Tune(func(k *memory.Knobs) { k.ReassignCreate = true })
	empty := w.side[b].Snapshot()
	w.put(a, "1", "name=Anna\nuid=u1\n")
	w.sync()
	w.put(b, string(w.side[b].List()[0].ID), "name=Anna\nphone=7\nuid=u1\n")
	w.side[b].Rollback(w.side[b].Snapshot(), true)
	w.side[b].Tune(func(k *memory.Knobs) { k.Stale = empty })
	for range 3 {
		if rep := w.sync(); rep.Aside != 1 {
			t.Errorf("%d set aside: %v", rep.Aside, rep.Problems)
		}
		if got := w.bodies(b); !slices.Equal(got, []string{"name=Anna\nphone=7\nuid=u1\n"}) {
			t.Fatalf("B holds %q", got)
		}
		w.now += 7 * 86400
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Stale = nil })
	w.sync()
	w.want("name=Anna\nphone=7\nuid=u1\n")
	w.quiet()
}

// inspectCard lets a place tell digest and UID of cards.
func inspectCard(body []byte) (tandem.Digest, string) {
	info, err := card{}.Inspect(body)
	if err != nil {
		return tandem.Digest{}, ""
	}
	return info.Digest, info.Index.UID
}
