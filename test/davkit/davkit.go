// Package davkit is what tests of the desktops' door have in common: a hub in memory with the users ann and bob, behind a real HTTP server, and answers read
// as text or as a multistatus.
package davkit

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/server/dav/all"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/wire/davxml"
)

// Kit is a hub with the users ann and bob, each with a collection of contacts, events, tasks, notes and files.
type Kit struct {
	testing.TB
	Store  *store.Store
	Kinds  map[tandem.Kind]kind.Handler
	Server *httptest.Server
	Now    time.Time

	Free, Used *atomic.Int64 // bytes, on the disk
}

// Password lets every user in.
const Password = "open sesame"

// New makes a hub in memory.
func New(t testing.TB) *Kit {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return On(t, st)
}

// On makes a hub on a store.
func On(t testing.TB, st *store.Store) *Kit {
	t.Helper()
	k := &Kit{TB: t, Store: st, Kinds: kinds.Kinds(), Now: time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC)}
	for _, u := range []string{"ann", "bob"} {
		k.User(u)
	}
	k.Free, k.Used = new(atomic.Int64), new(atomic.Int64)
	k.Free.Store(1 << 30)
	k.Used.Store(5 << 20)
	door := all.New(all.Config{Store: st, Kinds: k.Kinds, Accounts: guests{st}, Base: func(r *http.Request) string { return "http://" + r.Host },
		Now: func() time.Time { return k.Now }, Log: slog.New(slog.NewTextHandler(testWriter{t}, nil)),
		Free: func() (int64, error) { return k.Free.Load(), nil }, Used: func() (int64, error) { return k.Used.Load(), nil }})
	k.Server = httptest.NewServer(door)
	t.Cleanup(k.Server.Close)
	return k
}

type testWriter struct{ testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// guests are let in with Password.
type guests struct{ st *store.Store }

func (g guests) VerifyBasic(ctx context.Context, header, _ string, _ account.Use) (store.User, error) {
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	name, password, ok := r.BasicAuth()
	if !ok || password != Password {
		return store.User{}, tandem.Errorf(tandem.Denied, "no")
	}
	return g.st.Accounts.User(ctx, name)
}

// User adds a user with collections.
func (k *Kit) User(name string) {
	k.Helper()
	ctx := context.Background()
	k.Must(k.Store.Accounts.AddUser(ctx, store.User{Name: name, Title: strings.ToUpper(name[:1]) + name[1:] + " Adams", Address: name + "@example.org"}))
	for _, kd := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note, tandem.File} {
		_, err := k.Store.Home.PutCollection(ctx, tandem.Collection{User: name, Kind: kd, Name: string(kd) + "s"})
		k.Must(err)
	}
}

// Must ends the test on an error.
func (k *Kit) Must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// Collection is the user's first collection of a kind.
func (k *Kit) Collection(user string, kd tandem.Kind) tandem.Collection {
	k.Helper()
	list, err := k.Store.Home.Collections(context.Background(), user)
	k.Must(err)
	i := slices.IndexFunc(list, func(c tandem.Collection) bool { return c.Kind == kd })
	if i < 0 {
		k.Fatalf("%s has no %s collection", user, kd)
	}
	return list[i]
}

// Put writes records past the door, under the given ids.
func (k *Kit) Put(c tandem.Collection, records map[string]string) {
	k.Helper()
	var writes []store.HomeWrite
	for _, id := range slices.Sorted(maps.Keys(records)) {
		body := records[id]
		info, err := k.Kinds[c.Kind].Inspect([]byte(body))
		k.Must(err)
		writes = append(writes, store.HomeWrite{Digest: info.Digest, Index: info.Index, Title: info.Summary.String(), Write: tandem.Write{Op: tandem.Create,
			ID: tandem.ID(id), Record: tandem.Record{Meta: tandem.Meta{UID: info.Index.UID}, Body: tandem.Bytes(body)}}})
	}
	outs, err := k.Store.Home.Write(context.Background(), c.ID, store.Author{User: c.User, Via: "test"}, writes)
	k.Must(err)
	for _, o := range outs {
		if o.Status != tandem.Applied {
			k.Fatalf("%s: %v", o.ID, o.Err)
		}
	}
}

