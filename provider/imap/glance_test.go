package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/provider"
	"tandem/test/mailkit"
)

// ward is an account with many folders, through a proxy, and where each was left off.
type ward struct {
	*testing.T
	proxy   *mailkit.Proxy
	other   *imapclient.Client
	reg     *provider.Registry
	boxes   []string
	cursors map[string]tandem.Cursor
}

func newWard(t *testing.T, count int, c mailkit.Config) *ward {
	s := mailkit.Dovecot(t, c)
	w := &ward{T: t, proxy: mailkit.NewProxy(t, s.IMAP), other: raw(t, s.IMAP, "anna"), reg: registry(), boxes: []string{"INBOX"}, cursors: map[string]tandem.Cursor{}}
	for n := 1; n < count; n++ {
		w.boxes = append(w.boxes, fmt.Sprintf("Box %d", n))
		mailkit.MakeFolder(t, w.other, w.boxes[n])
		put(t, w.other, w.boxes[n], letterOf(n, 1, 100))
	}
	for _, b := range w.boxes {
		if _, err := w.look(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// look opens a folder and lists what is new in it.
func (w *ward) look(ctx context.Context, box string) ([]string, error) {
	o, err := tryOpen(ctx, w.reg, "imap://anna@"+w.proxy.Addr+"/"+strings.ReplaceAll(box, " ", "%20"))
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if _, err := o.Identity(ctx); err != nil {
		return nil, err
	}
	var out []string
	seq, finish := o.Changes(ctx, w.cursors[box])
	for c, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprint(box, " ", c.ID, " ", c.Presence))
	}
	l := finish()
	if !l.Complete {
		w.Errorf("%s: the listing is not complete", box)
	}
	w.cursors[box] = l.Next
	return out, nil
}

// all looks at all folders.
func (w *ward) all(ctx context.Context) (out []string) {
	w.Helper()
	for _, b := range w.boxes {
		l, err := w.look(ctx, b)
		must(w, err)
		out = append(out, l...)
	}
	slices.Sort(out)
	return out
}

// TestGlance: one question tells of fifty folders in which nothing happened, and no folder in which something did is missed.
func TestGlance(t *testing.T) {
	w := newWard(t, 50, mailkit.Config{})
	before := w.proxy.Sent()
	if got := w.all(t.Context()); len(got) != 0 {
		t.Errorf("news: %q", got)
	}
	each := w.proxy.Sent() - before

	put(t, w.other, "Box 7", letterOf(100, 1, 100))
	_, err := w.other.Select("Box 8", nil).Wait()
	must(t, err)
	flag(t, w.other, 1, imap.StoreFlagsAdd, imap.FlagSeen)
	_, err = w.other.Select("Box 9", nil).Wait()
	must(t, err)
	flag(t, w.other, 1, imap.StoreFlagsAdd, imap.FlagDeleted)
	must(t, w.other.Expunge().Close())
	must(t, w.other.Unselect().Wait())
	ctx := provider.AsOf(t.Context(), time.Now())
	if got := w.all(ctx); !slices.Equal(got, []string{"Box 7 2 present", "Box 8 1 present", "Box 9 1 absent"}) {
		t.Errorf("news: %q", got)
	}
	ctx = provider.AsOf(t.Context(), time.Now())
	before = w.proxy.Sent()
	if got := w.all(ctx); len(got) != 0 {
		t.Errorf("news again: %q", got)
	}
	together := w.proxy.Sent() - before
	t.Logf("%d bytes to look at each of %d folders, %d to look at them together", each, len(w.boxes), together)
	if together > each/20 {
		t.Error("that is more than one question")
	}

	// What was said since then is enough, without any connection; for who wants later news it is not.
	w.proxy.Down(true)
	if got := w.all(ctx); len(got) != 0 {
		t.Errorf("news without a server: %q", got)
	}
	if _, err := w.look(provider.AsOf(t.Context(), time.Now()), "INBOX"); err == nil {
		t.Error("news are made up")
	}
	w.proxy.Down(false)
}

// TestGlanceByList: the list of folders that a run begins with is a glance, too.
func TestGlanceByList(t *testing.T) {
	w := newWard(t, 3, mailkit.Config{})
	ctx := provider.AsOf(t.Context(), time.Now())
	if got := listed(t, w.reg, "imap://anna@"+w.proxy.Addr+"/"); len(got) < 3 {
		t.Fatal(got)
	}
	w.proxy.Down(true)
	if got := w.all(ctx); len(got) != 0 {
		t.Errorf("news: %q", got)
	}
	w.proxy.Down(false)
	// One that the list does not have is looked for.
	w.boxes = append(w.boxes, "Late")
	mailkit.MakeFolder(t, w.other, "Late")
	put(t, w.other, "Late", letterOf(1, 1, 100))
	if got := w.all(ctx); !slices.Equal(got, []string{"Late 1 present"}) {
		t.Errorf("news: %q", got)
	}
}

// TestGlanceOnce: a glance is for the first listing; what the replica writes, and what happens meanwhile, the next one shows.
func TestGlanceOnce(t *testing.T) {
	w := newWard(t, 2, mailkit.Config{})
	ctx := provider.AsOf(t.Context(), time.Now())
	o, err := tryOpen(ctx, w.reg, "imap://anna@"+w.proxy.Addr+"/Box%201")
	must(t, err)
	defer o.Close()
	put(t, w.other, "Box 1", letterOf(5, 1, 100))
	_, next := lines(t, o, w.cursors["Box 1"])
	got, _ := lines(t, o, next.Next)
	if len(got) != 1 {
		t.Errorf("news: %q", got)
	}
	o, err = tryOpen(provider.AsOf(t.Context(), time.Now()), w.reg, "imap://anna@"+w.proxy.Addr+"/Box%201")
	must(t, err)
	defer o.Close()
	_, cur := lines(t, o, "")
	outs, err := o.Apply(t.Context(), []tandem.Write{{Op: tandem.Delete, ID: "1", If: version(t, o, "1")}})
	must(t, err)
	if outs[0].Status != tandem.Applied {
		t.Fatal(outs[0])
	}
	if got, _ := lines(t, o, cur.Next); len(got) != 1 {
		t.Errorf("news: %q", got)
	}
}

// version is the version of a message now.
func version(t *testing.T, o *provider.Opened, id tandem.ID) tandem.Version {
	t.Helper()
	for rec, err := range o.Fetch(t.Context(), []tandem.ID{id}) {
		must(t, err)
		return rec.Version
	}
	t.Fatal("no message")
	return ""
}

// TestGlanceWithout: a server that cannot say it all at once is asked folder by folder.
func TestGlanceWithout(t *testing.T) {
	for _, caps := range []string{"IMAP4rev1 CONDSTORE ENABLE", "IMAP4rev1 LIST-EXTENDED LIST-STATUS", "IMAP4rev1"} {
		w := newWard(t, 3, mailkit.Config{Capabilities: caps})
		put(t, w.other, "Box 1", letterOf(5, 1, 100))
		got := w.all(provider.AsOf(t.Context(), time.Now()))
		if !slices.Contains(got, "Box 1 2 present") {
			t.Errorf("%s: %q", caps, got)
		}
	}
}

// TestGlanceCuts: wherever the line breaks while the server tells of all folders, nothing is news that is none, and nothing new is missed.
func TestGlanceCuts(t *testing.T) {
	w := newWard(t, 6, mailkit.Config{})
	blown := 0
	for n := int64(0); n < 1500; n += 3 + n/12 {
		put(t, w.other, "Box 3", letterOf(1000+int(n), 1, 100))
		ctx := provider.AsOf(t.Context(), time.Now())
		w.proxy.Cut(n%2 == 0, n/2, `LIST "" `)
		var got []string
		for range 2 {
			for _, b := range w.boxes {
				l, err := w.look(ctx, b)
				if err != nil {
					t.Logf("%d bytes: %s: %v", n, b, err)
				}
				got = append(got, l...)
			}
			if w.proxy.Heal() {
				blown++
			}
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], "Box 3 ") || !strings.HasSuffix(got[0], " present") {
			t.Errorf("cut after %d bytes: news %q", n, got)
		}
	}
	if blown < 15 {
		t.Errorf("%d faults came about", blown)
	}
}
