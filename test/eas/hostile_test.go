package eas_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// commands are all that are served.
var commands = []string{"FolderCreate", "FolderDelete", "FolderSync", "FolderUpdate", "Find", "GetAttachment", "GetHierarchy", "GetItemEstimate", "ItemOperations", "MeetingResponse", "MoveItems", "Ping",
	"Provision", "ResolveRecipients", "Search", "Settings", "Sync", "ValidateCert"}

// refused reports a code with which a client is turned away, or told to come later: never 500.
func refused(code int) bool { return code >= 400 && code < 500 || code == 501 || code == 503 }

// TestHostileBodies: what is no document, or too much of one, is refused within bounded memory.
func TestHostileBodies(t *testing.T) {
	h := newHouse(t)
	h.phone("ann", "evil", "16.1")
	nested := append([]byte{3, 1, 0x6a, 0}, bytes.Repeat([]byte{0x45}, 20<<20)...)
	wide := append([]byte{3, 1, 0x6a, 0, 0x45}, bytes.Repeat([]byte{0x0b}, 20<<20)...)
	table := append([]byte{3, 1, 0x6a, 0x88, 0x80, 0x80, 0x80, 0x00}, bytes.Repeat([]byte{0x45}, 1<<20)...)
	refs := append([]byte{3, 1, 0x6a, 4, 'a', 'a', 'a', 0, 0x45}, bytes.Repeat([]byte{0x83, 0}, 4<<20)...)
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b)
		h.must(z.Close())
		return out.Bytes()
	}
	bomb := zip(make([]byte, 200<<20))
	whole := zip(append([]byte{3, 1, 0x6a, 0, 0x45}, make([]byte, 1<<16)...))
	gz := map[string]string{"Content-Encoding": "gzip"}
	for name, c := range map[string]struct {
		header map[string]string
		body   []byte
	}{
		"nested":       {nil, nested},
		"wide":         {nil, wide},
		"string table": {nil, table},
		"references":   {nil, refs},
		"too large":    {nil, make([]byte, 49<<20)},
		"bomb":         {gz, bomb},
		"broken gzip":  {gz, []byte("hello")},
		"gzip cut":     {gz, whole[:len(whole)/2]},
		"gzip sum":     {gz, append(bytes.Clone(whole[:len(whole)-8]), 1, 2, 3, 4, 5, 6, 7, 8)},
		"XML":          {map[string]string{"Content-Type": "text/xml"}, []byte("<Sync/>")},
		"a form":       {map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, []byte("--x--")},
		"no type":      {map[string]string{"Content-Type": "///;;"}, []byte{3, 1, 0x6a, 0, 0x45, 1}},
		"a mail":       {map[string]string{"Content-Type": "message/rfc822"}, []byte("From: a\r\n\r\nb")},
		"header only":  {nil, []byte{3, 1, 0x6a, 0}},
		"one byte":     {nil, []byte{3}},
		"charset":      {nil, []byte{3, 1, 0x7f, 0, 0x45, 1}},
		"length 2^32":  {nil, []byte{3, 1, 0x6a, 0, 0x45, 0xc3, 0x8f, 0xff, 0xff, 0xff, 0x7f, 1}},
		"control":      {nil, append([]byte{3, 1, 0x6a, 0, 0x45, 0x5c, 0x4f, 0x4b, 3}, "\x01\x02\xff\xfe\x00\x01\x01\x01\x01"...)},
	} {
		for _, version := range []string{"12.1", "16.1"} {
			for _, command := range []string{"Sync", "Ping", "MeetingResponse"} {
				code, used := h.measured(command, version, c.header, c.body)
				if code != 200 && !refused(code) {
					t.Errorf("%s, %s %s: HTTP %d", name, command, version, code)
				}
				if version == "12.1" && command == "MeetingResponse" && code == 200 && name != "header only" && name != "control" && name != "a mail" && name != "no type" {
					t.Errorf("%s: %s %s is done", name, command, version)
				}
				if most := uint64(256 << 20); used > most {
					t.Errorf("%s, %s %s: %d MB were allocated", name, command, version, used>>20)
				}
			}
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 256<<20 {
		t.Errorf("%d MB are kept", m.HeapAlloc>>20)
	}
	contains(t, h.do(h.client("ann", "evil", "16.1"), "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>"), "Status=1")
}

// measured sends a request, and returns the code and how many bytes were allocated meanwhile, by the client, too.
func (h *house) measured(command, version string, header map[string]string, body []byte) (code int, used uint64) {
	h.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	app, _ := passwords.Load(h.key("ann"))
	req, err := http.NewRequest(http.MethodPost, h.srv.URL+easclient.Path+"?Cmd="+command+"&User=ann&DeviceId=evil&DeviceType=x", bytes.NewReader(body))
	h.must(err)
	req.SetBasicAuth("ann", app.(string))
	req.Header.Set("MS-ASProtocolVersion", version)
	req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := h.srv.Client().Do(req)
	if err != nil { // the server may hang up on somebody who sends too much
		return http.StatusRequestEntityTooLarge, 0
	}
	resp.Body.Close()
	runtime.ReadMemStats(&after)
	return resp.StatusCode, after.TotalAlloc - before.TotalAlloc
}

// TestHostileNames: device ids, types, commands and versions that are none.
func TestHostileNames(t *testing.T) {
	h := newHouse(t)
	app, _ := passwords.Load(h.key("ann"))
	long := strings.Repeat("x", 5000)
	for _, q := range []url.Values{
		{"DeviceId": {long}}, {"DeviceType": {long}}, {"DeviceId": {"a\x01b"}}, {"DeviceId": {"a\x00b"}}, {"DeviceId": {"../../etc"}}, {"DeviceId": {"a\\b"}}, {"DeviceId": {"\xff\xfe"}},
		{"DeviceType": {"a\r\nX: y"}}, {"DeviceType": {"\x7f"}}, {"DeviceId": {""}}, {"Cmd": {""}}, {"Cmd": {"../Sync"}}, {"Cmd": {"sync"}}, {"Cmd": {"SendMail"}}, {"Cmd": {long}},
		{"version": {"99.9"}}, {"version": {"-1"}}, {"version": {"12.1, 16.1"}}, {"raw": {"%zz"}}, {"raw": {"AAAA"}}, {"raw": {"jQkJBAP/"}}, {"raw": {strings.Repeat("A", 4000)}},
	} {
		v := url.Values{"Cmd": {"FolderSync"}, "User": {"ann"}, "DeviceId": {"d"}, "DeviceType": {"x"}}
		version := "16.1"
		for k := range q {
			v[k] = q[k]
		}
		if q.Has("version") {
			version = q.Get("version")
			v.Del("version")
		}
		raw := v.Encode()
		if q.Has("raw") {
			raw = q.Get("raw")
		}
		body, err := wbxml.Marshal(wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, "0")))
		h.must(err)
		req, err := http.NewRequest(http.MethodPost, h.srv.URL+easclient.Path+"?"+raw, bytes.NewReader(body))
		h.must(err)
		req.SetBasicAuth("ann", app.(string))
		req.Header.Set("MS-ASProtocolVersion", version)
		req.Header.Set("User-Agent", long)
		resp, err := h.srv.Client().Do(req)
		h.must(err)
		resp.Body.Close()
		if !refused(resp.StatusCode) || resp.StatusCode == 503 {
			t.Errorf("%.100v: HTTP %d", q, resp.StatusCode)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PROPFIND", "TRACE"} {
		resp, err := h.request(method, "", nil, nil)
		h.must(err)
		if resp.StatusCode != 501 && resp.StatusCode != 405 { // MS-ASHTTP_R187
			t.Errorf("%s: HTTP %d", method, resp.StatusCode)
		}
	}
	list, err := h.st.Devices.Devices(t.Context(), "")
	h.must(err)
	if len(list) != 0 {
		t.Errorf("devices: %+v", list)
	}
}

