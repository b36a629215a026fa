package airsync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/wire/wbxml"
)

// answerTo puts an answer to a message into a folder, received so many days ago.
func (p *post) answerTo(c tandem.Collection, root, subject string, days int) tandem.ID {
	p.Helper()
	text := "From: Ben <ben@example.org>\r\nTo: ann@example.org\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@x>\r\nReferences: <" + root + "@x>\r\n\r\nHello " + subject + "\r\n"
	id, err := p.boxes.Put(p.ctx, c, mailbox.Message{Body: tandem.Bytes(text), Flags: mail.Flags{Received: p.clock.Unix() - int64(days)*86400}})
	p.must(err)
	return id
}

// holder is a phone that keeps what it is told: subjects by ServerId.
type holder struct {
	*post
	at   string
	has  map[string]string
	more []*wbxml.Element // of each request
	bare map[string]bool  // what it has without a text

	changed []string // subjects of which changes came
}

func (p *post) holder(more ...*wbxml.Element) *holder {
	return &holder{post: p, at: p.begin(p.inbox), has: map[string]string{}, bare: map[string]bool{}, more: more}
}

// take applies an answer.
func (h *holder) take(col *wbxml.Element) {
	h.Helper()
	if col == nil {
		return
	}
	if status(col) != "1" {
		h.Fatalf("status %s", status(col))
	}
	h.at = key(col)
	if list := col.Child(wbxml.AirSyncCommands); list != nil {
		for _, e := range list.Children {
			id, data := e.Get(wbxml.AirSyncServerId), e.Child(wbxml.AirSyncApplicationData)
			_, had := h.has[id]
			switch e.Tag {
			case wbxml.AirSyncAdd:
				if had && data.Child(wbxml.AirSyncBaseBody).Get(wbxml.AirSyncBaseTruncated) == "1" {
					h.Errorf("%s comes twice, without its text", h.has[id])
				}
				h.has[id], h.bare[id] = data.Get(wbxml.EmailSubject), !data.Child(wbxml.AirSyncBaseBody).Has(wbxml.AirSyncBaseData)
			case wbxml.AirSyncChange:
				if !had {
					h.Errorf("a change of %s, which it does not have", id)
				}
				h.changed = append(h.changed, h.has[id])
			default:
				if !had {
					h.Errorf("%s of %s, which it does not have", e.Tag.Name(), id)
				}
				delete(h.has, id)
				delete(h.bare, id)
			}
		}
	}
}

// all syncs until there is nothing more; each answer is asked for twice, and must be the same.
func (h *holder) all(more ...*wbxml.Element) string {
	h.Helper()
	for range 50 {
		col := h.sync(h.inbox, h.at, append(more[:len(more):len(more)], h.more...)...)
		if col != nil {
			if again := h.sync(h.inbox, h.at, append(more[:len(more):len(more)], h.more...)...); key(again) != key(col) || named(again) != named(col) {
				h.Fatalf("asked again:\n%s\nfirst:\n%s", cmds(again), cmds(col))
			}
		}
		h.take(col)
		if col == nil || !col.Has(wbxml.AirSyncMoreAvailable) {
			return h.list()
		}
		more = nil
	}
	h.Fatal("it never ends")
	return ""
}

// named are the commands of an answer, without what they hold.
func named(col *wbxml.Element) string {
	var out []string
	if list := col.Child(wbxml.AirSyncCommands); list != nil {
		for _, e := range list.Children {
			out = append(out, e.Tag.Name()+" "+e.Get(wbxml.AirSyncServerId))
		}
	}
	return strings.Join(out, ", ")
}

