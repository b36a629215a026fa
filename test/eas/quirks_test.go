package eas_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"tandem"
	"tandem/test/easclient"
	"tandem/test/easkit"
	"tandem/wire/wbxml"
)

// The tests of this file and of quirks_*_test.go are of what phones in the field do; doc/quirks.md lists them.

// do sends a document written as XML, and returns the answer as easkit.Text shows it; the HTTP code if that is not 200.
func (h *house) do(c *easclient.Client, command, request string) string {
	h.Helper()
	var doc *wbxml.Element
	if request != "" {
		var err error
		doc, err = wbxml.FromXML(strings.NewReader(request))
		if err != nil {
			h.Fatalf("%v in %s", err, request)
		}
	}
	a, err := c.Do(context.Background(), command, doc)
	h.must(err)
	switch {
	case a.Code != http.StatusOK:
		return fmt.Sprint("HTTP ", a.Code)
	case a.Doc == nil:
		return ""
	}
	return easkit.Text(a.Doc)
}

// sync wraps collections.
func sync1(collections ...string) string {
	return "<Sync><Collections>" + strings.Join(collections, "") + "</Collections></Sync>"
}

func collection(key, id, more string) string {
	return "<Collection><SyncKey>" + key + "</SyncKey><CollectionId>" + id + "</CollectionId>" + more + "</Collection>"
}

var keyPattern = regexp.MustCompile(`SyncKey=([^ }]+)`)

// keyIn is the first sync key in an answer.
func keyIn(answer string) string {
	m := keyPattern.FindStringSubmatch(answer)
	if m == nil {
		return "none in " + answer
	}
	return m[1]
}

// begin starts to sync a folder, and returns the key.
func (h *house) begin(c *easclient.Client, folder string) string {
	h.Helper()
	return keyIn(h.do(c, "Sync", sync1(collection("0", folder, ""))))
}

func contains(t testing.TB, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if not, ok := strings.CutPrefix(w, "!"); ok && strings.Contains(got, not) {
			t.Errorf("%s\nhas %s", got, not)
		} else if !ok && !strings.Contains(got, w) {
			t.Errorf("%s\nlacks %s", got, w)
		}
	}
}

const changes = "<GetChanges/>"

func add(id, data string) string {
	return "<Commands><Add><ClientId>" + id + "</ClientId><ApplicationData>" + data + "</ApplicationData></Add></Commands>"
}

// A key that was given out once never makes a phone forget everything, however old it is.
func TestFieldNote01Wipe(t *testing.T) {
	h := newHouse(t)
	c := h.collection("ann", tandem.Contact)
	p := h.phone("ann", "phone1", "16.1")
	folder := p.FolderOf(9)
	keys := []string{h.begin(p.Client, folder)}
	for i := range 5 {
		h.put(c, card(fmt.Sprint("u", i), "Zoe", "1"))
		keys = append(keys, keyIn(h.do(p.Client, "Sync", sync1(collection(keys[i], folder, changes)))))
	}
	h.open()
	for _, back := range []int{5, 4, 3, 1, 0} { // the last, the one before, whose answer may have been lost, and those of long ago
		got := h.do(p.Client, "Sync", sync1(collection(keys[back], folder, changes)))
		contains(t, got, "!Status=3")
		if missing := 5 - back; strings.Count(got, "Add{")+strings.Count(got, "Change{") != missing {
			t.Errorf("of %d records that the phone did not have: %s", missing, got)
		}
	}
	h.valid()
}

// A folder that is gone is told as such, so that the phone asks for its folders.
func TestFieldNote02FolderGone(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "phone1", "16.1")
	made := h.do(p.Client, "FolderCreate", "<FolderCreate><SyncKey>"+p.FolderKey+"</SyncKey><ParentId>0</ParentId><DisplayName>More</DisplayName><Type>14</Type></FolderCreate>")
	contains(t, made, "Status=1")
	p.FolderKey = keyIn(made)
	folder := strings.TrimSuffix(made[strings.LastIndex(made, "ServerId=")+len("ServerId="):], "}")
	key := h.begin(p.Client, folder)
	contains(t, h.do(p.Client, "FolderDelete", "<FolderDelete><SyncKey>"+p.FolderKey+"</SyncKey><ServerId>"+folder+"</ServerId></FolderDelete>"), "Status=1")
	contains(t, h.do(p.Client, "Sync", sync1(collection(key, folder, changes))), "Status=12", "!Status=3")
	h.valid()
}