// TestHostileNumbers: windows, ranges and lists beyond reason.
func TestHostileNumbers(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	p := h.phone("ann", "evil", "16.1")
	folder := p.FolderOf(9)
	key := h.begin(p.Client, folder)
	for _, n := range []string{"0", "-1", "999999999", "99999999999999999999", "x", ""} {
		contains(t, h.do(p.Client, "Sync", "<Sync><Collections>"+collection(key, folder, "<WindowSize>"+n+"</WindowSize>")+"</Collections><WindowSize>"+n+"</WindowSize></Sync>"), "Sync{", "!HTTP")
		contains(t, h.do(p.Client, "Ping", "<Ping><HeartbeatInterval>"+n+"</HeartbeatInterval><Folders><Folder><Id>"+n+"</Id><Class>Contacts</Class></Folder></Folders></Ping>"), "Ping{Status=", "!HTTP")
		contains(t, h.do(p.Client, "Sync", sync1(collection(key, folder, "<Options><FilterType>"+n+"</FilterType><airsyncbase:BodyPreference><airsyncbase:Type>"+n+"</airsyncbase:Type><airsyncbase:TruncationSize>"+n+"</airsyncbase:TruncationSize></airsyncbase:BodyPreference></Options>"))), "!HTTP")
	}
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	contains(t, h.do(p.Client, "Ping", "<Ping><HeartbeatInterval>60</HeartbeatInterval><Folders>"+many(5000, func(i int) string { return fmt.Sprintf("<Folder><Id>%d</Id><Class>Email</Class></Folder>", i+1) })+"</Folders></Ping>"), "Ping{Status=6 MaxFolders=200}")
	contains(t, h.do(p.Client, "Sync", sync1(many(5000, func(i int) string { return collection("0", fmt.Sprint(i), "") }))), "Sync{", "!HTTP")
	contains(t, h.do(p.Client, "ItemOperations", "<ItemOperations>"+many(5000, func(i int) string { return "<Fetch><Store>Mailbox</Store></Fetch>" })+"</ItemOperations>"), "ItemOperations{Status=2}")
	contains(t, h.do(p.Client, "MoveItems", "<MoveItems>"+many(5000, func(i int) string {
		return "<Move><SrcMsgId>1:1</SrcMsgId><SrcFldId>1</SrcFldId><DstFldId>2</DstFldId></Move>"
	})+"</MoveItems>"), "MoveItems{", "!HTTP")
	contains(t, h.do(p.Client, "GetItemEstimate", "<GetItemEstimate><Collections>"+many(5000, func(i int) string {
		return fmt.Sprintf("<Collection><airsync:SyncKey>1</airsync:SyncKey><CollectionId>%d</CollectionId></Collection>", i)
	})+"</Collections></GetItemEstimate>"), "GetItemEstimate{", "!HTTP")
	for _, id := range []string{"../1", "1/../2", "1:1:1:1:1", "%00", "-1", "0", "9223372036854775808", "1e3", " 1", "１", "'; DROP TABLE record; --"} {
		esc := strings.NewReplacer("<", "&lt;", "&", "&amp;").Replace(id)
		contains(t, h.do(p.Client, "Sync", sync1(collection("0", esc, ""))), "Status=12}", "!HTTP")
		contains(t, h.do(p.Client, "FolderDelete", "<FolderDelete><SyncKey>"+p.FolderKey+"</SyncKey><ServerId>"+esc+"</ServerId></FolderDelete>"), "FolderDelete{Status=4}")
		contains(t, h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+esc+"</airsync:ServerId></Fetch></ItemOperations>"), "Fetch{Status=6")
	}
	h.valid()
}

