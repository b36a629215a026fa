package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/device"
	"tandem/partner/imip"
	"tandem/store"
)

// submit sends a form of a page as the browser does, and goes where it leads to. It returns that page.
func (b *browser) submit(path string, v url.Values, to string) answer {
	b.k.Helper()
	v.Set("csrf", b.csrf)
	a := b.form(path, v)
	if at := a.head.Get("Location"); a.status != http.StatusSeeOther || !strings.HasPrefix(at, to) {
		b.k.Fatalf("%s %v: %d to %q, want %s\n%s", path, v, a.status, at, to, between(a.body, "<main", "</main>"))
	}
	return b.get(a.head.Get("Location"))
}

// refused sends a form that is answered with a page that says why not.
func (b *browser) refused(path string, v url.Values, status int, says string) {
	b.k.Helper()
	v.Set("csrf", b.csrf)
	if a := b.form(path, v); a.status != status || !strings.Contains(a.body, says) {
		b.k.Errorf("%s %v: %d, want %d and %q\n%s", path, v, a.status, status, says, between(a.body, "<main", "</main>"))
	}
}

// shows reports whether a page says all of this.
func (b *browser) shows(path string, parts ...string) {
	b.k.Helper()
	a := b.get(path)
	for _, p := range parts {
		if a.status != http.StatusOK || !strings.Contains(a.body, p) {
			b.k.Errorf("%s: %d, does not say %q\n%s", path, a.status, p, between(a.body, "<main", "</main>"))
		}
	}
}

