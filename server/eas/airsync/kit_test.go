package airsync_test

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/internal/easschema"
	"tandem/kind"
	"tandem/kind/all"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/server/eas/airsync"
	"tandem/server/eas/folders"
	"tandem/server/eas/proto"
	"tandem/server/eas/push"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/wire/wbxml"
)

// lines is a view for tests: elements are single lines of the body.
type lines struct {
	class  string
	frame  [2]string // what stands before and after the lines of a new body
	fields []field
}

type field struct {
	tag  wbxml.Tag
	line string // "FN:"
}

func (v lines) Class() string { return v.class }

func (v lines) Get(body []byte, o eas.Options) ([]*wbxml.Element, error) {
	if bytes.Contains(body, []byte("POISON")) {
		return nil, tandem.Errorf(tandem.Invalid, "this record is poison")
	}
	var out []*wbxml.Element
	for line := range strings.SplitSeq(string(body), "\r\n") {
		for _, f := range v.fields {
			if text, ok := strings.CutPrefix(line, f.line); ok {
				if f.tag == wbxml.TasksComplete {
					text = map[bool]string{true: "1", false: "0"}[text == "COMPLETED"]
				}
				out = append(out, wbxml.Text(f.tag, text))
			}
		}
	}
	return out, nil
}

func (v lines) Put(body []byte, data []*wbxml.Element, o eas.Put) (eas.Result, error) {
	if body == nil {
		body = []byte(v.frame[0] + "UID:" + o.UID + "\r\n" + v.frame[1])
	}
	list := strings.SplitAfter(string(body), "\r\n")
	end := strings.SplitAfter(v.frame[1], "\r\n")[0]
	for _, f := range v.fields {
		var e *wbxml.Element
		for _, d := range data {
			if d.Tag == f.tag {
				e = d
			}
		}
		if e == nil && (o.Managed == nil || !o.Managed(f.tag)) {
			continue
		}
		var kept []string
		for _, l := range list {
			if !strings.HasPrefix(l, f.line) {
				kept = append(kept, l)
			}
		}
		list = kept
		if e == nil || e.String() == "" {
			continue
		}
		text := e.String()
		if text == "nonsense" {
			return eas.Result{}, tandem.Errorf(tandem.Invalid, "nonsense")
		}
		if f.tag == wbxml.TasksComplete {
			text = map[string]string{"1": "COMPLETED", "0": "NEEDS-ACTION"}[text]
		}
		for i, l := range list {
			if l == end {
				list = append(list[:i:i], append([]string{f.line + text + "\r\n"}, list[i:]...)...)
				break
			}
		}
	}
	return eas.Result{Body: []byte(strings.Join(list, ""))}, nil
}

func (v lines) Finished(body []byte) bool { return bytes.Contains(body, []byte("STATUS:COMPLETED")) }

func (v lines) DropInstance(body []byte, instance string, o eas.Options) ([]byte, error) {
	if instance != "20260101T090000Z" {
		return nil, tandem.Errorf(tandem.NotFound, "no such instance")
	}
	return bytes.Replace(body, []byte("END:VEVENT"), []byte("EXDATE:20260101T090000Z\r\nEND:VEVENT"), 1), nil
}

func testViews() map[tandem.Kind]eas.View {
	return map[tandem.Kind]eas.View{
		tandem.Contact: lines{class: "Contacts", frame: [2]string{"BEGIN:VCARD\r\nVERSION:3.0\r\n", "END:VCARD\r\n"}, fields: []field{
			{wbxml.ContactsFileAs, "FN:"}, {wbxml.ContactsMobilePhoneNumber, "TEL;TYPE=CELL:"}, {wbxml.ContactsEmail1Address, "EMAIL:"}, {wbxml.ContactsJobTitle, "TITLE:"}}},
		tandem.Event: lines{class: "Calendar", frame: [2]string{"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n", "END:VEVENT\r\nEND:VCALENDAR\r\n"}, fields: []field{
			{wbxml.CalendarSubject, "SUMMARY:"}, {wbxml.CalendarStartTime, "DTSTART:"}, {wbxml.CalendarEndTime, "DTEND:"}}},
		tandem.Task: lines{class: "Tasks", frame: [2]string{"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\n", "END:VTODO\r\nEND:VCALENDAR\r\n"}, fields: []field{
			{wbxml.TasksSubject, "SUMMARY:"}, {wbxml.TasksComplete, "STATUS:"}}},
	}
}