// TestHostileFlood: a hundred requests at once of one user neither fail nor keep another from being served.
func TestHostileFlood(t *testing.T) {
	h := newHouse(t)
	h.user("bob")
	p := h.phone("ann", "evil", "16.1")
	folder := p.FolderOf(9)
	bob := h.phone("bob", "good", "16.1")
	bobs := bob.FolderOf(9)
	h.must(bob.Sync(t.Context(), bobs))
	ctx, cancel := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	for i := range 100 {
		flood.Go(func() {
			c := h.client("ann", fmt.Sprint("evil", i%7), "16.1")
			for n := 0; ctx.Err() == nil && n < 20; n++ {
				command, ask := "Search", "<Search><Store><Name>GAL</Name><Query>a</Query></Store></Search>"
				switch (i + n) % 4 {
				case 0:
					command, ask = "Sync", sync1(collection("0", folder, ""))
				case 1:
					command, ask = "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>"
				case 2:
					command, ask = "Ping", "<Ping><HeartbeatInterval>0</HeartbeatInterval></Ping>"
				}
				doc, _ := wbxml.FromXML(strings.NewReader(ask))
				a, err := c.Do(ctx, command, doc)
				if err == nil && a.Code != 200 && !refused(a.Code) {
					t.Errorf("%s: HTTP %d", command, a.Code)
				}
			}
		})
	}
	for i := range 5 {
		start := time.Now()
		h.put(h.collection("bob", tandem.Contact), card(fmt.Sprint("u", i), "Zoe", "1"))
		h.must(bob.Sync(t.Context(), bobs))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("bob waited %v", took)
		}
	}
	cancel()
	flood.Wait()
	if len(bob.Stores[bobs].Items) != 5 {
		t.Errorf("bob has %d contacts", len(bob.Stores[bobs].Items))
	}
}