// TestKindRulesForm: each sees and sets what becomes of conflicts in records of a kind; only administrators that of everybody. What somebody else changed meanwhile stays.
func TestKindRulesForm(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	anna, ben := k.in("anna"), k.in("ben")
	const at = "/conflicts/rules"
	anna.submit(at, url.Values{"of": {"everybody"}, "contact-policy": {"newest"}, "was-contact-policy": {""}, "file-delete-vs-change": {"delete"}, "was-file-delete-vs-change": {""}}, at+"?")
	ben.submit(at, url.Values{"contact-policy": {"both"}, "was-contact-policy": {""}, "event-policy": {""}, "was-event-policy": {""}}, at)
	rules := func(want ...center.KindRule) {
		t.Helper()
		got, err := k.hub.KindRules(t.Context())
		k.must(err)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	everybody := []center.KindRule{{User: center.Everybody, Kind: tandem.Contact, Policy: "newest"}, {User: center.Everybody, Kind: tandem.File, DeleteVsChange: "delete"}}
	rules(append(everybody, center.KindRule{User: "ben", Kind: tandem.Contact, Policy: "both"})...)
	anna.shows(at+"?of=everybody", `<option value="newest" selected>`, `<option value="delete" selected>`)
	ben.shows(at, `<option value="both" selected>`)

	k.must(k.hub.SetKindRule(t.Context(), center.KindRule{User: "ben", Kind: tandem.Contact, Policy: "a", DeleteVsChange: "delete"}))
	ben.submit(at, url.Values{"contact-policy": {"both"}, "was-contact-policy": {"both"}, "contact-delete-vs-change": {"change"}, "was-contact-delete-vs-change": {""}}, at)
	rules(append(everybody, center.KindRule{User: "ben", Kind: tandem.Contact, Policy: "a", DeleteVsChange: "change"})...)
	ben.submit(at, url.Values{"contact-policy": {""}, "was-contact-policy": {"a"}, "contact-delete-vs-change": {""}, "was-contact-delete-vs-change": {"change"}}, at)
	rules(everybody...)

	_, err := k.st.Home.PutCollection(t.Context(), tandem.Collection{User: "ben", Kind: "x-stock-list", Name: "shares"})
	k.must(err)
	ben.submit(at, url.Values{"x-stock-list-policy": {"newest"}, "was-x-stock-list-policy": {""}}, at)
	ben.shows(at, "Stock list", `<option value="newest" selected>`)
	ben.submit(at, url.Values{"x-stock-list-policy": {""}, "was-x-stock-list-policy": {"newest"}}, at)
	rules(everybody...)

	ben.refused(at, url.Values{"of": {"everybody"}, "contact-policy": {"a"}, "was-contact-policy": {"newest"}}, http.StatusForbidden, "administrator")
	ben.refused(at, url.Values{"contact-policy": {"whatever"}, "was-contact-policy": {""}}, http.StatusBadRequest, "whatever")
	rules(everybody...)
	if body := ben.get(at).body; strings.Contains(body, "of=everybody") {
		t.Error("a member is led to the rules of everybody")
	}
}

// TestM112NewsForm: the owner of a phone says on its page when it is told of news.
func TestM112NewsForm(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	d, err := k.devices.Meet(t.Context(), "ben", device.Sighting{ID: "PHONE1", Type: "iPhone", Protocol: "16.1"})
	k.must(err)
	ben := k.in("ben")
	const at, office = "/devices/ben/PHONE1", "peak mon-fri 08:00-18:00 on change; off-peak every 2h"
	ben.submit(at, url.Values{"do": {"news"}, "news": {office}}, at)
	ben.shows(at, `value="`+office+`"`)
	monday := time.Date(2026, 11, 23, 19, 10, 0, 0, time.UTC)
	if got := k.hub.NewsAt(t.Context(), "ben", d.Number, monday); !got.After(monday) {
		t.Errorf("told at %s", got)
	}
	ben.refused(at, url.Values{"do": {"news"}, "news": {"not metered"}}, http.StatusBadRequest, "telling news")
	ben.submit(at, url.Values{"do": {"news"}, "news": {""}}, at)
	if got := k.hub.NewsAt(t.Context(), "ben", d.Number, monday); !got.Equal(monday) {
		t.Errorf("told at %s", got)
	}
}

// TestUnlockForm: the owner of a phone is shown the recovery password that it left, after a question; the results tell so, and nobody else gets it.
func TestUnlockForm(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	d, err := k.devices.Meet(t.Context(), "anna", device.Sighting{ID: "PHONE1", Type: "iPhone", Protocol: "16.1"})
	k.must(err)
	const at, secret = "/devices/anna/PHONE1", "unlock-4711-Zq9"
	anna := k.in("anna")
	if a := anna.get(at); strings.Contains(a.body, "?do=unlock") {
		t.Error("one that leaves none is said to leave one")
	}
	anna.refused(at, url.Values{"do": {"unlock"}}, http.StatusNotFound, "the device left none")
	anna.submit(at+"/policy", url.Values{"name": {"PasswordRecoveryEnabled"}, "value": {"yes"}}, at)
	k.must(k.devices.KeepPassword(t.Context(), d, secret))
	anna.shows(at, `href="`+at+`/ask?do=unlock"`)
	anna.shows(at+"/ask?do=unlock", "Show the recovery password of iPhone of anna?", "The results tell")
	if a := anna.form(at, url.Values{"csrf": {anna.csrf}, "do": {"unlock"}}); a.status != http.StatusOK || !strings.Contains(a.body, secret) || a.head.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", a.status, a.head, a.body)
	}
	anna.shows("/log", "anna was shown its recovery password")
	ben := k.in("ben")
	if a := ben.form(at, url.Values{"csrf": {ben.csrf}, "do": {"unlock"}}); a.status != http.StatusNotFound || strings.Contains(a.body, secret) {
		t.Errorf("of somebody else: %d %s", a.status, a.body)
	}
	if a := anna.get(at); strings.Contains(a.body, secret) {
		t.Error("it is on the page, unasked")
	}
}

