package center

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/kind/mail"
	"tandem/provider"
	"tandem/store"
)

// TestRenamedMeanwhile: a folder that is renamed at its place after the folders were listed is found under its new name by the same run.
func TestRenamedMeanwhile(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A", ".B")
	p.begin("work", "anna")
	p.deliver("work/.A", 1, "a")
	p.write(p.coll("anna", "A"), "mine", mail.Flags{})
	p.after = func() { p.rename("work/.A", "work/.C") }
	p.sync()
	p.homeIs("anna", "B:0 C:2 Inbox:0")
	p.placeIs("work", "B:0 C:2 INBOX:0")
	p.quiet()
}

// TestLookedAtTogether: all that one sync asks of an account may be answered as of one moment, not before the sync began; what the next one asks is as of a later one.
func TestLookedAtTogether(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A", ".B")
	p.begin("work", "anna")
	last := time.Time{}
	for range 2 {
		p.fresh = nil
		began := time.Now()
		p.sync()
		if len(p.fresh) < 4 || !p.fresh[0].After(last) || p.fresh[0].Before(began) {
			t.Fatalf("as of %v, a sync that began at %v", p.fresh, began)
		}
		last = p.fresh[0]
		for _, at := range p.fresh {
			if !at.Equal(last) {
				t.Errorf("as of %v", p.fresh)
			}
		}
	}
	// What the hub does by itself lasts, and wants what is now.
	p.fresh = nil
	ctx, stop := context.WithCancel(t.Context())
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		_ = p.hub.Sync(ctx, nil, SyncOptions{Watch: true}, func(n SyncNews) {
			if n.Report != nil {
				stop()
			}
		})
	}()
	<-seen
	if !slices.ContainsFunc(p.fresh, time.Time.IsZero) {
		t.Errorf("as of %v", p.fresh)
	}
}

// TestRemovedMeanwhile: one that is gone is told of as before, and its messages stay until the next list says so, too.
func TestRemovedMeanwhile(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A")
	p.begin("work", "anna")
	p.write(p.coll("anna", "A"), "mine", mail.Flags{})
	p.after = func() { p.remove("work/.A") }
	_ = p.trySync() // whether the run still finds the folder is told elsewhere
	p.sync()
	p.homeIs("anna", "A:1 Inbox:0") // nobody had that message but the hub
	p.placeIs("work", "A:1 INBOX:0")
}

// TestEmptyMeanwhile: an empty place that comes up instead of the account while a run goes on removes nothing, though its inbox becomes one again by being opened.
func TestEmptyMeanwhile(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A")
	p.deliver("work/.A", 2, "a")
	p.begin("work", "anna")
	p.after = func() {
		p.rename("work", "aside")
		p.tree("work")
	}
	if err := p.trySync(); err == nil {
		t.Error("no error")
	}
	p.homeIs("anna", "A:2 Inbox:0")
	p.remove("work")
	p.rename("aside", "work")
	p.sync()
	p.homeIs("anna", "A:2 Inbox:0")
	p.placeIs("work", "A:2 INBOX:0")
}

// TestKeeperLooksNot: what keeps an item in step does not rename folders itself, for that would wait for its own end. It has the account looked at.
func TestKeeperLooksNot(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A")
	p.begin("work", "anna")
	items, err := p.hub.selectItems(t.Context(), nil)
	p.must(err)
	i := slices.IndexFunc(items, func(it store.Item) bool { return strings.Contains(it.Sub, "A") })
	j, err := p.hub.itemJob(t.Context(), items[i])
	p.must(err)
	p.rename("work/.A", "work/.B")
	k := &accountKeeper{kicks: make(chan struct{}, 1)}
	p.hub.mu.Lock()
	p.hub.followers["work"] = k
	p.hub.mu.Unlock()
	p.fail = errors.New("it lists the folders")
	_, err = p.hub.run(t.Context(), j, SyncOptions{By: ByHub}, func(SyncNews) {})
	p.hub.mu.Lock()
	delete(p.hub.followers, "work")
	p.hub.mu.Unlock()
	var missing *provider.Missing
	if !errors.As(err, &missing) || len(k.kicks) != 1 {
		t.Errorf("%v, %d kicks", err, len(k.kicks))
	}
	p.fail = nil
	p.sync()
	p.homeIs("anna", "B:0 Inbox:0")
}

// TestRenamedInTheQueue: a run that waited while the hub renamed its folder opens the folder under its new name.
func TestRenamedInTheQueue(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A")
	p.begin("work", "anna")
	items, err := p.hub.selectItems(t.Context(), nil)
	p.must(err)
	for _, it := range items {
		if !strings.Contains(it.Sub, "A") {
			continue
		}
		j, err := p.hub.itemJob(t.Context(), it) // asked for before
		p.must(err)
		p.renameHome("anna", "A", "Z")
		a, err := p.hub.account(t.Context(), "work")
		p.must(err)
		p.must(p.hub.follow(t.Context(), a, unanswered))
		p.asked("rename A Z")
		_, place, err := j.open(t.Context())
		p.must(err)
		defer place.Close()
		if !strings.HasSuffix(place.Place, ".Z") {
			t.Errorf("it opens %s", place.Place)
		}
		return
	}
	t.Fatal("no such item")
}
