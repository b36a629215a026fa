package recipient_test

import (
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/recipient"
	"tandem/wire/wbxml"
)

const day = 24 * 3600

// wrote is somebody who got messages on these days.
func wrote(days ...int64) recipient.Recipient {
	r := recipient.Recipient{Email: "ben@example.org"}
	for _, d := range days {
		r = r.Wrote("Ben", 1_790_000_000+d*day)
	}
	return r
}

// TestRank: who is written to more often, or more lately, is higher; what was told stays true as time goes by.
func TestRank(t *testing.T) {
	for name, c := range map[string]struct{ higher, lower recipient.Recipient }{
		"often":                  {wrote(0, 0, 0), wrote(0)},
		"lately":                 {wrote(3), wrote(0)},
		"once now, often then":   {wrote(300), wrote(0, 0, 0, 0, 0, 0)},
		"often then, once later": {wrote(0, 0, 0, 0, 0, 0), wrote(10)},
		"the clock went back":    {wrote(0, -5), wrote(0)},
	} {
		if h, l := c.higher.Rank(), c.lower.Rank(); h <= l {
			t.Errorf("%s: %d, %d", name, h, l)
		}
	}
}

func TestView(t *testing.T) {
	r := wrote(0)
	list, err := recipient.View{}.Get(r.Body(), eas.Options{Version: eas.V141})
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	e := wbxml.New(wbxml.AirSyncApplicationData, list...)
	if e.Get(wbxml.ContactsEmail1Address) != "ben@example.org" || e.Get(wbxml.ContactsFileAs) != "Ben" || e.Get(wbxml.ContactsWeightedRank) == "" {
		t.Error(e)
	}
	if _, err := (recipient.View{}).Put(nil, list, eas.Put{}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a recipient of a client: %v", err)
	}
}

func TestHandler(t *testing.T) {
	for _, bad := range []string{"", "{", "[]", `{"name":"x"}`, `{"email":"x","score":-1}`} {
		if _, err := (recipient.Handler{}).Inspect([]byte(bad)); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	a, b, base := wrote(0, 1).Body(), wrote(0, 2).Body(), wrote(0).Body()
	for name, c := range map[string]struct{ base, a, b, want tandem.Bytes }{
		"a changed": {base, a, base, a}, "b changed": {base, base, b, b}, "both": {base, a, b, b}, "both, turned": {base, b, a, b}, "no base": {nil, a, b, b}, "same": {base, a, a, a},
	} {
		m, err := recipient.Handler{}.Merge(c.base, c.a, c.b)
		if err != nil || string(m.Body) != string(c.want) || len(m.Clashes) != 0 {
			t.Errorf("%s: %s, %v", name, m.Body, err)
		}
	}
	info, err := recipient.Handler{}.Inspect(a)
	if err != nil || info.Index.UID != "ben@example.org" || info.Summary.Title != "Ben" || info.Digest.IsZero() {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := (recipient.Handler{}).Merge(nil, a, []byte("x")); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("nonsense merged: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(wrote(0).Body()))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := recipient.Parse(body)
		if err != nil {
			return
		}
		r.Rank()
		if again, err := recipient.Parse(r.Wrote("", 7).Body()); err != nil || again.Email != r.Email {
			t.Errorf("%+v, %v", again, err)
		}
	})
}