// TestDeviceRulesForm: administrators add rules for new devices where they want them, and remove the one that they were asked about and no other.
func TestDeviceRulesForm(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	anna, ben := k.in("anna"), k.in("ben")
	const at = "/device-rules"
	anna.shows(at, "every device of a user may sync")
	anna.submit(at, url.Values{"access": {"held"}, "before": {"0"}}, at)
	anna.submit(at, url.Values{"access": {"blocked"}, "model": {"*outlook*"}, "user": {"ben"}, "max": {"2"}, "note": {"<b>no</b>"}, "before": {"1"}}, at)
	rules := func(want ...device.Rule) {
		t.Helper()
		got, err := k.hub.DeviceRules(t.Context())
		k.must(err)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	first, second := device.Rule{User: "ben", Model: "*outlook*", Max: 2, Access: store.Blocked, Note: "<b>no</b>"}, device.Rule{Access: store.Held}
	rules(first, second)
	anna.shows(at, "1. are turned away", "user ben, model or program *outlook*, the user has 2 others at least", "&lt;b&gt;no&lt;/b&gt;", "2. wait to be allowed", "all devices")
	anna.refused(at, url.Values{"access": {"held"}, "max": {"many"}, "type": {"iPhone"}}, http.StatusBadRequest, `value="iPhone"`)
	anna.refused(at, url.Values{"access": {"maybe"}}, http.StatusBadRequest, "allowed, held or blocked")
	anna.refused(at, url.Values{"access": {"held"}, "before": {"9"}}, http.StatusBadRequest, "none has number 9")

	asked := anna.get(at + "/remove?rule=2").body
	said := between(asked, `name="said" value="`, `"`)
	if !strings.Contains(asked, "Remove rule 2?") || said == "" {
		t.Fatalf("%s", asked)
	}
	_, err := k.hub.RemoveDeviceRule(t.Context(), 2)
	k.must(err)
	_, err = k.hub.AddDeviceRule(t.Context(), device.Rule{Type: "iPhone", Access: store.Allowed}, 0)
	k.must(err)
	anna.refused(at+"/remove", url.Values{"rule": {"2"}, "said": {said}}, http.StatusConflict, "another rule now")
	asked = anna.get(at + "/remove?rule=2").body
	anna.submit(at+"/remove", url.Values{"rule": {"2"}, "said": {between(asked, `name="said" value="`, `"`)}}, at)
	rules(first)
	for _, path := range []string{at, at + "/remove?rule=1"} {
		if a := ben.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s by a member: %d", path, a.status)
		}
	}
	ben.refused(at, url.Values{"access": {"allowed"}}, http.StatusForbidden, "")
	if a := anna.get(at + "/remove?rule=7"); a.status != http.StatusNotFound {
		t.Errorf("no such rule: %d", a.status)
	}
	rules(first)
}

// between is what stands between two texts.
func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	out, _, _ := strings.Cut(rest, to)
	return out
}

// TestRemoveCollectionForm: a collection goes with its records only if one says so, and not while an item uses it.
func TestRemoveCollectionForm(t *testing.T) {
	t.Parallel()
	k := newKit(t, "annas")
	k.must(k.places["annas"].Put("1", card("u1", "Zoe"), ""))
	k.item("anna", "annas", "mine")
	k.sync("mine")
	anna, ben := k.in("anna"), k.in("ben")
	items, err := k.hub.ListItems(t.Context())
	k.must(err)
	at := "/collections/" + itoa(items[0].Collection)
	anna.shows(at, at+"/remove")
	anna.shows(at+"/remove", "Yes, remove its 1 record, too.")
	anna.refused(at+"/remove", url.Values{}, http.StatusConflict, "it has records")
	anna.refused(at+"/remove", url.Values{"all": {"yes"}}, http.StatusConflict, "mine")
	k.must(k.hub.RemoveItem(t.Context(), "mine"))
	for _, path := range []string{at, at + "/remove"} {
		if a := ben.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s by another: %d", path, a.status)
		}
	}
	ben.refused(at+"/remove", url.Values{"all": {"yes"}}, http.StatusNotFound, "")
	anna.submit(at+"/remove", url.Values{"all": {"yes"}}, "/collections?done=removed")
	list, err := k.hub.Collections(t.Context())
	k.must(err)
	for _, c := range list {
		if c.ID == items[0].Collection {
			t.Errorf("%v is still there", c)
		}
	}
}

