package storetest

import (
	"reflect"
	"strings"

	"tandem"
	"tandem/store"
)

// testFilled: what Filled tells is what Since tells, with the bodies that Get gives.
func testFilled(k *kit) {
	c := k.collection(tandem.Contact)
	for _, body := range []string{"x", "large " + strings.Repeat("y", 1<<20), "gone", "twice", ""} {
		id := tandem.ID("r" + body[:min(len(body), 5)])
		w := put(tandem.Create, id, "", body)
		if body == "" {
			w.Record.Body = nil
		}
		k.applied(c, w)
	}
	empty := put(tandem.Create, "empty", "", "")
	k.applied(c, empty)
	k.update(c, "rtwice", "thrice")
	k.del(c, "rgone")
	for _, limit := range []int{0, 1, 2, 6, 7} {
		var want, got []store.HomeRecord
		for seq, more := int64(0), true; more; {
			var recs []store.HomeRecord
			var err error
			recs, more, err = k.st.Home.Since(k.ctx, c.ID, seq, limit)
			k.must(err)
			want = append(want, recs...)
			filled, fmore, err := k.st.Listing.Filled(k.ctx, c.ID, seq, limit)
			k.must(err)
			if got = append(got, filled...); fmore != more {
				k.Fatalf("limit %d after %d: more is %v", limit, seq, fmore)
			}
			seq = recs[len(recs)-1].Seq
		}
		for i, w := range want {
			if i >= len(got) || !k.filled(c, got[i], w) {
				k.Fatalf("limit %d: record %d is not %s as it was listed", limit, i, w.ID)
			}
		}
		if len(got) != len(want) {
			k.Fatalf("limit %d: %d records, want %d", limit, len(got), len(want))
		}
	}
	_, _, err := k.st.Listing.Filled(k.ctx, c.ID, -1, 0)
	k.wantKind(err, tandem.Gone)
	_, _, err = k.st.Listing.Filled(k.ctx, c.ID+1000, 0, 0)
	k.wantKind(err, tandem.NotFound)
}

// filled reports whether a record is what it was listed as, with its body.
func (k *kit) filled(c tandem.Collection, got, want store.HomeRecord) bool {
	k.Helper()
	body := got.Body
	whole, live := k.get(c, want.ID)[want.ID]
	switch {
	case !live || whole.Body == nil:
		if body != nil {
			return false
		}
	case body == nil:
		return false
	default:
		a, err := tandem.ReadBody(body, 1<<30)
		k.must(err)
		b, err := tandem.ReadBody(whole.Body, 1<<30)
		k.must(err)
		if string(a) != string(b) || body.Size() != int64(len(b)) {
			return false
		}
	}
	got.Body = nil
	want.Digest, want.Attrs, want.Modified, want.UID, want.Title = tandem.Digest{}, "", 0, "", ""
	want.Index = tandem.Index{Start: want.Index.Start, End: want.Index.End}
	return reflect.DeepEqual(got, want)
}
