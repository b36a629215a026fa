package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tandem"
	"tandem/center"
	"tandem/partner/device"
	"tandem/store"
)

// refusal is a form that is sent with something that cannot be used.
type refusal struct {
	forms string // that it stands for, as formsOf names them, with semicolons
	who   string // "": anna, who administers the hub
	page  string // that shows the form
	to    string // where it goes; "": to its page
	send  url.Values
	field string // that is named as the one at fault; "": none, for it is a button, or nothing typed is wrong
	says  string // part of what is said, in English
}

// sent are the fields of a form: names and values by turns.
func sent(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

var (
	formTag   = regexp.MustCompile(`(?s)<form\b(.*?)</form>`)
	actionOf  = regexp.MustCompile(`^[^>]*?\saction="((?:[^"{]|\{\{.*?\}\})*)"`)
	doOf      = regexp.MustCompile(`name="do" value="([^"{]+)"`)
	definedAs = regexp.MustCompile(`\{\{define "([^"]+)"\}\}`)
	put       = regexp.MustCompile(`\{\{.*?\}\}`)
)

// formsOf are the forms of the pages' templates, by template, where they go and what they do: "device * do=news". Those that only scripts send are left out.
func formsOf(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("page/files/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		names := definedAs.FindAllStringSubmatchIndex(text, -1)
		for i, at := range names {
			end := len(text)
			if i+1 < len(names) {
				end = names[i+1][0]
			}
			for _, m := range formTag.FindAllStringSubmatch(text[at[1]:end], -1) {
				head, _, _ := strings.Cut(m[1], ">")
				if strings.Contains(head, "data-passkey") || strings.Contains(head, "data-push") {
					continue
				}
				key := text[at[2]:at[3]]
				if strings.Contains(head, `method="get"`) {
					key += " get"
				}
				if a := actionOf.FindStringSubmatch(m[1]); a != nil {
					key += " " + put.ReplaceAllString(a[1], "*")
				}
				before, _, _ := strings.Cut(m[1], "<button")
				if d := doOf.FindStringSubmatch(before); d != nil {
					key += " do=" + d[1]
				}
				out[key] = true
			}
		}
	}
	return out
}

// TestRefusals sends every form of the pages with what cannot be used, in both languages. Each is answered with its page: what is wrong, why and what helps stand beside the field,
// which has the focus; what was typed is kept, but secrets; nothing is changed, and nothing that was typed is obeyed. A form that no row is about fails the test.
func TestRefusals(t *testing.T) {
	t.Parallel()
	h := newRefusing(t)
	rows := h.rows()
	known, seen := formsOf(t), map[string]bool{}
	for _, r := range rows {
		for _, f := range strings.Split(r.forms, "; ") {
			if seen[f] = true; !known[f] {
				t.Errorf("there is no form %q", f)
			}
		}
	}
	for f := range known {
		if !seen[f] {
			t.Errorf("no row is about the form %q", f)
		}
	}
	if len(known) < 60 {
		t.Fatalf("only %d forms", len(known))
	}
	for _, page := range []string{"/places/first?item=fresh", "/settings/notify"} { // where looking counts what is there, and makes a key
		h.as("anna", "en").get(page)
	}
	before := h.all()
	for i, r := range rows {
		for _, lang := range []string{"en", "de"} {
			t.Run(fmt.Sprintf("%d %s %s", i, strings.ReplaceAll(r.forms, "/", "|"), lang), func(t *testing.T) { h.try(t, r, lang) })
		}
	}
	if after := h.all(); after != before {
		t.Errorf("something was done:\n%s\n%s", before, after)
	}
}

// refusing is a hub with something for every form.
type refusing struct {
	*kit
	browsers map[string]*browser // by user and language
	ids      *strings.Replacer   // of what the rows name
}

func newRefusing(t *testing.T) *refusing {
	t.Helper()
	h := &refusing{kit: (&kit{T: t, dir: t.TempDir(), tells: true}).furnished("annas", "bens"), browsers: map[string]*browser{}}
	ctx := t.Context()
	h.must(h.places["annas"].Put("1", card("u1", "Zoe"), ""))
	h.must(h.places["annas"].Put("3", card("u3", "Ida"), ""))
	h.must(h.places["bens"].Put("2", card("u2", "Yan"), ""))
	h.item("anna", "annas", "mine")
	h.sync("mine")
	h.clash("mine", "u1", "u3")
	_, err := h.hub.AddItem(ctx, center.NewItem{Home: "new", Partner: "mem:bens", User: "anna", Look: true, Name: "fresh"})
	h.must(err)
	for id, access := range map[string]store.Access{"PHONE1": store.Allowed, "HELD2": store.Held} {
		_, err := h.devices.Meet(ctx, "anna", device.Sighting{ID: id, Type: "iPhone", Protocol: "16.1"})
		h.must(err)
		if access == store.Held {
			_, err := h.hub.OrderDevice(ctx, center.DeviceOrder{User: "anna", ID: id, Do: center.DeviceHold, By: "anna"})
			h.must(err)
		}
	}
	mails := map[string]int64{}
	for name, m := range map[string]store.Outgoing{"failed": {State: store.Failed, To: []string{"x@example.org"}}, "doubt": {State: store.Failed, Doubt: []string{"y@example.org"}}} {
		m.User, m.Key, m.From, m.Added, m.Next = "anna", name, "anna@example.org", 1, 1<<40
		state := m.State
		made, _, err := h.st.Queue.Enqueue(ctx, m, tandem.Bytes("Subject: x\r\n\r\nx"))
		h.must(err)
		_, err = h.st.Queue.ChangeOutgoing(ctx, made.ID, func(o *store.Outgoing) error {
			o.State, o.To, o.Doubt = state, m.To, m.Doubt
			return nil
		})
		h.must(err)
		mails[name] = made.ID
	}
	hook, err := h.hub.AddWebhook(ctx, store.Hook{User: "anna", URL: "https://example.org/hook"})
	h.must(err)
	items, err := h.hub.ListItems(ctx)
	h.must(err)
	mine := items[slices.IndexFunc(items, func(it store.Item) bool { return it.Name == "mine" })]
	_, err = h.hub.ShareCollection(ctx, mine.Collection, "ben", false)
	h.must(err)
	_, err = h.hub.LinkCollection(ctx, mine.Collection, "choir")
	h.must(err)
	_, err = h.hub.AddAppPassword(ctx, "anna", "tablet")
	h.must(err)
	_, err = h.hub.AddPartner(ctx, "anna", "server", "net:annas")
	h.must(err)
	dir := t.TempDir()
	for _, f := range []string{"cur", "new", "tmp"} {
		h.must(os.MkdirAll(filepath.Join(dir, f), 0o755))
	}
	for _, name := range []string{"office", "followed"} {
		_, err := h.hub.AddPartner(ctx, "anna", name, "maildir:"+filepath.Join(dir, map[string]string{"office": "", "followed": "."}[name]))
		h.must(err)
	}
	h.must(h.hub.FollowFolders(ctx, center.Follow{Partner: "followed", User: "anna", Under: "job"}))
	_, err = h.st.Factors.AddFactor(ctx, store.Factor{User: "anna", Sort: store.Passkey, Label: "key", Key: "k1", Added: 1})
	h.must(err)
	open, err := h.hub.Conflicts(ctx, true)
	h.must(err)
	if len(open) != 2 {
		t.Fatalf("%d conflicts", len(open))
	}
	h.ids = strings.NewReplacer("{coll}", itoa(mine.Collection), "{conflict}", itoa(open[0].ID), "{failed}", itoa(mails["failed"]), "{doubt}", itoa(mails["doubt"]), "{hook}", itoa(hook.Webhook.ID),
		"{annas}", url.PathEscape(mine.Partner))
	return h
}

// as is a browser of somebody, in a language; "nobody" is nobody.
func (h *refusing) as(who, lang string) *browser {
	h.Helper()
	if b := h.browsers[who+lang]; b != nil {
		return b
	}
	b := h.browser()
	at, err := url.Parse(h.srv.URL)
	h.must(err)
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "tandem-lang", Value: lang, Path: "/"}})
	if who != "nobody" {
		b.logIn(who)
	}
	h.browsers[who+lang] = b
	return b
}