// MoreAvailable always comes with a new key: the phone of the tests holds the server to it.
func TestFieldNote03Looping(t *testing.T) {
	h := newHouse(t)
	for i := range 12 {
		h.put(h.collection("ann", tandem.Contact), card(fmt.Sprint("u", i), "Zoe", "1"))
	}
	p := h.phone("ann", "phone1", "14.1")
	p.Window = 1
	folder := p.FolderOf(9)
	h.must(p.Sync(t.Context(), folder))
	if len(p.Stores[folder].Items) != 12 || p.Twice != 0 {
		t.Errorf("%d items, %d twice", len(p.Stores[folder].Items), p.Twice)
	}
	h.valid()
}

// waiting starts a Ping and returns what it will be answered, once it waits.
func (h *house) waiting(c *easclient.Client, folder string) chan *easclient.Answer {
	h.Helper()
	out := make(chan *easclient.Answer, 1)
	doc, err := wbxml.FromXML(strings.NewReader("<Ping><HeartbeatInterval>480</HeartbeatInterval><Folders><Folder><Id>" + folder + "</Id><Class>Contacts</Class></Folder></Folders></Ping>"))
	h.must(err)
	go func() {
		a, err := c.Do(context.Background(), "Ping", doc)
		if err != nil {
			h.Error(err)
		}
		out <- a
	}()
	return out
}

// What a phone cannot go on with is told by HTTP, with the time to come again, where every status of Ping would make it ask again at once: here a Ping that
// another one displaces.
func TestFieldNote04HotLoop(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "phone1", "14.1")
	folder := p.FolderOf(9)
	h.must(p.Sync(t.Context(), folder))
	first := h.waiting(h.client("ann", "phone1", "14.1"), folder)
	for h.door.Broker.Waiting() == 0 {
		runtime.Gosched()
	}
	second := h.waiting(h.client("ann", "phone1", "14.1"), folder)
	if a := <-first; a.Code != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || a.Doc != nil {
		t.Errorf("%d %v", a.Code, a.Header)
	}
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	if a := <-second; a.Code != 200 || a.Status() != "2" {
		t.Errorf("the later one: %d, status %s", a.Code, a.Status())
	}
}

// Gmail pings twice within a second: of two Pings of a device the later one goes on, and the earlier one is told to come later.
func TestFieldNote17TwoPings(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "phone1", "16.1")
	folder := p.FolderOf(9)
	h.must(p.Sync(t.Context(), folder))
	first := h.waiting(h.client("ann", "phone1", "16.1"), folder)
	second := h.waiting(h.client("ann", "phone1", "16.1"), folder)
	var displaced *easclient.Answer
	rest := second
	select { // either may be the later one
	case displaced = <-first:
	case displaced = <-second:
		rest = first
	}
	if displaced.Code != http.StatusServiceUnavailable || displaced.Header.Get("Retry-After") == "" {
		t.Errorf("displaced: %d %v", displaced.Code, displaced.Header)
	}
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	if a := <-rest; a == nil || a.Code != 200 || easkit.Text(a.Doc) != "Ping{Status=2 Folders{Folder="+folder+"}}" {
		t.Errorf("the other: %+v", a)
	}
	h.valid()
}

// Ten records at a time, and a Ping of eight minutes.
func TestFieldNote05Windows(t *testing.T) {
	h := newHouse(t)
	for i := range 35 {
		h.put(h.collection("ann", tandem.Contact), card(fmt.Sprint("u", i), "Zoe", "1"))
	}
	p := h.phone("ann", "phone1", "14.1")
	folder := p.FolderOf(9)
	key := h.begin(p.Client, folder)
	for _, want := range []int{10, 10, 10, 5} {
		got := h.do(p.Client, "Sync", sync1(collection(key, folder, changes+"<WindowSize>10</WindowSize>")))
		if n := strings.Count(got, "Add{"); n != want || strings.Contains(got, "MoreAvailable") != (want == 10) {
			t.Errorf("%d records: %.200s", n, got)
		}
		key = keyIn(got)
	}
	h.valid()
}

