package contact

import (
	"slices"
	"strings"
	"testing"
)

func told(t *testing.T, body []byte) map[string]string {
	t.Helper()
	list, err := Handler{}.Fields(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	out := map[string]string{}
	for _, f := range list {
		lines := strings.Split(f.Text, "\n")
		slices.Sort(lines)
		out[f.Label] = strings.Join(lines, "\n")
	}
	return out
}

// TestPickLaws: over the corpora, picking nothing changes nothing, and what is picked reads as in the other version while all else reads as before.
func TestPickLaws(t *testing.T) {
	all := slices.DeleteFunc(corpusCards(t), func(c corpusCard) bool { _, err := Handler{}.Inspect(c.data); return err != nil })
	picked := 0
	for i, a := range all {
		b := all[(i*7+1)%len(all)]
		_, ca, _ := parse(a.data)
		_, cb, _ := parse(b.data)
		if ca.Version != cb.Version {
			continue // their labels differ
		}
		inA, inB := told(t, a.data), told(t, b.data)
		same, err := Handler{}.Pick(a.data, b.data, nil)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := Handler{}.Inspect(a.data)
		if y, err := (Handler{}).Inspect(same); err != nil || x.Digest != y.Digest {
			t.Errorf("%s: picking nothing changed it, %v\n%s\n%s", a.name, err, a.data, same)
		}
		var labels []string
		for l := range inB {
			if strings.Contains("enpao", l[:1]) {
				labels = append(labels, l)
			}
		}
		for l := range inA {
			if !slices.Contains(labels, l) && strings.Contains("enpao", l[:1]) {
				labels = append(labels, l)
			}
		}
		got, err := Handler{}.Pick(a.data, b.data, labels)
		if err != nil {
			t.Fatalf("%s from %s: %v", a.name, b.name, err)
		}
		is := told(t, got)
		for l := range inA {
			if want := inA[l]; !slices.Contains(labels, l) && is[l] != want {
				t.Errorf("%s from %s: %q is %q, want its own %q", a.name, b.name, l, is[l], want)
			}
		}
		for _, l := range labels {
			if picked++; is[l] != inB[l] {
				t.Errorf("%s from %s: %q is %q, want the other's %q", a.name, b.name, l, is[l], inB[l])
			}
		}
	}
	if picked < 300 {
		t.Errorf("only %d fields picked", picked)
	}
}

// TestPick shows picking as a person does it.
func TestPick(t *testing.T) {
	a := vcf("VERSION:3.0", "UID:1", "FN:Anna", "N:;Anna;;;", "TEL;TYPE=CELL:1", "TEL;TYPE=WORK:2", "CATEGORIES:friends,work", "NOTE:kept", "X-MINE:kept")
	b := vcf("VERSION:3.0", "UID:2", "FN:Anna B", "N:B;Anna;;;", "TEL;TYPE=CELL:3", "TEL;TYPE=CELL:4", "EMAIL:a@example.org", "CATEGORIES:work,chess", "NOTE:other")
	got, err := Handler{}.Pick(a, b, []string{"phone (cell)", "phone (work)", "e-mail", "category"})
	if err != nil {
		t.Fatal(err)
	}
	want := vcf("VERSION:3.0", "UID:1", "FN:Anna", "N:;Anna;;;", "TEL;TYPE=CELL:3", "TEL;TYPE=CELL:4", "EMAIL:a@example.org", "CATEGORIES:work,chess", "NOTE:kept", "X-MINE:kept")
	g, _ := Handler{}.Inspect(got)
	w, err := Handler{}.Inspect(want)
	if err != nil || g.Digest != w.Digest {
		t.Errorf("%s\nwant\n%s\n%v", got, want, err)
	}
	for _, bad := range [][2][]byte{{[]byte("x"), b}, {a, []byte("x")}} {
		if _, err := (Handler{}).Pick(bad[0], bad[1], nil); err == nil {
			t.Errorf("%q was picked from %q", bad[0], bad[1])
		}
	}
}

func vcf(lines ...string) []byte {
	return []byte("BEGIN:VCARD\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n")
}
