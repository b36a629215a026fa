package center

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
)

// TestManyMessagesWait: a folder with many messages goes only when a person says so.
func TestManyMessagesWait(t *testing.T) {
	for name, c := range map[string]struct {
		remove              func(p *post)
		heldHome, heldPlace string
		goneHome, gonePlace string
	}{
		"at the place": {func(p *post) { p.remove("work/.A") }, "A:12 Inbox:0", "INBOX:0", "Inbox:0", "INBOX:0"},
		"here":         {func(p *post) { p.removeHome("anna", "A") }, "Inbox:0", "A:12 INBOX:0", "Inbox:0", "INBOX:0"},
	} {
		for _, restore := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " restored", false: " approved"}[restore], func(t *testing.T) {
				p := newPost(t)
				p.tree("work", ".A")
				p.deliver("work/.A", 12, "a")
				p.begin("work", "anna")
				c.remove(p)
				for range 2 {
					_ = p.trySync() // the item of a folder that is gone fails
					p.homeIs("anna", c.heldHome)
					p.placeIs("work", c.heldPlace)
					if got := p.held("work"); !slices.Equal(got, []string{"A"}) {
						t.Errorf("held are %q", got)
					}
				}
				warnings := 0
				log, err := p.hub.Log(t.Context(), -100, "", 0)
				p.must(err)
				for _, e := range log {
					if e.Level == store.Warning {
						warnings++
					}
				}
				if checks, err := p.hub.Checks(t.Context(), ""); err != nil || !slices.ContainsFunc(checks, func(c Check) bool { return c.Name == "account work" && c.Level == "warn" }) {
					t.Errorf("the check-up says %+v (%v)", checks, err)
				}
				if warnings != 1 {
					t.Errorf("the log warns %d times", warnings)
				}
				p.must(p.hub.AnswerFolders(t.Context(), "work", restore))
				p.sync()
				if restore {
					p.homeIs("anna", "A:12 Inbox:0")
					p.placeIs("work", "A:12 INBOX:0")
				} else {
					p.homeIs("anna", c.goneHome)
					p.placeIs("work", c.gonePlace)
				}
				p.quiet()
				if got := p.held("work"); len(got) != 0 {
					t.Errorf("held are %q", got)
				}
			})
		}
	}
}

// TestUnsyncedSurvives: a folder that changed since does not go.
func TestUnsyncedSurvives(t *testing.T) {
	for name, c := range map[string]struct {
		do          func(p *post)
		home, place string
	}{
		"new at the place": {func(p *post) {
			p.deliver("work/.A", 1, "late")
			p.removeHome("anna", "A")
		}, "A:3 Inbox:0", "A:3 INBOX:0"},
		"flagged at the place": {func(p *post) {
			p.rename("work/.A/new/1700000000.Ma.h", "work/.A/cur/1700000000.Ma.h:2,F")
			p.removeHome("anna", "A")
		}, "A:2 Inbox:0", "A:2 INBOX:0"},
		"new here": {func(p *post) {
			p.write(p.coll("anna", "A"), "late", mail.Flags{})
			p.remove("work/.A")
		}, "A:3 Inbox:0", "A:3 INBOX:0"},
		"both gone": {func(p *post) {
			p.removeHome("anna", "A")
			p.remove("work/.A")
		}, "Inbox:0", "INBOX:0"},
		"renamed there, removed here": {func(p *post) {
			p.rename("work/.A", "work/.B")
			p.removeHome("anna", "A")
		}, "Inbox:0", "INBOX:0"},
		"renamed here, removed there": {func(p *post) {
			p.renameHome("anna", "A", "B")
			p.remove("work/.A")
		}, "Inbox:0", "INBOX:0"},
		"renamed on both sides": {func(p *post) {
			p.renameHome("anna", "A", "B")
			p.rename("work/.A", "work/.C")
		}, "C:2 Inbox:0", "C:2 INBOX:0"},
		"names exchanged": {func(p *post) {
			p.tree("work", ".D")
			p.deliver("work/.D", 1, "d")
			p.sync()
			p.rename("work/.A", "work/.tmp-a")
			p.rename("work/.D", "work/.A")
			p.rename("work/.tmp-a", "work/.D")
		}, "A:1 D:2 Inbox:0", "A:1 D:2 INBOX:0"},
		"the same new name on both sides": {func(p *post) {
			p.write(p.makeHome("anna", "N"), "here", mail.Flags{})
			p.tree("work", ".N")
			p.deliver("work/.N", 1, "there")
		}, "A:2 Inbox:0 N:2", "A:2 INBOX:0 N:2"},
		"names that differ in case": {func(p *post) {
			p.makeHome("anna", "a")
			p.tree("work", ".É", ".é")
		}, "A:2 Inbox:0 a:0 É:0 é:0", "A:2 INBOX:0 a:0 É:0 é:0"},
		"slashes, dots and percent signs": {func(p *post) {
			p.makeHome("anna", "50% off/v1.2")
			p.tree("work", ".a&AC8-b", ".100%")
		}, "100%:0 50% off/v1.2:0 A:2 Inbox:0 a∕b:0", "100%25:0 50%25 off/v1.2:0 A:2 INBOX:0 a%2Fb:0"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t)
			p.tree("work", ".A")
			p.deliver("work/.A", 2, "a")
			p.begin("work", "anna")
			c.do(p)
			_ = p.trySync()
			p.sync()
			p.homeIs("anna", c.home)
			p.placeIs("work", c.place)
			p.quiet()
			p.homeIs("anna", c.home)
		})
	}
}