// Versions ascend; Class is of no harm; what a device tells of itself is taken in either place.
func TestFieldNote06Stock(t *testing.T) {
	h := newHouse(t)
	c := h.client("ann", "androidc1", "12.1")
	a, err := c.Options(t.Context())
	h.must(err)
	if got := a.Header.Get("MS-ASProtocolVersions"); got != "12.1,14.0,14.1,16.0,16.1" {
		t.Errorf("versions %s", got)
	}
	p := h.phone("ann", "androidc1", "12.1")
	folder := p.FolderOf(9)
	contains(t, h.do(c, "Sync", sync1("<Collection><Class>Contacts</Class><SyncKey>0</SyncKey><CollectionId>"+folder+"</CollectionId></Collection>")), "Status=1", "!Class")
	info := "<settings:DeviceInformation><settings:Set><settings:Model>%s</settings:Model></settings:Set></settings:DeviceInformation>"
	for version, command := range map[string]string{"12.1": "Settings", "14.0": "Settings", "14.1": "Provision"} {
		c.Version = version
		doc := "<Settings>" + fmt.Sprintf(strings.ReplaceAll(info, "settings:", ""), version) + "</Settings>"
		if command == "Provision" {
			doc = "<provision:Provision>" + fmt.Sprintf(info, version) + "<Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>"
		}
		contains(t, h.do(c, command, doc), "DeviceInformation{Status=1}")
		d, err := h.st.Devices.Device(t.Context(), "ann", "androidc1")
		h.must(err)
		if d.Info["model"] != version {
			t.Errorf("%s: %v", version, d.Info)
		}
	}
	h.valid()
}

// A device that only tries the account is none.
func TestFieldNote07Validate(t *testing.T) {
	h := newHouse(t)
	p := easclient.NewPhone(h.client("ann", "validate", "14.1"))
	if err := p.FolderSync(t.Context()); err != nil {
		t.Log(err) // whatever it is told, it is no failure of the server
	}
	contains(t, h.do(p.Client, "Provision", "<provision:Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>"), "Status=1", "PolicyKey")
	list, err := h.st.Devices.Devices(t.Context(), "ann")
	h.must(err)
	if len(list) != 0 {
		t.Errorf("devices: %+v", list)
	}
}

// OPTIONS tells what it has to tell without a password, and a command without one is asked for it.
func TestFieldNote08Options(t *testing.T) {
	h := newHouse(t)
	resp, err := h.request(http.MethodOptions, "", nil, nil)
	h.must(err)
	if resp.StatusCode != 200 || resp.Header.Get("MS-ASProtocolVersions") == "" || resp.Header.Get("Public") == "" || resp.Header.Get("Allow") == "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	resp, err = h.request(http.MethodPost, "?Cmd=FolderSync&User=ann&DeviceId=d&DeviceType=x", nil, nil)
	h.must(err)
	if resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic realm=") {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

// request sends anything, without a password unless the header has one.
func (h *house) request(method, query string, header map[string]string, body []byte) (*http.Response, error) {
	req, err := http.NewRequest(method, h.srv.URL+easclient.Path+query, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[http.CanonicalHeaderKey(k)] = []string{v}
	}
	resp, err := h.srv.Client().Do(req)
	if err == nil {
		err = resp.Body.Close()
	}
	return resp, err
}

// A search tells its range and how many there are.
func TestFieldNote09Search(t *testing.T) {
	h := newHouse(t)
	contains(t, h.do(h.client("ann", "a1", "14.1"), "Search", "<Search><Store><Name>GAL</Name><Query>ann</Query><Options><Range>0-19</Range></Options></Store></Search>"), "Range=0-0 Total=1")
	h.valid()
}

// GetItemEstimate for a folder that was never synced gives the phone no reason to stop.
func TestFieldNote13Estimate(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	p := h.phone("ann", "a1", "14.1")
	folder := p.FolderOf(9)
	key := h.begin(p.Client, folder)
	got := h.do(p.Client, "GetItemEstimate", "<GetItemEstimate><Collections><Collection><airsync:SyncKey>"+key+"</airsync:SyncKey><CollectionId>"+folder+"</CollectionId></Collection></Collections></GetItemEstimate>")
	contains(t, got, "Status=1", "Estimate=1")
	h.valid()
}

// A Sync that only waits, and one of a folder that nobody has.
func TestFieldNote14Heartbeat(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "a1", "14.1")
	contains(t, h.do(p.Client, "Sync", sync1(collection("0", "4", ""))), "Status=", "!HTTP")
	contains(t, h.do(p.Client, "Sync", sync1(collection("0", "Outbox", ""))), "Status=", "!HTTP")
	h.begin(p.Client, p.FolderOf(9))
	folder := sync1(collection(keyIn(h.do(p.Client, "Sync", sync1(collection("0", p.FolderOf(9), "")))), p.FolderOf(9), changes))
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	beat := "<Sync><HeartbeatInterval>480</HeartbeatInterval>"
	contains(t, h.do(p.Client, "Sync", strings.Replace(folder, "<Sync>", beat, 1)), "FileAs=Zoe") // there is something: nothing to wait for
	contains(t, h.do(p.Client, "Sync", "<Sync><HeartbeatInterval>1</HeartbeatInterval><Collections/></Sync>"), "Sync{Status=14 Limit=60}")
	h.valid()
}

