package imap

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
	"tandem/test/mailkit"
)

// errandOf is a move from INBOX to Box, as a base that has seen both as they are would have it.
func errandOf(t *testing.T, reg *provider.Registry, addr string, ids ...tandem.ID) (from, to provider.Place, what provider.Carried) {
	t.Helper()
	var places [2]provider.Place
	var is [2]tandem.Identity
	for i, name := range []string{"INBOX", "Box"} {
		text := "imap://anna@" + addr + "/" + name
		p, err := reg.ParsePlace(text)
		must(t, err)
		o, err := tryOpen(t.Context(), reg, text)
		must(t, err)
		places[i] = p
		is[i], err = o.Identity(t.Context())
		must(t, err)
		_, l := lines(t, o, "")
		what.Since = l.Next
		o.Close()
	}
	what.From, what.To, what.IDs = is[0], is[1], ids
	return places[0], places[1], what
}

func carrierOf(t *testing.T, reg *provider.Registry) func(context.Context, provider.Place, provider.Place, provider.Env, provider.Carried) ([]tandem.Outcome, []tandem.ID, error) {
	t.Helper()
	p, err := reg.Provider("imap")
	must(t, err)
	return p.Carry
}

// Each message that is there goes, with its flags, and the outcome tells where to.
func TestCarry(t *testing.T) {
	for name, conf := range map[string]mailkit.Config{"usual": {}, "copied": {Capabilities: "IMAP4rev1 UIDPLUS"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailkit.Dovecot(t, conf)
			c := raw(t, s.IMAP, "anna")
			mailkit.MakeFolder(t, c, "Box")
			put(t, c, "Box", letterOf(9, 1, 0))
			for n := range 4 {
				put(t, c, "INBOX", letterOf(n, 1, 100*n), imap.FlagSeen, "Work")
			}
			_, err := c.Select("INBOX", nil).Wait()
			must(t, err)
			flag(t, c, 3, imap.StoreFlagsAdd, imap.FlagDeleted)
			reg := registry()
			from, to, what := errandOf(t, reg, s.IMAP, "4", "3", "1", "77", "x", "1")
			out, _, err := carrierOf(t, reg)(t.Context(), from, to, env(), what)
			must(t, err)
			var got []string
			for _, o := range out {
				got = append(got, fmt.Sprint(o.Status, " ", o.ID, " ", o.Version))
			}
			// Numbers are given in the order of the mailbox, whatever the order of the question.
			wants(t, "outcomes", got, `applied 3 flags \seen work`, "precondition failed 3 ", `applied 2 flags \seen work`, "precondition failed 77 ", "precondition failed x ", "precondition failed 1 ")
			seen, _ := lines(t, open(t, "imap://anna@"+s.IMAP+"/Box"), "")
			wants(t, "there", seen, "1 present", "2 present kw:Work=1&seen=1", "3 present kw:Work=1&seen=1")
			left, _ := lines(t, open(t, "imap://anna@"+s.IMAP+"/INBOX"), "")
			if name == "usual" {
				wants(t, "left", left, "2 present kw:Work=1&seen=1")
			} else {
				wants(t, "left", left, "1 present kw:Work=1&seen=1", "2 present kw:Work=1&seen=1", "4 present kw:Work=1&seen=1")
			}
		})
	}
}