// TestUnreadableIsNotGone: what cannot be listed is not gone.
func TestUnreadableIsNotGone(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A")
	p.deliver("work/.A", 2, "a")
	p.begin("work", "anna")
	for name, harm := range map[string]func() (mend func()){
		"the list fails": func() func() {
			p.fail = &tandem.Error{Kind: tandem.Transient, Op: "list", Err: errors.New("line broke")}
			return func() { p.fail = nil }
		},
		"the disk is gone": func() func() {
			p.rename("work", "aside")
			return func() { p.rename("aside", "work") }
		},
		"an empty disk is there": func() func() {
			p.rename("work", "aside")
			p.must(os.Mkdir(filepath.Join(p.root, "work"), 0o700))
			return func() { p.remove("work"); p.rename("aside", "work") }
		},
		"a folder lost its messages": func() func() {
			p.rename("work/.A/cur", "work/.A/x")
			return func() { p.rename("work/.A/x", "work/.A/cur") }
		},
	} {
		mend := harm()
		if err := p.trySync(); err == nil {
			t.Errorf("%s: no error", name)
		}
		p.homeIs("anna", "A:2 Inbox:0")
		mend()
		p.sync()
		p.homeIs("anna", "A:2 Inbox:0")
		p.placeIs("work", "A:2 INBOX:0")
	}
}

// TestBlindPlace cannot tell that a folder was renamed: one is gone and another there, and no message is lost.
func TestBlindPlace(t *testing.T) {
	p := newPost(t)
	p.blind = true
	p.tree("work", ".A")
	p.deliver("work/.A", 2, "a")
	p.begin("work", "anna")
	p.rename("work/.A", "work/.B")
	p.sync()
	p.homeIs("anna", "B:2 Inbox:0")
	p.renameHome("anna", "B", "C")
	p.sync()
	p.homeIs("anna", "C:2 Inbox:0")
	p.placeIs("work", "C:2 INBOX:0")
	p.quiet()
	// A folder that is full waits where it was, and its messages are in the new one, too.
	p.deliver("work/.C", 15, "c")
	p.sync()
	p.rename("work/.C", "work/.D")
	_ = p.trySync() // the item of C fails
	p.homeIs("anna", "C:17 D:17 Inbox:0")
	p.must(p.hub.AnswerFolders(t.Context(), "work", false))
	p.sync()
	p.homeIs("anna", "D:17 Inbox:0")
	p.placeIs("work", "D:17 INBOX:0")
}

// TestCutShort begins again after a run that died between any two steps.
func TestCutShort(t *testing.T) {
	for _, lost := range []string{"item", "note", "both"} {
		p := newPost(t)
		p.tree("work", ".A")
		p.deliver("work/.A", 2, "a")
		p.begin("work", "anna")
		p.makeHome("anna", "N")
		p.sync()
		for _, item := range []string{"work-a", "work-n"} {
			if lost != "note" {
				p.must(p.store.Settings.RemoveItem(t.Context(), item))
			}
			if lost != "item" {
				p.must(p.store.Settings.PutValues(t.Context(), map[string]string{valueFolder + item: ""}))
			}
			if lost == "note" { // cannot come about by itself, since the note is written first
				p.must(p.hub.removeItem(t.Context(), item))
			}
		}
		p.sync()
		p.homeIs("anna", "A:2 Inbox:0 N:0")
		p.placeIs("work", "A:2 INBOX:0 N:0")
		p.quiet()
	}
}