// A policy has only what was set, and none is asked of anybody where none is.
func TestFieldNote16Policy(t *testing.T) {
	h := newHouse(t)
	c := h.client("ann", "a1", "14.1")
	contains(t, h.do(c, "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>"), "Status=1")
	ask := "<provision:Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>"
	contains(t, h.do(c, "Provision", ask), "Data{EASProvisionDoc}")
	h.valid()
}

// Old versions of Gmail and desktop Outlook are offered what they bear. Note 41: Outlook.
func TestFieldNote18Offers(t *testing.T) {
	h := newHouse(t)
	for _, o := range []struct{ typ, agent, last string }{{"Android", "Android-Mail/7.1", "14.1"}, {"Android", "Android-Mail/2026.11.02", "16.1"},
		{"WindowsOutlook15", "Outlook/16.0 (16.0.17231)", "14.1"}, {"iPhone", "Apple-iPhone", "16.1"}} {
		resp, err := h.request(http.MethodOptions, "?User=ann&DeviceId=d1&DeviceType="+url.QueryEscape(o.typ), map[string]string{"User-Agent": o.agent}, nil)
		h.must(err)
		if got := resp.Header.Get("MS-ASProtocolVersions"); !strings.HasSuffix(got, o.last) {
			t.Errorf("%s %s: %s", o.typ, o.agent, got)
		}
	}
	// What somebody set for one device stands above that.
	h.phone("ann", "d1", "16.1")
	_, err := h.devices.SetOffer(t.Context(), "ann", "d1", "14.0", "ann")
	h.must(err)
	a, err := h.client("ann", "d1", "16.1").Do(t.Context(), "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, "0")))
	h.must(err)
	if got := a.Header.Get("MS-ASProtocolVersions"); got != "12.1,14.0" {
		t.Errorf("a device that 14.0 was set for: %s", got)
	}
}

// What a phone wrote is not sent back to it, and a quiet folder stays quiet.
func TestFieldNote19Loops(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "a1", "16.1")
	folder := p.FolderOf(8)
	h.must(p.Sync(t.Context(), folder))
	p.Add(folder, wbxml.Text(wbxml.CalendarSubject, "x"), wbxml.Text(wbxml.CalendarStartTime, "20260601T100000Z"), wbxml.Text(wbxml.CalendarEndTime, "20260601T110000Z"))
	h.must(p.Sync(t.Context(), folder))
	key := p.Stores[folder].Key
	for range 3 {
		if got := h.do(p.Client, "Sync", sync1(collection(key, folder, changes))); got != "" {
			t.Fatalf("nothing changed: %s", got)
		}
	}
	if len(p.Stores[folder].Items) != 1 || p.Twice != 0 {
		t.Errorf("%d items, %d twice", len(p.Stores[folder].Items), p.Twice)
	}
	h.valid()
}