// nasty are texts to be put anywhere.
var nasty = []string{"", "0", "-1", "1", "99999999999999999999", "\x00", "\x01\x1b", "\xff\xfe", "2026-13-45T99:99:99.999Z", "20260601T100000Z", "1:1", "999:999", strings.Repeat("x", 70000), "🜁" + strings.Repeat("é", 300),
	"<b>&amp;", "%s%n", "'\"; --", "../..", "Mailbox", "GAL", "AAAA", "{}"}

// mutate changes a document in one place or several.
func mutate(r *rand.Rand, root *wbxml.Element) *wbxml.Element {
	root = clone(root)
	var all []*wbxml.Element
	var walk func(e *wbxml.Element)
	walk = func(e *wbxml.Element) {
		all = append(all, e)
		for _, c := range e.Children {
			walk(c)
		}
	}
	walk(root)
	for range 1 + r.IntN(3) {
		e := all[r.IntN(len(all))]
		switch r.IntN(6) {
		case 0:
			e.Text, e.Data, e.Children = nasty[r.IntN(len(nasty))], nil, nil
		case 1:
			e.Data, e.Text, e.Children = []byte(nasty[r.IntN(len(nasty))]), "", nil
		case 2: // a child away
			if n := len(e.Children); n > 0 {
				i := r.IntN(n)
				e.Children = append(e.Children[:i:i], e.Children[i+1:]...)
			}
		case 3: // a child twice
			if n := len(e.Children); n > 0 {
				e.Add(clone(e.Children[r.IntN(n)]))
			}
		case 4: // a branch from elsewhere
			if other := clone(all[r.IntN(len(all))]); e.Data == nil {
				e.Text = ""
				e.Add(other)
			}
		case 5: // order
			r.Shuffle(len(e.Children), func(i, j int) { e.Children[i], e.Children[j] = e.Children[j], e.Children[i] })
		}
	}
	return root
}

func clone(e *wbxml.Element) *wbxml.Element {
	out := &wbxml.Element{Tag: e.Tag, Text: e.Text, Data: e.Data}
	for _, c := range e.Children {
		out.Children = append(out.Children, clone(c))
	}
	return out
}

// TestHostileMutations: sensible requests of all commands, changed at random: whatever it is, it gets an answer that the schemas like.
func TestHostileMutations(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:x", "RRULE:FREQ=DAILY;COUNT=5", "ORGANIZER:mailto:ben@x.org", "ATTENDEE:mailto:ann@example.org"))
	p := h.phone("ann", "evil", "16.1")
	var docs []*wbxml.Element
	for _, ask := range session(h, p) {
		if ask.doc != nil {
			docs = append(docs, ask.doc)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	n := 1500
	if testing.Short() {
		n = 300
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range n {
		doc := docs[r.IntN(len(docs))]
		command := commandOf(doc.Tag)
		if command == "Ping" && r.IntN(10) > 0 { // most of them would wait
			continue
		}
		body, err := wbxml.Marshal(mutate(r, doc))
		if err != nil {
			continue // cannot be written down at all
		}
		c := h.client("ann", "evil", versions[r.IntN(len(versions))])
		once, done := context.WithTimeout(ctx, 3*time.Second) // some wait, as they were asked to
		a, err := c.Post(once, command, nil, "application/vnd.ms-sync.wbxml", body)
		done()
		if err == nil && a.Code != 200 && !refused(a.Code) {
			t.Fatalf("%d: %s: HTTP %d to %q", i, command, a.Code, body)
		}
	}
	h.valid()
}

func commandOf(root wbxml.Tag) string {
	for _, c := range commands {
		if root.Name() == c {
			return c
		}
	}
	return ""
}