// Delete deletes a record past the door.
func (k *Kit) Delete(c tandem.Collection, id string) {
	k.Helper()
	for rec, err := range k.Store.Home.Get(context.Background(), c.ID, []tandem.ID{tandem.ID(id)}) {
		k.Must(err)
		outs, err := k.Store.Home.Write(context.Background(), c.ID, store.Author{User: c.User, Via: "test"},
			[]store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}})
		if k.Must(err); outs[0].Status != tandem.Applied {
			k.Fatal(outs[0].Err)
		}
		return
	}
	k.Fatalf("there is no %s", id)
}

// Body is what is stored of a record, "" if it is not there.
func (k *Kit) Body(c tandem.Collection, id string) string {
	k.Helper()
	for rec, err := range k.Store.Home.Get(context.Background(), c.ID, []tandem.ID{tandem.ID(id)}) {
		k.Must(err)
		data, err := tandem.ReadBody(rec.Body, 1<<30)
		k.Must(err)
		return string(data)
	}
	return ""
}

// Answer is what came back.
type Answer struct {
	testing.TB
	Status int
	Header http.Header
	Body   string
}

// Do sends a request as a user ("" for nobody) with headers, by name and value.
func (k *Kit) Do(user, method, path, body string, headers ...string) *Answer {
	k.Helper()
	req, err := http.NewRequest(method, k.Server.URL+path, strings.NewReader(body))
	k.Must(err)
	if user != "" {
		req.SetBasicAuth(user, Password)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	k.Must(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	k.Must(err)
	if resp.StatusCode >= 500 && resp.StatusCode != http.StatusInsufficientStorage {
		k.Errorf("%s %s: %s %s", method, path, resp.Status, data)
	}
	return &Answer{TB: k.TB, Status: resp.StatusCode, Header: resp.Header, Body: string(data)}
}

// Is ends the test unless the status is as wanted.
func (a *Answer) Is(status int) *Answer {
	a.Helper()
	if a.Status != status {
		a.Fatalf("status %d, want %d; %v\n%s", a.Status, status, a.Header, a.Body)
	}
	return a
}

// XML is the body as an element.
func (a *Answer) XML() *davxml.Element {
	a.Helper()
	root, err := davxml.Parse(strings.NewReader(a.Body), davxml.Limits{})
	if err != nil {
		a.Fatalf("%v in\n%s", err, a.Body)
	}
	return root
}

// Fails ends the test unless the answer is a refusal with this condition.
func (a *Answer) Fails(status int, name davxml.Name) *Answer {
	a.Helper()
	if c := davxml.ParseCondition(a.Status, a.Is(status).XML()); c.Name != name {
		a.Fatalf("condition %v, want %v\n%s", c.Name, name, a.Body)
	}
	return a
}

// Multi is the body as a multistatus: the responses in order, and what stands beside them.
func (a *Answer) Multi() (list []*davxml.Response, tail *davxml.Element) {
	a.Helper()
	responses, rest := davxml.ReadMultistatus(strings.NewReader(a.Is(http.StatusMultiStatus).Body), davxml.Limits{})
	for r, err := range responses {
		if err != nil {
			a.Fatalf("%v in\n%s", err, a.Body)
		}
		list = append(list, r)
	}
	return list, rest()
}

// Of is the response for a path.
func (a *Answer) Of(href string) *davxml.Response {
	a.Helper()
	list, _ := a.Multi()
	for _, r := range list {
		if r.Href == href {
			return r
		}
	}
	a.Fatalf("nothing about %s in\n%s", href, a.Body)
	return nil
}

// Hrefs are the paths that a multistatus is about, in order.
func (a *Answer) Hrefs() (out []string) {
	a.Helper()
	list, _ := a.Multi()
	for _, r := range list {
		out = append(out, r.Href)
	}
	return out
}

// Card is a vCard with a UID and a name.
func Card(uid, name string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nN:" + name + ";;;;\r\nEND:VCARD\r\n"
}

// Event is a calendar object with one event: start and end as in iCalendar, "20260520T100000Z".
func Event(uid, title, start, end string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" + start + "\r\nDTEND:" + end +
		"\r\nSUMMARY:" + title + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// Todo is a calendar object with one task.
func Todo(uid, title string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VTODO\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" + title +
		"\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
}