// What is not known to be safe is not done.
func TestCarryNot(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{Users: []string{"anna", "bert"}})
	c := raw(t, s.IMAP, "anna")
	mailkit.MakeFolder(t, c, "Box")
	mailkit.MakeFolder(t, raw(t, s.IMAP, "bert"), "Box")
	put(t, c, "INBOX", letterOf(1, 1, 0))
	reg := registry()
	place := func(text string) provider.Place {
		p, err := reg.ParsePlace(text)
		must(t, err)
		return p
	}
	for name, x := range map[string]struct {
		change func(from, to *provider.Place, what *provider.Carried)
		want   tandem.ErrorKind
	}{
		"another account": {func(_, to *provider.Place, what *provider.Carried) {
			*to = place("imap://bert@" + s.IMAP + "/Box")
			o, err := tryOpen(t.Context(), reg, to.Text)
			must(t, err)
			defer o.Close()
			what.To, err = o.Identity(t.Context())
			must(t, err)
		}, tandem.Denied},
		"the same mailbox": {func(from, to *provider.Place, what *provider.Carried) { *to, what.To = *from, what.From }, tandem.Denied},
		"read-only": {func(from, _ *provider.Place, _ *provider.Carried) {
			*from = place(from.Text + "?read-only=yes")
		}, tandem.Denied},
		"counted anew here":       {func(_, _ *provider.Place, what *provider.Carried) { what.From.Epoch += "1" }, tandem.Gone},
		"counted anew there":      {func(_, _ *provider.Place, what *provider.Carried) { what.To.Epoch += "1" }, tandem.Gone},
		"never listed":            {func(_, _ *provider.Place, what *provider.Carried) { what.Since = "" }, tandem.Denied},
		"listed before that":      {func(_, _ *provider.Place, what *provider.Carried) { what.Since = "1 7 1 1 0 0 " }, tandem.Denied},
		"a mailbox that is not":   {func(_, to *provider.Place, _ *provider.Carried) { *to = place("imap://anna@" + s.IMAP + "/None") }, tandem.Unreadable},
		"its twin came since":     {func(_, _ *provider.Place, _ *provider.Carried) { put(t, c, "Box", letterOf(1, 1, 0)) }, 0},
		"another of its size did": {func(_, _ *provider.Place, _ *provider.Carried) { put(t, c, "Box", letterOf(2, 1, 0)) }, 0},
	} {
		from, to, what := errandOf(t, reg, s.IMAP, "1")
		x.change(&from, &to, &what)
		out, _, err := carrierOf(t, reg)(t.Context(), from, to, env(), what)
		if x.want != 0 && !tandem.IsKind(err, x.want) || x.want == 0 && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(out) != 1 || out[0].Status != tandem.RetryAfter {
			t.Errorf("%s: %+v", name, out)
		}
	}
	left, _ := lines(t, open(t, "imap://anna@"+s.IMAP+"/INBOX"), "")
	wants(t, "left", left, "1 present")
}

// COPYUID names pairs in the order in which it is written, with ranges that go up; what does not fit to the question says nothing.
func TestCopyUID(t *testing.T) {
	span := func(from, to imap.UID) imap.UIDRange { return imap.UIDRange{Start: from, Stop: to} }
	asked := uids{{3, 5}, {9, 9}}
	for name, x := range map[string]struct {
		from, to imap.UIDSet
		want     map[imap.UID]imap.UID
	}{
		"in order":       {imap.UIDSet{span(3, 5), span(9, 9)}, imap.UIDSet{span(20, 23)}, map[imap.UID]imap.UID{20: 3, 21: 4, 22: 5, 23: 9}},
		"another order":  {imap.UIDSet{span(9, 9), span(5, 3)}, imap.UIDSet{span(20, 23)}, map[imap.UID]imap.UID{20: 9, 21: 3, 22: 4, 23: 5}},
		"only some":      {imap.UIDSet{span(4, 4)}, imap.UIDSet{span(20, 20)}, map[imap.UID]imap.UID{20: 4}},
		"others":         {imap.UIDSet{span(4, 6)}, imap.UIDSet{span(20, 22)}, nil},
		"too many":       {imap.UIDSet{span(3, 5)}, imap.UIDSet{span(20, 23)}, nil},
		"one twice":      {imap.UIDSet{span(3, 4), span(4, 4)}, imap.UIDSet{span(20, 22)}, nil},
		"made one twice": {imap.UIDSet{span(3, 5)}, imap.UIDSet{span(20, 21), span(21, 21)}, nil},
		"without end":    {imap.UIDSet{span(3, 5)}, imap.UIDSet{span(20, 0)}, nil},
		"a flood":        {imap.UIDSet{span(1, 1<<32-1)}, imap.UIDSet{span(1, 1<<32-1)}, nil},
		"nothing":        {nil, nil, nil},
	} {
		got := copied{validity: 7, from: x.from, to: x.to}.pairs(asked)
		if len(got) != len(x.want) || !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(x.want))) {
			t.Errorf("%s: %v, want %v", name, got, x.want)
		}
		for u, old := range x.want {
			if got[u] != old {
				t.Errorf("%s: %v, want %v", name, got, x.want)
			}
		}
	}
}
