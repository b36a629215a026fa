package center

import (
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/sysevents"
	"tandem/kind/mail"
)

// eventually waits until something is so.
func (p *post) eventually(what string, is func() bool) {
	p.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			p.Fatalf("%s does not come: %s", what, p.homes("anna"))
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (p *post) waitsFor(item string) string {
	p.Helper()
	list, err := p.hub.Status(p.Context(), []string{item})
	p.must(err)
	return list[0].Waits
}

// TestAccountKeepsToItsConditions: folders and messages of an account wait for its conditions; a folder with a schedule of its own follows that.
func TestAccountKeepsToItsConditions(t *testing.T) {
	const unmetered = "a network that is not metered"
	p := newPost(t)
	p.tree("work", ".A", ".B")
	p.begin("work", "anna")
	p.must(p.hub.SetFolders(t.Context(), "work", "Not metered"))
	_, err := p.hub.SetItem(t.Context(), "work-b", map[string]string{"schedule": "not on battery below 5%"})
	p.must(err)
	list, err := p.hub.Folders(t.Context(), "work")
	if err != nil || list[0].When != "not metered" {
		t.Errorf("folders %+v, %v", list, err)
	}
	p.hub.around.set(sysevents.State{Metered: true})
	p.must(p.hub.Start(t.Context()))
	p.write(p.makeHome("anna", "C"), "c", mail.Flags{})
	p.deliver("work/.A", 1, "a")
	p.deliver("work/.B", 1, "b")
	p.eventually("what the folder waits for", func() bool { return p.waitsFor("work-a") == unmetered })
	p.eventually("a message in a folder of its own mind", func() bool { return p.homes("anna") == "A:0 B:1 C:1 Inbox:0" })
	if n := p.messages("work/.C"); n != 0 {
		t.Errorf("a folder was made at the account, with %d messages", n)
	}
	p.hub.around.set(sysevents.State{})
	p.eventually("the message", func() bool { return p.homes("anna") == "A:1 B:1 C:1 Inbox:0" })
	p.eventually("the folder", func() bool { return p.messages("work/.C") == 1 })
}

// TestAccountBySchedule: an account that is kept by times or by hand alone follows no changes.
func TestAccountBySchedule(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A")
	p.begin("work", "anna")
	for text, want := range map[string]string{"every 1h on mon-fri 08:00-18:00": "scheduled", "manual": "manual", "on connection": "connection", "": "continuous", "continuous; quiet 22:00-07:00": "continuous"} {
		p.must(p.hub.SetFolders(t.Context(), "work", text))
		it, err := p.hub.item(t.Context(), "work-a")
		p.must(err)
		got, err := p.hub.planOf(t.Context(), it)
		if err != nil || string(got.mode) != want || want == "scheduled" && !got.Timed() {
			t.Errorf("%q: mode %s, %v", text, got.mode, err)
		}
	}
	p.must(p.hub.SetFolders(t.Context(), "work", "manual"))
	p.must(p.hub.Start(t.Context()))
	p.tree("work", ".B")
	p.must(p.hub.Sync(t.Context(), nil, SyncOptions{}, func(SyncNews) {}))
	p.homeIs("anna", "A:0 B:0 Inbox:0")
	p.must(p.hub.SetFolders(t.Context(), "work", ""))
	p.tree("work", ".C")
	p.eventually("a folder", func() bool { return strings.Contains(p.homes("anna"), "C:0") })
	for name, c := range map[string][2]string{"no schedule": {"work", "whenever"}, "a question": {"work", "ask first"}} {
		if err := p.hub.SetFolders(t.Context(), c[0], c[1]); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := p.hub.SetFolders(t.Context(), "nothere", ""); !tandem.IsKind(err, tandem.NotFound) || !strings.Contains(err.Error(), "there is work") {
		t.Errorf("no partner: %v", err)
	}
}