// TestRunningHub follows what happens on both sides by itself, within a moment.
func TestRunningHub(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A")
	p.begin("work", "anna")
	p.must(p.hub.Start(t.Context()))
	wait := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !is(); {
			if time.Now().After(end) {
				t.Fatalf("%s does not come: %s", what, p.homes("anna"))
			}
			<-time.After(5 * time.Millisecond)
		}
	}
	p.deliver("work/.A", 1, "a")
	wait("a message", func() bool { return p.homes("anna") == "A:1 Inbox:0" })
	p.tree("work", ".B")
	wait("a folder", func() bool { return p.homes("anna") == "A:1 B:0 Inbox:0" })
	p.write(p.makeHome("anna", "C"), "c", mail.Flags{})
	wait("a folder with a message", func() bool { return p.messages("work/.C") == 1 })
	p.renameHome("anna", "C", "D")
	wait("a new name", func() bool { return p.messages("work/.D") == 1 })
	p.write(p.coll("anna", "D"), "d", mail.Flags{})
	wait("a message under the new name", func() bool { return p.messages("work/.D") == 2 })
	p.rename("work/.A", "work/.E")
	wait("a new name", func() bool { return p.homes("anna") == "B:0 D:2 E:1 Inbox:0" })
	// What a run brought there and did not note yet would be taken for news of the other side, which survive.
	agreed := func(name string) int {
		known, err := p.hub.folders(t.Context(), "work")
		p.must(err)
		f := follower{Hub: p.hub}
		for _, k := range known {
			if k.Name == name {
				rows, _, err := f.agreed(t.Context(), k, tandem.SideB)
				p.must(err)
				return len(rows)
			}
		}
		return -1
	}
	wait("what both agree on", func() bool { return agreed("D") == 2 && agreed("E") == 1 })
	p.removeHome("anna", "D")
	wait("a removed folder", func() bool { _, err := os.Stat(filepath.Join(p.root, "work/.D")); return os.IsNotExist(err) })
	p.remove("work/.E")
	wait("a removed folder", func() bool { return p.homes("anna") == "B:0 Inbox:0" })
}

func TestFollowRefusals(t *testing.T) {
	p := newPost(t)
	p.tree("work")
	ctx := t.Context()
	if err := p.hub.FollowFolders(ctx, Follow{Partner: "work", User: "anna"}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("no partner: %v", err)
	}
	_, err := p.hub.AddPartner(ctx, "", "work", "maildir:"+filepath.Join(p.root, "work"))
	p.must(err)
	_, err = p.hub.AddPartner(ctx, "", "none", "maildir:"+filepath.Join(p.root, "none"))
	p.must(err)
	for name, c := range map[string]struct {
		f    Follow
		kind tandem.ErrorKind
	}{
		"whose":      {Follow{Partner: "work"}, tandem.Invalid},
		"no user":    {Follow{Partner: "work", User: "carla"}, tandem.NotFound},
		"not there":  {Follow{Partner: "none", User: "anna"}, tandem.Unreadable},
		"no partner": {Follow{Partner: "x", User: "anna"}, tandem.NotFound},
		"dots":       {Follow{Partner: "work", User: "anna", Under: "a/../b"}, tandem.Invalid},
		"nothing":    {Follow{Partner: "work", User: "anna", Under: "a//b"}, tandem.Invalid},
		"spaces":     {Follow{Partner: "work", User: "anna", Under: "a/ "}, tandem.Invalid},
		"no letter":  {Follow{Partner: "work", User: "anna", Under: "a\x00b"}, tandem.Invalid},
		"no text":    {Follow{Partner: "work", User: "anna", Under: "a\xffb"}, tandem.Invalid},
		"too long":   {Follow{Partner: "work", User: "anna", Under: strings.Repeat("a", 201)}, tandem.Invalid},
	} {
		if err := p.hub.FollowFolders(ctx, c.f); !tandem.IsKind(err, c.kind) {
			t.Errorf("%s: %v, want kind %q", name, err, c.kind)
		}
	}
	p.must(p.hub.FollowFolders(ctx, Follow{Partner: "work", User: "anna"}))
	if err := p.hub.FollowFolders(ctx, Follow{Partner: "work", User: "ben"}); !tandem.IsKind(err, tandem.Exists) {
		t.Errorf("twice: %v", err)
	}
	if _, err := p.hub.Folders(ctx, "none"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("no account: %v", err)
	}
}