// seenIn is the language in which somebody saw a page last, which looking changes.
var seenIn = regexp.MustCompile(`(\\u0026)?pages-language=[a-z]+`)

// all is what the hub keeps besides its log.
func (h *refusing) all() string {
	h.Helper()
	ctx := h.Context()
	var hooks any
	if h.tells {
		list, err := h.hub.ListWebhooks(ctx, "anna")
		h.must(err)
		hooks = list
	}
	var devices []store.Device
	list, err := h.hub.ListDevices(ctx, "")
	h.must(err)
	for _, d := range list {
		devices = append(devices, d.Device)
	}
	rules, err := h.hub.KindRules(ctx)
	h.must(err)
	open, err := h.hub.Conflicts(ctx, true)
	h.must(err)
	mail, err := h.st.Queue.Outgoing(ctx, "", 0)
	h.must(err)
	return seenIn.ReplaceAllString(h.settled(), "") + fmt.Sprintf("%v %+v %v %d %+v", hooks, devices, rules, len(open), mail)
}

// try sends one form.
func (h *refusing) try(t *testing.T, r refusal, lang string) {
	who := r.who
	if who == "" {
		who = "anna"
	}
	b := h.as(who, lang)
	page, to := h.ids.Replace(r.page), h.ids.Replace(r.to)
	if to == "" {
		to, _, _ = strings.Cut(page, "?")
	}
	if r.send == nil { // a form that only looks
		if a := b.get(page); a.status >= 500 || strings.Contains(a.body, "<b onmouseover") {
			t.Errorf("%s: %d", page, a.status)
		}
		return
	}
	was := b.get(page)
	form := formTo(parse(t, was.body), to, r.send)
	if was.status != http.StatusOK || form == nil && r.field != "" {
		t.Fatalf("%s: %d, has no form to %s with %v", page, was.status, to, r.send)
	}
	send := url.Values{"csrf": {b.csrf}}
	if form != nil {
		for n := range form.Descendants() {
			if name := attr(n, "name"); attr(n, "type") == "hidden" && name != "csrf" && !r.send.Has(name) {
				send.Add(name, attr(n, "value"))
			}
		}
	}
	for name, values := range r.send {
		for _, v := range values {
			send.Add(name, h.ids.Replace(v))
		}
	}
	a := b.form(to, send)
	if a.status < 400 || a.status >= 500 && a.status != http.StatusServiceUnavailable {
		t.Fatalf("%d to %q", a.status, a.head.Get("Location"))
	}
	shown(t, r, a, lang)
	doc := parse(t, a.body)
	if form != nil && len(fields(form)) > 0 {
		again := formTo(doc, to, r.send)
		if again == nil {
			t.Fatal("the form is gone")
		}
		h.keeps(t, again, send)
		atFault(t, r, doc)
	}
}

