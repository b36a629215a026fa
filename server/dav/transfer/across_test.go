package transfer_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/server/dav/transfer"
	"tandem/server/dav/tree"
	"tandem/store"
)

// meddling is a home in which somebody writes right before a write of a certain kind.
type meddling struct {
	store.Home
	before func(writes []store.HomeWrite)
}

func (m meddling) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	m.before(writes)
	return m.Home.Write(ctx, collection, who, writes)
}

// permissive is a guard that lets everything pass.
type permissive struct{}

func (permissive) Permit(context.Context, *proto.Request, ...proto.Change) error { return nil }
func (permissive) Forget(context.Context, ...*proto.Resource) error              { return nil }

// TestChangeBetweenCopyAndDelete changes the source of a move to another collection after it was copied: the copy is taken back, and the move is done with
// what is there now.
func TestChangeBetweenCopyAndDelete(t *testing.T) {
	h := newHub(t)
	times := 0
	home := meddling{h.Store.Home, func(writes []store.HomeWrite) {
		if writes[0].Op == tandem.Delete && writes[0].ID == "d/x" && times < 2 {
			times++
			h.Do("ann", "PUT", base+"d/x", "body of the change").Is(204)
		}
	}}
	paths := &tree.Service{Home: home, Lookup: h.Store.Lookup, Accounts: h.Store.Accounts, Access: &access.Service{Home: home, Shares: h.Store.Shares}}
	s := &transfer.Service{Tree: paths, Home: home, Lookup: h.Store.Lookup, Props: h.Store.Props, Locks: permissive{}}
	user, err := h.Store.Accounts.User(t.Context(), "ann")
	h.Must(err)
	move := func() (*httptest.ResponseRecorder, error) {
		hr := httptest.NewRequest("MOVE", base+"d", nil)
		hr.Header.Set("Destination", "/dav/files/ann/more/d")
		r := &proto.Request{Request: hr, User: user, Depth: proto.Infinity, Author: store.Author{User: "ann", Via: "dav:test"}}
		r.Target, err = paths.Resolve(t.Context(), user, base+"d")
		h.Must(err)
		w := httptest.NewRecorder()
		return w, s.Move(t.Context(), w, r)
	}
	if w, err := move(); err != nil || w.Code != 201 || times != 2 {
		t.Fatalf("%d, %v after %d changes", w.Code, err, times)
	}
	h.is(h.files, "a=a d.txt=d.txt o/ o/z=o/z")
	h.is(h.more, "d/ d/e/ d/e/y=d/e/y d/empty/ d/x=the change")
	if h.prop("/dav/files/ann/more/d/e/y") != "prop of d/e/y" {
		t.Error("a property was left behind")
	}
}

// TestNeverQuiet: a source that changes all the time is left alone.
func TestNeverQuiet(t *testing.T) {
	h := newHub(t)
	home := meddling{h.Store.Home, func(writes []store.HomeWrite) {
		if writes[0].Op == tandem.Delete && writes[0].ID == "a" {
			h.Do("ann", "PUT", base+"a", "body of the change").Is(204)
		}
	}}
	paths := &tree.Service{Home: home, Lookup: h.Store.Lookup, Accounts: h.Store.Accounts, Access: &access.Service{Home: home, Shares: h.Store.Shares}}
	s := &transfer.Service{Tree: paths, Home: home, Lookup: h.Store.Lookup, Props: h.Store.Props, Locks: permissive{}}
	user, err := h.Store.Accounts.User(t.Context(), "ann")
	h.Must(err)
	for method, do := range map[string]proto.Method{"MOVE": s.Move, "DELETE": s.Delete} {
		hr := httptest.NewRequest(method, base+"a", nil)
		hr.Header.Set("Destination", "/dav/files/ann/more/a")
		r := &proto.Request{Request: hr, User: user, Depth: proto.Infinity}
		r.Target, err = paths.Resolve(t.Context(), user, base+"a")
		h.Must(err)
		if err := do(t.Context(), httptest.NewRecorder(), r); !tandem.IsKind(err, tandem.Busy) {
			t.Errorf("%s: %v", method, err)
		}
		h.is(h.more, "")
		if h.Body(h.files, "a") != "body of the change" {
			t.Errorf("%s took what it had not seen", method)
		}
	}
}