// TestOwnMailForms: everybody sees what of theirs is on its way, tries it again or takes it out, and says what becomes of invitations.
func TestOwnMailForms(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	anna, ben := k.in("anna"), k.in("ben")
	var ids []int64
	for i, state := range []store.Sending{store.Failed, store.Waiting, store.Sent} {
		m, _, err := k.st.Queue.Enqueue(t.Context(), store.Outgoing{User: "ben", Key: itoa(int64(i)), From: "ben@example.org", To: []string{fmt.Sprintf("to%d@example.com", i)}, State: state, Added: 1, Next: 1 << 40, Tries: 3, Error: "the server says: <no>"}, tandem.Bytes("Subject: x\r\n\r\nx"))
		k.must(err)
		if m.State != state {
			m, err = k.st.Queue.ChangeOutgoing(t.Context(), m.ID, func(m *store.Outgoing) error { m.State = state; return nil })
			k.must(err)
		}
		ids = append(ids, m.ID)
	}
	ben.shows("/settings", `href="/settings/mail"`)
	ben.shows("/settings/mail", "to0@example.com", "to1@example.com", "given up", "the server says: &lt;no&gt;", "3 tries", "/mail/"+itoa(ids[1])+"/remove")
	if strings.Contains(ben.get("/settings/mail").body, "/mail/"+itoa(ids[2])+"/remove") || strings.Contains(anna.get("/settings/mail").body, "to0@") {
		t.Error("what was sent can be taken out, or another's mail is shown")
	}
	at := func(i int) string { return "/mail/" + itoa(ids[i]) }
	state := func(i int) string {
		t.Helper()
		list, err := k.st.Queue.Outgoing(t.Context(), "ben", 0)
		k.must(err)
		for _, m := range list {
			if m.ID == ids[i] {
				return string(m.State)
			}
		}
		return "gone"
	}
	if a := anna.get(at(1) + "/remove"); a.status != http.StatusNotFound {
		t.Errorf("another's message: %d", a.status)
	}
	anna.refused(at(1), url.Values{"do": {"remove"}}, http.StatusNotFound, "")
	ben.submit(at(0), url.Values{"do": {"retry"}}, "/settings/mail")
	ben.shows(at(1)+"/remove", "to1@example.com out of the queue?")
	ben.submit(at(1), url.Values{"do": {"remove"}}, "/settings/mail")
	ben.refused(at(2), url.Values{"do": {"retry"}}, http.StatusBadRequest, "")
	if got := state(0) + state(1) + state(2); got != "waitinggonesent" {
		t.Errorf("%s", got)
	}

	mode := func(user string) imip.Mode {
		u, err := k.st.Accounts.User(t.Context(), user)
		k.must(err)
		return imip.ModeOf(u)
	}
	ben.submit("/people/ben/invitations", url.Values{"invitations": {"ask"}, "back": {"/settings/mail"}}, "/settings/mail")
	anna.submit("/people/anna/invitations", url.Values{"invitations": {"ignore"}}, "/people/anna")
	ben.refused("/people/anna/invitations", url.Values{"invitations": {"add"}}, http.StatusNotFound, "")
	ben.refused("/people/ben/invitations", url.Values{"invitations": {"sometimes"}, "back": {"/settings/mail"}}, http.StatusBadRequest, "sometimes")
	if mode("ben") != imip.Ask || mode("anna") != imip.Ignore {
		t.Errorf("%s %s", mode("ben"), mode("anna"))
	}
	ben.shows("/settings/mail", `<option value="ask" selected>`)
	ben.refused("/people/ben/mail", url.Values{"host": {"mail.example.org"}, "port": {"x"}, "back": {"/settings/mail"}}, http.StatusBadRequest, "<h1>Your mail</h1>")
}