// kit is a hub with one user and a device.
type kit struct {
	testing.TB
	ctx     context.Context
	st      *store.Store
	svc     *airsync.Service
	folders *folders.Service
	kinds   map[tandem.Kind]kind.Handler
	version eas.Version
	device  store.Device

	contacts, others, calendar, tasks tandem.Collection

	mu      sync.Mutex
	clock   time.Time // guarded by mu
	step    time.Duration
	answers []*wbxml.Element // to be validated
	schema  map[wbxml.Tag]string
	limits  airsync.Limits
	ahead   bool   // answers are made ahead
	idle    func() // stops that
}

func newKit(t testing.TB) *kit {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{TB: t, ctx: t.Context(), st: st, kinds: all.Kinds(), version: eas.V141, clock: time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC),
		schema: map[wbxml.Tag]string{wbxml.AirSyncSync: "SyncResponse", wbxml.GetItemEstimateGetItemEstimate: "GetItemEstimateResponse",
			wbxml.MoveMoveItems: "MoveItemsResponse"}}
	t.Cleanup(func() {
		k.idle()
		st.Close()
	})
	k.must(st.Accounts.AddUser(k.ctx, store.User{Name: "ann"}))
	k.must(st.Accounts.AddUser(k.ctx, store.User{Name: "bob"}))
	k.contacts = k.collection("ann", tandem.Contact, "contacts")
	k.others = k.collection("ann", tandem.Contact, "others")
	k.calendar = k.collection("ann", tandem.Event, "calendar")
	k.tasks = k.collection("ann", tandem.Task, "tasks")
	k.device, err = st.Devices.ChangeDevice(k.ctx, "ann", "phone1", func(d *store.Device) error { d.Type = "Test"; return nil })
	k.must(err)
	k.restart()
	return k
}

// restart is a new service on the same store.
func (k *kit) restart() {
	k.folders = &folders.Service{Home: k.st.Home, Access: &access.Service{Home: k.st.Home, Shares: k.st.Shares}, Devices: k.st.Devices, Views: testViews()}
	k.svc = &airsync.Service{Home: k.st.Home, Lookup: k.st.Lookup, Listing: k.st.Listing, Texts: k.st.Texts, Devices: k.st.Devices, Events: k.st.Events, History: k.st.History, Blobs: k.st.Blobs, Folders: k.folders, Kinds: k.kinds,
		Views: testViews(), Broker: push.NewBroker(), Now: k.now, Limits: k.limits}
	k.prepare()
}

// early marks the context of work that is done ahead.
type early struct{}

// prepare has the service make answers ahead, if that is wanted.
func (k *kit) prepare() {
	if k.idle != nil {
		k.idle()
	}
	k.idle = func() {}
	if !k.ahead {
		return
	}
	ctx, cancel := context.WithCancel(context.WithValue(k.ctx, early{}, true))
	var work sync.WaitGroup
	svc := k.svc
	work.Go(func() { svc.Ahead(ctx) })
	k.idle = func() {
		cancel()
		work.Wait()
	}
}

func (k *kit) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clock = k.clock.Add(k.step)
	return k.clock
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) collection(user string, kind tandem.Kind, name string) tandem.Collection {
	k.Helper()
	c, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: user, Kind: kind, Name: name})
	k.must(err)
	return c
}

func (k *kit) request(cmd string, body *wbxml.Element) *proto.Request {
	return &proto.Request{Command: cmd, User: store.User{Name: "ann"}, Device: k.device, Version: k.version,
		Options: eas.Options{Version: k.version, Zone: time.UTC}, Body: body}
}