// list are the subjects that it has; those without a text in parentheses.
func (h *holder) list() string {
	var out []string
	for id, s := range h.has {
		if h.bare[id] {
			s = "(" + s + ")"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func talks(value string) *wbxml.Element { return wbxml.Text(wbxml.AirSyncConversationMode, value) }

// id is the ServerId of a subject.
func (h *holder) id(subject string) string {
	for id, s := range h.has {
		if s == subject {
			return id
		}
	}
	h.Fatalf("it does not have %s", subject)
	return ""
}

// TestConversationMode: what belongs to a conversation that reaches into the window comes along, without its text, and goes when the conversation does.
// MS-ASCMD_R2107, R2108, R2110 to R2112, MS-ASCON_R116, R261
func TestConversationMode(t *testing.T) {
	for _, size := range []int{0, 1, 2} {
		for _, mode := range []string{"1", ""} {
			t.Run(fmt.Sprint(size, mode), func(t *testing.T) {
				p := newPost(t)
				more := []*wbxml.Element{}
				if size > 0 {
					more = append(more, window(size))
				}
				p.arrive("plan", 40)
				p.answerTo(p.inbox, "plan", "plan1", 30)
				p.answerTo(p.trash, "plan", "binned", 30)
				p.arrive("else", 30)
				tea := p.arrive("tea", 9)
				last := p.answerTo(p.inbox, "plan", "plan2", 1)
				h := p.holder(append(more, options(filter(3)), talks(mode))...)
				p.want(h.all(), "(plan) (plan1) plan2")
				p.want(h.all(), "(plan) (plan1) plan2")
				// An answer to something old brings that, too; and so does an old message of a conversation that is there.
				p.answerTo(p.inbox, "tea", "tea1", 0)
				p.want(h.all(), "(plan) (plan1) (tea) plan2 tea1")
				p.answerTo(p.inbox, "plan", "plan3", 20)
				p.want(h.all(), "(plan) (plan1) (plan3) (tea) plan2 tea1")
				// What is done to it is told, and may be done on the phone.
				flags := p.flags(p.inbox, tea)
				flags.Seen = true
				p.attrs(p.inbox, tea, flags)
				p.want(h.all(), "(plan) (plan1) (plan3) (tea) plan2 tea1")
				p.want(strings.Join(h.changed, " "), "tea")
				h.take(p.sync(p.inbox, h.at, append(h.more, commands(edit(h.id("plan1"), wbxml.Text(wbxml.EmailRead, "1"))))...))
				drop := commands(drop(h.id("plan3")))
				delete(h.has, h.id("plan3"))
				p.want(h.all(drop), "(plan) (plan1) (tea) plan2 tea1")
				// The last message in the window is deleted, and the conversation goes when the window moves. MS-ASCON_R223
				p.write(p.inbox, tandem.Delete, last, "")
				p.want(h.all(), "(plan) (plan1) (tea) tea1")
				p.pass(24 * time.Hour)
				p.want(h.all(), "(tea) tea1")
				// Switched off, and on again; a request that does not say keeps to what was said.
				h.more = h.more[:len(h.more)-1]
				p.want(h.all(talks("0")), "tea1")
				p.want(h.all(), "tea1")
				p.want(h.all(talks(mode)), "(tea) tea1")
				p.want(h.all(), "(tea) tea1")
				p.validate(20)
			})
		}
	}
}

// pass lets time pass.
func (k *kit) pass(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clock = k.clock.Add(d)
}

// TestConversationModeMoves: the window moves with the days and with FilterType, and conversations with it.
func TestConversationModeMoves(t *testing.T) {
	for _, size := range []int{0, 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p := newPost(t)
			p.arrive("plan", 12)
			p.answerTo(p.inbox, "plan", "plan1", 6)
			p.answerTo(p.inbox, "plan", "plan2", 1)
			p.arrive("lone", 6)
			h := p.holder(talks("1"))
			if size > 0 {
				h.more = append(h.more, window(size))
			}
			week := options(filter(3))
			p.want(h.all(week), "(plan) lone plan1 plan2")
			// What falls out of the window stays with its text where its conversation stays.
			p.pass(3 * 24 * time.Hour)
			p.want(h.all(), "(plan) plan1 plan2")
			p.pass(5 * 24 * time.Hour)
			p.want(h.all(), "")
			// A wider window brings it with its text.
			p.want(h.all(options(filter(4))), "(plan) lone plan1 plan2")
			p.want(h.all(options(filter(5))), "lone plan plan1 plan2")
			p.want(h.all(options(filter(4))), "lone plan plan1 plan2")
			p.want(h.all(options(filter(0))), "lone plan plan1 plan2")
			p.want(h.all(options(filter(3))), "")
			p.validate(20)
		})
	}
}

// TestConversationModePreview: of what is outside of the window comes the preview, if it is asked for. MS-ASCMD_R2108
func TestConversationModePreview(t *testing.T) {
	p := newPost(t)
	p.arrive("plan", 40)
	p.answerTo(p.inbox, "plan", "plan1", 1)
	text := func(list ...*wbxml.Element) *wbxml.Element {
		return wbxml.New(wbxml.AirSyncBaseBodyPreference, append(list, wbxml.Text(wbxml.AirSyncBasePreview, "20"))...)
	}
	for name, prefs := range map[string]*wbxml.Element{"plain": text(wbxml.Text(wbxml.AirSyncBaseType, "1")), "html": text(wbxml.Text(wbxml.AirSyncBaseType, "2"))} {
		t.Run(name, func(t *testing.T) {
			col := p.sync(p.inbox, p.begin(p.inbox), options(filter(3), prefs), talks("1"))
			n := 0
			for e := range col.Child(wbxml.AirSyncCommands).All(wbxml.AirSyncAdd) {
				data := e.Child(wbxml.AirSyncApplicationData)
				body := data.Child(wbxml.AirSyncBaseBody)
				if n++; data.Get(wbxml.EmailSubject) == "plan" && (body.Has(wbxml.AirSyncBaseData) || body.Get(wbxml.AirSyncBasePreview) != "Hello plan") {
					t.Errorf("shown as %s", show(body))
				}
				if data.Get(wbxml.EmailSubject) == "plan1" && !body.Has(wbxml.AirSyncBaseData) {
					t.Errorf("shown as %s", show(body))
				}
			}
			if n != 2 {
				t.Errorf("%d messages", n)
			}
			// Asked for by name, it comes whole.
			server := ""
			for e := range col.Child(wbxml.AirSyncCommands).All(wbxml.AirSyncAdd) {
				if e.Child(wbxml.AirSyncApplicationData).Get(wbxml.EmailSubject) == "plan" {
					server = e.Get(wbxml.AirSyncServerId)
				}
			}
			col = p.sync(p.inbox, key(col), commands(fetch(server)))
			if got := col.Child(wbxml.AirSyncResponses).Child(wbxml.AirSyncFetch).Child(wbxml.AirSyncApplicationData).Child(wbxml.AirSyncBaseBody).Get(wbxml.AirSyncBaseData); !strings.Contains(got, "Hello plan") {
				t.Errorf("fetched: %q", got)
			}
		})
	}
	p.validate(20)
}

// TestConversationEstimate: the estimate is what the next Syncs bring. MS-ASCMD_R2096 to R2098
func TestConversationEstimate(t *testing.T) {
	p := newPost(t)
	p.arrive("plan", 40)
	p.answerTo(p.inbox, "plan", "plan1", 30)
	p.answerTo(p.trash, "plan", "binned", 30)
	p.arrive("else", 30)
	p.answerTo(p.inbox, "plan", "plan2", 1)
	week := options(filter(3))
	for _, step := range []struct {
		mode []*wbxml.Element
		want string
	}{{nil, "1"}, {[]*wbxml.Element{talks("0")}, "1"}, {[]*wbxml.Element{talks("1")}, "3"}, {[]*wbxml.Element{talks("")}, "3"}} {
		p.want(p.estimate(id(p.inbox), p.begin(p.inbox), append(step.mode, week)...), "1 "+step.want)
	}
	p.want(p.estimate(id(p.inbox), p.begin(p.inbox), talks("2"), week), "whole 103")
	p.want(status(p.sync(p.inbox, p.begin(p.inbox), talks("2"))), "4")
	h := p.holder(week, talks("1"))
	h.all()
	p.want(p.estimate(id(p.inbox), h.at, week), "1 0")
	p.want(p.estimate(id(p.inbox), h.at, talks("0"), week), "1 2")
	p.answerTo(p.inbox, "else", "else1", 0)
	p.want(p.estimate(id(p.inbox), h.at, week), "1 2")
	p.want(h.all(), "(else) (plan) (plan1) else1 plan2")
}

// TestConversationPing: a Ping hears of what only a conversation brings, and of nothing twice.
func TestConversationPing(t *testing.T) {
	p := newPost(t)
	h := p.holder(options(filter(3)), talks("1"))
	p.answerTo(p.inbox, "plan", "plan1", 1)
	p.want(h.all(), "plan1")
	pending := func() bool {
		c, err := p.st.Home.Collections(p.ctx, "ann")
		p.must(err)
		for _, c := range c {
			if c.ID == p.inbox.ID {
				yes, known, err := p.svc.Pending(p.ctx, p.device.Number, c)
				p.must(err)
				return yes && known
			}
		}
		return false
	}
	if pending() {
		t.Error("there is nothing to tell")
	}
	p.arrive("lone", 30)
	if pending() {
		t.Error("an old message that nobody wants is told of")
	}
	p.want(h.all(), "plan1")
	p.answerTo(p.inbox, "plan", "plan", 30)
	if !pending() {
		t.Error("an old message of the conversation is not told of")
	}
	p.want(h.all(), "(plan) plan1")
	if pending() {
		t.Error("it is told of twice")
	}
}

// TestConversationOldKey: a device that comes back with a key of the past ends with what it should have.
func TestConversationOldKey(t *testing.T) {
	p := newPost(t)
	p.arrive("plan", 40)
	p.answerTo(p.inbox, "plan", "plan1", 1)
	h := p.holder(options(filter(3)), talks("1"))
	p.want(h.all(), "(plan) plan1")
	old, had := h.at, h.has
	for i := range 3 {
		p.answerTo(p.inbox, "plan", fmt.Sprint("more", i), i)
		h.all()
	}
	h.at, h.has = old, had
	col := p.sync(p.inbox, h.at, h.more...)
	h.at = key(col)
	for e := range col.Child(wbxml.AirSyncCommands).All(wbxml.AirSyncAdd) { // of what it may have, an Add is a change. MS-ASCMD_R757
		h.has[e.Get(wbxml.AirSyncServerId)] = e.Child(wbxml.AirSyncApplicationData).Get(wbxml.EmailSubject)
	}
	p.want(h.all(), "(plan) more0 more1 more2 plan1")
}
