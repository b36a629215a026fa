package airsync_test

import (
	"fmt"
	"testing"

	"tandem"
	"tandem/kind/all"
	"tandem/store"
	"tandem/wire/wbxml"
)

// BenchmarkFirstSync is what a phone asks for when it is set up: 5,000 contacts, 100 at a time.
func BenchmarkFirstSync(b *testing.B) {
	const n = 5000
	k := newKit(b)
	k.svc.Views = all.Views()
	var writes []store.HomeWrite
	for i := range n {
		uid := fmt.Sprint("c", i)
		body := vcard(uid, fmt.Sprint("Person ", i), "TEL;TYPE=CELL:+49 30 123456", "EMAIL:person@example.org", "ORG:Example", "TITLE:Engineer")
		info, err := k.kinds[tandem.Contact].Inspect([]byte(body))
		k.must(err)
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(uid)}, Digest: info.Digest, Index: info.Index, Title: info.Summary.String()}
		w.Record.Body, w.Record.UID = tandem.Bytes(body), uid
		writes = append(writes, w)
	}
	_, err := k.st.Home.Write(k.ctx, k.contacts.ID, store.Author{}, writes)
	k.must(err)
	b.ResetTimer()
	for b.Loop() {
		at, got := key(k.sync(k.contacts, "0")), 0
		for {
			col := k.sync(k.contacts, at, window(100))
			if col == nil {
				break
			}
			got, at = got+count(col), key(col)
			if !col.Has(wbxml.AirSyncMoreAvailable) {
				break
			}
		}
		if got != n {
			b.Fatalf("%d records", got)
		}
		k.answers = nil
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkNothingNew is what a phone asks most often.
func BenchmarkNothingNew(b *testing.B) {
	k := newKit(b)
	at := k.prime(k.contacts)
	for b.Loop() {
		if k.sync(k.contacts, at) != nil {
			b.Fatal("something is new")
		}
	}
}