// do performs a command and keeps the answer for validation.
func (k *kit) do(command proto.Command, name string, body *wbxml.Element) *wbxml.Element {
	k.Helper()
	if body != nil { // as it comes over the wire
		b, err := wbxml.Marshal(body)
		k.must(err)
		body, _, err = wbxml.Unmarshal(b, wbxml.Limits{})
		k.must(err)
	}
	resp, err := command(k.ctx, k.request(name, body))
	if err == nil && resp.Waiting != nil {
		resp, err = k.svc.Broker.Await(k.ctx, resp.Waiting)
	}
	if err != nil {
		k.Fatalf("%s: %v", name, err)
	}
	answer := k.wired(resp.Body)
	if answer != nil {
		k.answers = append(k.answers, answer)
	}
	return answer
}

// wired is an answer as it comes out of the wire.
func (k *kit) wired(e *wbxml.Element) *wbxml.Element {
	k.Helper()
	if e == nil {
		return nil
	}
	b, err := wbxml.Marshal(e)
	k.must(err)
	answer, notes, err := wbxml.Unmarshal(b, wbxml.Limits{})
	k.must(err)
	if len(notes) > 0 {
		k.Errorf("the answer has flaws: %v", notes)
	}
	return answer
}

// validate holds up to max of the answers so far to their schemas.
func (k *kit) validate(max int) {
	k.Helper()
	if k.Failed() {
		return
	}
	s := easschema.New(k.TB)
	every := 1 + len(k.answers)/max
	for i := 0; i < len(k.answers); i += every {
		var xml bytes.Buffer
		k.must(wbxml.ToXML(&xml, k.answers[i]))
		if err := s.Validate(k.schema[k.answers[i].Tag], xml.Bytes()); err != nil {
			k.Errorf("%v\n%s", err, xml.String())
		}
	}
}

func vcard(uid, name string, more ...string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nX-KEEP:me\r\n" + strings.Join(append(more, ""), "\r\n") + "END:VCARD\r\n"
}

func vevent(uid, name, start, end string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" + name + "\r\nDTSTART:" + start +
		"\r\nDTEND:" + end + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

func vtodo(uid, name, status string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" + name + "\r\nSTATUS:" + status +
		"\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
}

// write performs one write by somebody else than the device.
func (k *kit) write(c tandem.Collection, op tandem.Op, id tandem.ID, body string) tandem.Outcome {
	k.Helper()
	w := store.HomeWrite{Write: tandem.Write{Op: op, ID: id}}
	if op != tandem.Create {
		r, ok := k.record(c, id)
		if !ok {
			k.Fatalf("there is no record %s", id)
		}
		w.If = r.Version
	}
	if op != tandem.Delete {
		info, err := k.kinds[c.Kind].Inspect([]byte(body))
		k.must(err)
		w.Digest, w.Index, w.Title = info.Digest, info.Index, info.Summary.String()
		w.Record.Body, w.Record.UID = tandem.Bytes(body), info.Index.UID
	}
	outs, err := k.st.Home.Write(k.ctx, c.ID, store.Author{User: "ann", Via: "desktop"}, []store.HomeWrite{w})
	k.must(err)
	if outs[0].Status != tandem.Applied {
		k.Fatalf("%s %s: %s, %v", op, id, outs[0].Status, outs[0].Err)
	}
	return outs[0]
}

func (k *kit) record(c tandem.Collection, id tandem.ID) (store.HomeRecord, bool) {
	k.Helper()
	for r, err := range k.st.Home.Get(k.ctx, c.ID, []tandem.ID{id}) {
		k.must(err)
		return r, true
	}
	return store.HomeRecord{}, false
}

// serverID is the name of a record for devices.
func (k *kit) serverID(c tandem.Collection, id tandem.ID) string {
	k.Helper()
	r, ok := k.record(c, id)
	if !ok {
		k.Fatalf("there is no record %s", id)
	}
	return airsync.ServerID(c.ID, r.Number)
}

func (k *kit) body(c tandem.Collection, id tandem.ID) string {
	k.Helper()
	r, ok := k.record(c, id)
	if !ok {
		return ""
	}
	b, err := tandem.ReadBody(r.Body, 1<<20)
	k.must(err)
	return string(b)
}

func id(c tandem.Collection) string { return strconv.FormatInt(c.ID, 10) }

func add(client string, data ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncClientId, client), wbxml.New(wbxml.AirSyncApplicationData, data...))
}

