// Package easkit is what tests of the phones' commands have in common: a hub in memory with two users and their devices, requests written as XML, answers
// read as short text, and the schemas that every answer is held to.
package easkit

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/easschema"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/server/eas/folders"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/wire/wbxml"
)

// Versions are all protocol versions.
var Versions = [...]eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161}

// Kit is a hub with the users ann and bob, each with a folder of every kind and a device.
type Kit struct {
	testing.TB
	Store   *store.Store
	Kinds   map[tandem.Kind]kind.Handler
	Views   map[tandem.Kind]eas.View
	Folders *folders.Service
	Access  *access.Service

	Version   eas.Version
	Multipart bool
	Now       int64 // Unix seconds
	Zone      *time.Location

	devices map[string]store.Device // by user
	answers map[string][]string     // by command; as XML
}

// New makes a hub.
func New(t testing.TB) *Kit {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	k := &Kit{TB: t, Store: st, Kinds: kinds.Kinds(), Views: kinds.Views(), Version: eas.V161, Now: time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC).Unix(),
		Zone: time.UTC, devices: map[string]store.Device{}, answers: map[string][]string{}}
	k.Access = &access.Service{Home: st.Home, Shares: st.Shares}
	k.Folders = &folders.Service{Home: st.Home, Access: k.Access, Devices: st.Devices, Views: k.Views}
	for _, u := range []string{"ann", "bob"} {
		k.User(u)
	}
	return k
}

// User adds a user with folders and a device.
func (k *Kit) User(name string) {
	k.Helper()
	ctx := context.Background()
	k.Must(k.Store.Accounts.AddUser(ctx, store.User{Name: name, Title: strings.ToUpper(name[:1]) + name[1:] + " Adams", Address: name + "@example.org"}))
	for _, kd := range []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note} {
		_, err := k.Store.Home.PutCollection(ctx, tandem.Collection{User: name, Kind: kd, Name: string(kd) + "s"})
		k.Must(err)
	}
	dev, err := k.Store.Devices.ChangeDevice(ctx, name, name+"phone", func(d *store.Device) error { d.Type = "iPhone"; return nil })
	k.Must(err)
	k.devices[name] = dev
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

// Folder is the id of the user's first folder of a kind.
func (k *Kit) Folder(user string, kd tandem.Kind) string {
	return folders.ID(k.Collection(user, kd).ID)
}

// Put writes records, and returns their ServerIds.
func (k *Kit) Put(user string, kd tandem.Kind, bodies ...string) []string {
	k.Helper()
	c := k.Collection(user, kd)
	writes := make([]store.HomeWrite, len(bodies))
	for i, b := range bodies {
		info, err := k.Kinds[kd].Inspect([]byte(b))
		k.Must(err)
		writes[i] = store.HomeWrite{Digest: info.Digest, Index: info.Index, Title: info.Summary.Title, Write: tandem.Write{Op: tandem.Create,
			Record: tandem.Record{Meta: tandem.Meta{UID: info.Index.UID}, Body: tandem.Bytes(b)}}}
	}
	out, err := k.Store.Home.Write(context.Background(), c.ID, store.Author{User: user}, writes)
	k.Must(err)
	ids := make([]tandem.ID, len(out))
	for i, o := range out {
		if o.Status != tandem.Applied {
			k.Fatalf("put: %+v", o)
		}
		ids[i] = o.ID
	}
	serverIDs := make([]string, len(ids))
	for rec, err := range k.Store.Home.Get(context.Background(), c.ID, ids) {
		k.Must(err)
		serverIDs[slices.Index(ids, rec.ID)] = ServerID(c.ID, rec.Number)
	}
	return serverIDs
}

// ServerID names a record as phones do.
func ServerID(collection, number int64) string {
	return folders.ID(collection) + ":" + folders.ID(number)
}

// Bodies are the bodies of the user's first collection of a kind, sorted.
func (k *Kit) Bodies(user string, kd tandem.Kind) []string {
	k.Helper()
	c := k.Collection(user, kd)
	recs, _, err := k.Store.Home.Since(context.Background(), c.ID, 0, 0)
	k.Must(err)
	var ids []tandem.ID
	for _, r := range recs {
		if !r.Deleted {
			ids = append(ids, r.ID)
		}
	}
	var out []string
	for rec, err := range k.Store.Home.Get(context.Background(), c.ID, ids) {
		k.Must(err)
		b, err := tandem.ReadBody(rec.Body, 1<<26)
		k.Must(err)
		out = append(out, string(b))
	}
	slices.Sort(out)
	return out
}

// XML reads a request. An element is of its parent's code page unless it has the name of another as prefix, in any case.
func (k *Kit) XML(text string) *wbxml.Element {
	k.Helper()
	if text == "" {
		return nil
	}
	e, err := wbxml.FromXML(strings.NewReader(text))
	if err != nil {
		k.Fatalf("%v in %s", err, text)
	}
	return e
}

// Request is a request of a user's device.
func (k *Kit) Request(user, command string, doc *wbxml.Element) *proto.Request {
	k.Helper()
	u, err := k.Store.Accounts.User(context.Background(), user)
	k.Must(err)
	return &proto.Request{Command: command, User: u, Device: k.devices[user], Version: k.Version, Body: doc, Multipart: k.Multipart,
		Options: eas.Options{Version: k.Version, Name: u.Title, Address: u.Address, Zone: k.Zone, Now: k.Now}}
}

// Run runs a command of a user; an error of it ends the test, for whatever a client sends is answered.
func (k *Kit) Run(run proto.Command, user, command, request string) *proto.Response {
	k.Helper()
	resp, err := run(context.Background(), k.Request(user, command, k.XML(request)))
	if err != nil || resp.Body == nil {
		k.Fatalf("%s: %+v, %v\n%s", command, resp, err, request)
	}
	var b strings.Builder
	k.Must(wbxml.ToXML(&b, resp.Body))
	k.answers[command] = append(k.answers[command], b.String())
	return resp
}

// Ask is Run, and returns the answer as Text shows it.
func (k *Kit) Ask(run proto.Command, user, command, request string) string {
	k.Helper()
	return Text(k.Run(run, user, command, request).Body)
}

// Text is a document in short: Name{Child=text Other{…}}; opaque content in quotes.
func Text(e *wbxml.Element) string {
	var b strings.Builder
	show(&b, e)
	return b.String()
}

func show(b *strings.Builder, e *wbxml.Element) {
	b.WriteString(e.Tag.Name())
	switch {
	case e.Data != nil:
		b.WriteString(`="` + string(e.Data) + `"`)
	case len(e.Children) > 0:
		b.WriteByte('{')
		for i, c := range e.Children {
			if i > 0 {
				b.WriteByte(' ')
			}
			show(b, c)
		}
		b.WriteByte('}')
	case e.Text != "":
		b.WriteString("=" + e.Text)
	}
}

// Valid holds all answers to the schemas. It stands at the end of a test.
func (k *Kit) Valid() {
	k.Helper()
	schemas := easschema.New(k)
	for command, docs := range k.answers {
		slices.Sort(docs)
		for _, doc := range slices.Compact(docs) {
			if err := schemas.Validate(command+"Response", []byte(doc)); err != nil {
				k.Errorf("%s: %v\n%s", command, err, doc)
			}
		}
	}
}