func parse(t *testing.T, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// formTo is the form of a page that goes somewhere and has all fields that are sent.
func formTo(doc *html.Node, to string, send url.Values) *html.Node {
	for n := range doc.Descendants() {
		if n.DataAtom != atom.Form || attr(n, "method") != "post" {
			continue
		}
		goes := attr(n, "action") == "" || attr(n, "action") == to
		have := map[string]bool{}
		for c := range n.Descendants() {
			have[attr(c, "name")] = true
			goes = goes || attr(c, "formaction") == to
			if attr(c, "name") == "do" && attr(c, "type") == "hidden" && send.Get("do") != attr(c, "value") {
				have["do"] = false
				goes = false
			}
		}
		for name := range send {
			goes = goes && (have[name] || name == "do" && !have["do"])
		}
		if goes {
			return n
		}
	}
	return nil
}

// fields are those that a person fills in.
func fields(form *html.Node) (out []*html.Node) {
	for n := range form.Descendants() {
		if n.DataAtom == atom.Select || n.DataAtom == atom.Textarea || n.DataAtom == atom.Input && attr(n, "type") != "hidden" && !hasAttr(n, "hidden") {
			out = append(out, n)
		}
	}
	return out
}

func inside(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// keeps holds that a form has what was typed into it, but secrets.
func (h *refusing) keeps(t *testing.T, form *html.Node, send url.Values) {
	t.Helper()
	for _, n := range fields(form) {
		name := attr(n, "name")
		if !send.Has(name) {
			continue
		}
		switch kind := attr(n, "type"); {
		case kind == "checkbox" || kind == "radio":
			if on := slices.Contains(send[name], attr(n, "value")); on != hasAttr(n, "checked") {
				t.Errorf("%s is no longer ticked as it was", name)
			}
		case kind == "password" || attr(n, "autocomplete") == "one-time-code":
			if attr(n, "value") != "" {
				t.Errorf("the secret %s is shown", name)
			}
		case n.DataAtom == atom.Textarea:
			if got := strings.TrimPrefix(inside(n), "\n"); !slices.Contains(send[name], got) {
				t.Errorf("%s is %q", name, got)
			}
		case n.DataAtom == atom.Input:
			if got := attr(n, "value"); !slices.Contains(send[name], got) {
				t.Errorf("%s is %q", name, got)
			}
		}
	}
}

// germanless are words that no German sentence holds.
var germanless = regexp.MustCompile(`(?i)\b(the|and|of|is|are|were|with|not|from|this|that|which|when|has|have|been|records?|changed|nothing|no|give|choose|type|must|add|set)\b`)

// shown holds that the answer says what is wrong, why and what helps, once, in the language of the page, and obeys nothing that was typed.
func shown(t *testing.T, r refusal, a answer, lang string) {
	t.Helper()
	boxes := 0
	for n := range parse(t, a.body).Descendants() {
		if n.DataAtom == atom.Div && attr(n, "class") == "problem" && (attr(n, "id") == "wrong" || attr(n.Parent, "id") == "notice") {
			boxes++
			if said := strings.Join(strings.Fields(inside(n)), " "); lang == "en" && !strings.Contains(said, r.says) {
				t.Errorf("it does not say %q: %q", r.says, cut(said))
			} else {
				t.Log(cut(said))
			}
			german(t, r, n, lang)
		}
	}
	if boxes != 1 {
		t.Errorf("%d problems are told", boxes)
	}
	if strings.Contains(a.body, "<b onmouseover") || inlineScript(a.body) || strings.Contains(a.body, "ZgotmplZ") {
		t.Error("what was typed is obeyed")
	}
}

// german holds what is said to the language of the page. What people typed is repeated as it is.
func german(t *testing.T, r refusal, box *html.Node, lang string) {
	t.Helper()
	var parts []string
	for n := range box.Descendants() {
		if n.DataAtom == atom.Dd || n.DataAtom == atom.P {
			text := strings.TrimSpace(inside(n))
			if parts = append(parts, text); text == "" {
				t.Errorf("something is left empty: %s", inside(box))
			}
		}
		if lang != "en" && attr(n, "lang") == "en" {
			t.Errorf("this is English: %s", inside(n))
		}
	}
	if lang == "en" {
		return
	}
	for _, p := range parts {
		if strings.HasPrefix(p, "Code:") {
			continue
		}
		p = strings.ReplaceAll(p, "Server of a test", "") // what a provider calls itself
		for _, values := range r.send {
			for _, v := range values {
				if len(v) > 3 {
					p = strings.ReplaceAll(p, v, "")
				}
			}
		}
		if w := germanless.FindString(p); w != "" {
			t.Errorf("%q is English in %q", w, p)
		}
	}
}

// atFault holds that the field is marked that is at fault, with the focus and what is said; or else that what is said has the focus.
func atFault(t *testing.T, r refusal, doc *html.Node) {
	t.Helper()
	var marked, focused []string
	for n := range doc.Descendants() {
		if hasAttr(n, "aria-invalid") {
			marked = append(marked, attr(n, "name"))
			if !slices.Contains(strings.Fields(attr(n, "aria-describedby")), "wrong") {
				t.Errorf("%s is not explained", attr(n, "name"))
			}
		}
		if hasAttr(n, "autofocus") {
			focused = append(focused, attr(n, "name"))
		}
	}
	want := []string{r.field}
	if !slices.Equal(focused, want) {
		t.Errorf("the focus is on %q, not on %q", focused, want)
	}
	if r.field == "" {
		want = nil
	}
	if !slices.Equal(marked, want) {
		t.Errorf("at fault are %q, not %q", marked, want)
	}
}

// cut is the beginning of a text.
func cut(s string) string { return s[:min(len(s), 300)] }