// TestAbsenceForm: people say on their page what is answered while they are away, until when, and to whom; what a phone has set otherwise for some stays as long as the text does.
func TestAbsenceForm(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	ben := k.in("ben")
	set := func(pairs ...string) {
		t.Helper()
		v := url.Values{"state": {"between"}, "from": {"2026-12-21T08:00"}, "until": {"2027-01-04T08:00"}, "who": {"known"}, "text": {"I am away.\r\n\r\nBen"}, "back": {"/settings/mail"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		ben.submit("/people/ben/away", v, "/settings/mail")
	}
	now := func() away.Settings {
		t.Helper()
		u, err := k.st.Accounts.User(t.Context(), "ben")
		k.must(err)
		return away.Of(u)
	}
	set()
	if s := now(); s.State != away.Between || s.End-s.Start != 14*24*3600 || !s.Messages[away.Known].Enabled || s.Messages[away.Unknown].Enabled || s.Messages[away.Internal].Text != "I am away.\n\nBen" {
		t.Errorf("%+v", s)
	}
	ben.shows("/settings/mail", `value="2026-12-21T08:00"`, `value="2027-01-04T08:00"`, `<option value="between" selected>`, `<option value="known" selected>`, "I am away.\n\nBen</textarea>")
	s := now() // as a phone sets it
	s.State, s.Messages[away.Internal], s.Messages[away.Unknown] = away.On, away.Reply{Enabled: true, Text: "Ask Anna.", Type: "Text"}, away.Reply{Enabled: true, Text: "<p>I am <b>away</b>.</p>", Type: "HTML"}
	k.must(k.hub.SetAway(t.Context(), "ben", s))
	ben.shows("/settings/mail", "Some get another text", "I am away.</textarea>", `<option value="all" selected>`)
	set("state", "off", "who", "all", "text", "I am away.")
	if s := now(); s.State != away.Off || s.Messages[away.Internal].Text != "Ask Anna." || s.Messages[away.Unknown].Type != "HTML" {
		t.Errorf("%+v", s)
	}
	set("state", "on", "who", "internal", "text", "Gone.")
	if s := now(); s.State != away.On || s.Messages[away.Internal].Text != "Gone." || s.Messages[away.Unknown].Text != "Gone." || s.Messages[away.Known].Enabled || !s.Messages[away.Internal].Enabled {
		t.Errorf("%+v", s)
	}
	ben.refused("/people/anna/away", url.Values{"state": {"off"}, "who": {"all"}}, http.StatusNotFound, "")
}

// filterServer is a server that knows ManageSieve as far as it is asked for: whoever logs in may list and change scripts. RFC 5804
func filterServer(c net.Conn) {
	defer c.Close()
	r := bufio.NewScanner(c)
	fmt.Fprint(c, "\"SIEVE\" \"vacation\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n")
	for r.Scan() {
		switch word, _, _ := strings.Cut(r.Text(), " "); word {
		case "LOGOUT":
			fmt.Fprint(c, "OK\r\n")
			return
		default:
			fmt.Fprint(c, "OK\r\n")
		}
	}
}

// TestFilterServerForm: a server that answers while somebody is away is named, kept only after it was reached, and given up.
func TestFilterServerForm(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	down := true
	k.filters = func(_ context.Context, address string) (net.Conn, error) {
		if down {
			return nil, &net.OpError{Op: "dial", Err: fmt.Errorf("nobody answers at %s", address)}
		}
		here, there := net.Pipe()
		go filterServer(there)
		return here, nil
	}
	anna := k.in("anna")
	const at = "/people/anna/filter"
	v := func(more ...string) url.Values {
		out := url.Values{"host": {"localhost"}, "port": {"4190"}, "tls": {"none"}, "login": {"anna"}, "password": {"secret word"}, "back": {"/settings/mail"}}
		for i := 0; i < len(more); i += 2 {
			out.Set(more[i], more[i+1])
		}
		return out
	}
	named := func() string {
		u, err := k.st.Accounts.User(t.Context(), "anna")
		k.must(err)
		a, _ := sieve.AccountOf(u)
		return a.Host
	}
	anna.refused(at, v(), http.StatusServiceUnavailable, "nobody answers")
	anna.refused(at, v("port", "x"), http.StatusBadRequest, "the port is no number")
	anna.refused(at, v("host", ""), http.StatusBadRequest, "no server is named")
	if named() != "" {
		t.Errorf("%s is kept, which was not reached", named())
	}
	down = false
	anna.submit(at, v(), "/settings/mail")
	if named() != "localhost" {
		t.Errorf("%q is kept", named())
	}
	page := anna.get("/settings/mail").body
	if !strings.Contains(page, `name="host" value="localhost"`) || !strings.Contains(page, "Let the hub answer again") || strings.Contains(page, "secret word") {
		t.Errorf("%s", page)
	}
	anna.submit(at, url.Values{"do": {"remove"}, "back": {"/settings/mail"}}, "/settings/mail")
	if named() != "" || strings.Contains(anna.get("/settings/mail").body, "Let the hub answer again") {
		t.Errorf("%s is still named", named())
	}
	if a := k.in("ben").form(at, url.Values{"csrf": {"x"}}); a.status != http.StatusForbidden {
		t.Errorf("without the token: %d", a.status)
	}
}

// TestFoldersForm: all folders of an account are followed from its page, on times of one's own, and no longer; what was removed and waits is answered there.
func TestFoldersForm(t *testing.T) {
	t.Parallel()
	k := newKit(t, "annas")
	dir := t.TempDir()
	for _, f := range []string{"", ".Club", ".Club.2026"} {
		for _, sub := range []string{"cur", "new", "tmp"} {
			k.must(os.MkdirAll(filepath.Join(dir, f, sub), 0o755))
		}
	}
	for i := range 12 {
		k.must(os.WriteFile(filepath.Join(dir, ".Club", "cur", fmt.Sprintf("%d.x.y:2,S", i)), []byte(fmt.Sprintf("Subject: %d\r\nMessage-ID: <%d@example.org>\r\n\r\nx\r\n", i, i)), 0o644))
	}
	_, err := k.hub.AddPartner(t.Context(), "anna", "office", "maildir:"+dir)
	k.must(err)
	_, err = k.hub.AddPartner(t.Context(), "anna", "book", "mem:annas")
	k.must(err)
	anna := k.in("anna")
	const at = "/partners/office/folders"
	anna.shows("/partners/office", at)
	anna.shows(at, "Keep all folders in step", `name="under"`)
	if a := anna.get("/partners/book/folders"); a.status != http.StatusBadRequest || strings.Contains(anna.get("/partners/book").body, "/folders") {
		t.Errorf("folders of an address book: %d", a.status)
	}
	anna.refused(at, url.Values{"do": {"follow"}, "under": {"a/../b\x00"}}, http.StatusBadRequest, "under")
	anna.submit(at, url.Values{"do": {"follow"}, "under": {"job"}}, at)
	list, err := k.hub.Folders(t.Context(), "office")
	k.must(err)
	if len(list) < 3 {
		t.Fatalf("%+v", list)
	}
	anna.shows(at, "Club/2026", "here: job/Club")

	anna.refused(at, url.Values{"do": {"when"}, "when": {"now and then"}}, http.StatusBadRequest, `value="now and then"`)
	anna.submit(at, url.Values{"do": {"when"}, "when": {"every 15m"}}, at)
	anna.shows(at, `value="every 15m"`)
	anna.refused(at, url.Values{"do": {"nothing"}}, http.StatusBadRequest, "nothing was chosen")

	held := func() {
		t.Helper()
		club := ""
		for _, f := range list {
			if f.Path == "Club" {
				club = f.Item
			}
		}
		k.sync(club)
		k.must(os.RemoveAll(filepath.Join(dir, ".Club")))
		k.must(k.hub.Sync(t.Context(), nil, center.SyncOptions{}, func(center.SyncNews) {}))
		anna.shows(at, "1 removed folder waits", `href="`+at+`/ask?do=approve"`, "removed at the place")
	}
	held()
	anna.submit(at, url.Values{"do": {"restore"}}, at)
	k.must(k.hub.Sync(t.Context(), nil, center.SyncOptions{}, func(center.SyncNews) {}))
	if files, err := os.ReadDir(filepath.Join(dir, ".Club", "cur")); err != nil || len(files) != 12 {
		t.Errorf("put back: %d messages, %v", len(files), err)
	}
	list, err = k.hub.Folders(t.Context(), "office")
	k.must(err)
	held()
	anna.shows(at+"/ask?do=approve", "Remove the folders of office on the other side, too?")
	anna.submit(at, url.Values{"do": {"approve"}}, at)
	for _, f := range k.mailFolders() {
		if f == "job/Club" {
			t.Error("the folder is still here")
		}
	}
	anna.shows(at+"/ask?do=stop", "Keep the folders of office in step no longer?")
	anna.submit(at, url.Values{"do": {"stop"}}, "/partners/office")
	anna.shows(at, "Keep all folders in step")
	if a := anna.get(at + "/ask?do=other"); a.status != http.StatusSeeOther {
		t.Errorf("a question that there is not: %d", a.status)
	}
}

// mailFolders are the names of mail collections of the hub.
func (k *kit) mailFolders() (out []string) {
	k.Helper()
	list, err := k.hub.Collections(k.Context())
	k.must(err)
	for _, c := range list {
		if c.Kind == tandem.Mail {
			out = append(out, c.Name)
		}
	}
	return out
}
