package storetest

import (
	"testing"

	"tandem"
	"tandem/store"
)

func runFigures(t *testing.T, run runner) {
	run(t, "Figures", testFigures)
}

// testFigures counts what was put in.
func testFigures(k *kit) {
	before, err := k.st.Counts.Figures(k.ctx)
	k.must(err)
	if before.Records == nil || before.Format == 0 || before.Tombstones != 0 {
		k.Errorf("of an empty store: %+v", before)
	}
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "zoe"}))
	c, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "zoe", Kind: tandem.Contact, Name: "people"})
	k.must(err)
	write := func(w tandem.Write) tandem.Outcome {
		out, err := k.st.Home.Write(k.ctx, c.ID, store.Author{User: "zoe"}, []store.HomeWrite{{Write: w}})
		k.must(err)
		if out[0].Status != tandem.Applied {
			k.Fatalf("%+v", out[0])
		}
		return out[0]
	}
	first := write(tandem.Write{Op: tandem.Create, ID: "a", Record: tandem.Record{Body: tandem.Bytes("one")}})
	write(tandem.Write{Op: tandem.Create, ID: "b", Record: tandem.Record{Body: tandem.Bytes("two")}})
	write(tandem.Write{Op: tandem.Delete, ID: "a", If: first.Version})
	k.must(k.st.Events.Add(k.ctx, store.Event{Text: "one"}, store.Event{Text: "two"}))
	_, err = k.st.Bases.Open(k.ctx, "a pair")
	k.must(err)
	f, err := k.st.Counts.Figures(k.ctx)
	k.must(err)
	if f.Users != before.Users+1 || f.Collections != before.Collections+1 || f.Records[tandem.Contact] != 1 || f.Tombstones != 1 || f.Past != 1 || f.Events != before.Events+2 || f.Pairs != 1 || f.Bytes <= 0 {
		k.Errorf("%+v", f)
	}
}