func edit(server string, data ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncChange, wbxml.Text(wbxml.AirSyncServerId, server), wbxml.New(wbxml.AirSyncApplicationData, data...))
}

func drop(server string) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncDelete, wbxml.Text(wbxml.AirSyncServerId, server))
}

func fetch(server string) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncFetch, wbxml.Text(wbxml.AirSyncServerId, server))
}

func name(s string) *wbxml.Element  { return wbxml.Text(wbxml.ContactsFileAs, s) }
func phone(s string) *wbxml.Element { return wbxml.Text(wbxml.ContactsMobilePhoneNumber, s) }
func title(s string) *wbxml.Element { return wbxml.Text(wbxml.ContactsJobTitle, s) }

func collection(c tandem.Collection, key string, more ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, key), wbxml.Text(wbxml.AirSyncCollectionId, id(c))).Add(more...)
}

func commands(list ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncCommands, list...)
}

func window(n int) *wbxml.Element { return wbxml.Text(wbxml.AirSyncWindowSize, strconv.Itoa(n)) }

func options(list ...*wbxml.Element) *wbxml.Element { return wbxml.New(wbxml.AirSyncOptions, list...) }

func filter(n int) *wbxml.Element { return wbxml.Text(wbxml.AirSyncFilterType, strconv.Itoa(n)) }

func silent() *wbxml.Element { return wbxml.Text(wbxml.AirSyncGetChanges, "0") }

func syncOf(collections ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, collections...))
}

// sync syncs one collection; the answer's Collection, or nil for an empty answer.
func (k *kit) sync(c tandem.Collection, key string, more ...*wbxml.Element) *wbxml.Element {
	k.Helper()
	return k.do(k.svc.Sync, "Sync", syncOf(collection(c, key, more...))).Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
}

func key(col *wbxml.Element) string    { return col.Get(wbxml.AirSyncSyncKey) }
func status(col *wbxml.Element) string { return col.Get(wbxml.AirSyncStatus) }

// prime begins a collection and takes all there is; the key after that.
func (k *kit) prime(c tandem.Collection, more ...*wbxml.Element) string {
	k.Helper()
	col := k.sync(c, "0")
	for {
		at := key(col)
		if at == "" || status(col) != "1" {
			k.Fatalf("priming: %s", show(col))
		}
		if col = k.sync(c, at, more...); col == nil {
			return at
		}
	}
}

// show writes the commands or responses of an answer in short: "Add 1:2 Ann, Delete 1:3".
func show(e *wbxml.Element) string {
	if e == nil {
		return "nothing"
	}
	var out []string
	for _, c := range e.Children {
		s := c.Tag.Name()
		for _, f := range []wbxml.Tag{wbxml.AirSyncClientId, wbxml.AirSyncServerId, wbxml.AirSyncBaseInstanceId, wbxml.AirSyncStatus} {
			if c.Has(f) {
				s += " " + c.Get(f)
			}
		}
		if data := c.Child(wbxml.AirSyncApplicationData); data != nil {
			for _, d := range data.Children {
				s += " " + d.String()
			}
		}
		if len(c.Children) == 0 && c.String() != "" {
			s += "=" + c.String()
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func cmds(col *wbxml.Element) string  { return show(col.Child(wbxml.AirSyncCommands)) }
func resps(col *wbxml.Element) string { return show(col.Child(wbxml.AirSyncResponses)) }

func (k *kit) want(got, want string) {
	k.Helper()
	if got != want {
		k.Fatalf("got  %s\nwant %s", got, want)
	}
}
