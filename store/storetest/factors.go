package storetest

import (
	"reflect"
	"sync"
	"sync/atomic"

	"tandem"
	"tandem/store"
)

func (k *kit) factor(user string, sort store.FactorSort, key string) store.Factor {
	k.Helper()
	f, err := k.st.Factors.AddFactor(k.ctx, store.Factor{User: user, Sort: sort, Key: key, Label: "of " + user, Data: []byte("data"), Added: 5})
	k.must(err)
	return f
}

func testFactors(k *kit) {
	k.user("ann")
	k.user("zoe")
	a, b, z := k.factor("ANN", store.CodeApp, "ann"), k.factor("ann", store.Passkey, "1"), k.factor("zoe", store.Passkey, "2")
	if a.User != "ann" || a.ID == 0 || a.ID == b.ID {
		k.Fatalf("factors %+v, %+v", a, b)
	}
	list, err := k.st.Factors.Factors(k.ctx, "Ann")
	k.must(err)
	if !reflect.DeepEqual(list, []store.Factor{a, b}) {
		k.Fatalf("factors %+v", list)
	}
	if got, err := k.st.Factors.FactorByKey(k.ctx, store.Passkey, "2"); err != nil || !reflect.DeepEqual(got, z) {
		k.Fatalf("factor %+v, %v", got, err)
	}
	_, err = k.st.Factors.FactorByKey(k.ctx, store.Passkey, "ann")
	k.wantKind(err, tandem.NotFound)
	_, err = k.st.Factors.AddFactor(k.ctx, store.Factor{User: "zoe", Sort: store.Passkey, Key: "1"})
	k.wantKind(err, tandem.Exists)
	_, err = k.st.Factors.AddFactor(k.ctx, store.Factor{User: "nobody", Sort: store.Passkey, Key: "3"})
	k.wantKind(err, tandem.NotFound)

	k.must(k.st.Factors.LabelFactor(k.ctx, b.ID, "stick"))
	k.must(k.st.Factors.UseFactor(k.ctx, b.ID, 0, 50, "192.0.2.1", []byte("new")))
	k.must(k.st.Factors.UseFactor(k.ctx, b.ID, 0, 60, "192.0.2.2", []byte("newer"))) // it has no counter
	got, err := k.st.Factors.FactorByKey(k.ctx, store.Passkey, "1")
	k.must(err)
	if got.Label != "stick" || got.Used != 60 || got.From != "192.0.2.2" || string(got.Data) != "newer" {
		k.Fatalf("factor %+v", got)
	}
	k.wantKind(k.st.Factors.LabelFactor(k.ctx, 99, "x"), tandem.NotFound)
	k.wantKind(k.st.Factors.UseFactor(k.ctx, 99, 1, 1, "", nil), tandem.NotFound)
	k.must(k.st.Factors.RemoveFactor(k.ctx, b.ID))
	k.wantKind(k.st.Factors.RemoveFactor(k.ctx, b.ID), tandem.NotFound)
	k.must(k.st.Accounts.RemoveUser(k.ctx, "zoe"))
	if list, err := k.st.Factors.Factors(k.ctx, "zoe"); err != nil || len(list) != 0 {
		k.Fatalf("factors of nobody: %+v, %v", list, err)
	}
	if c := k.factor("ann", store.Passkey, "4"); c.ID <= z.ID {
		k.Fatalf("the number %d was given out before", c.ID)
	}
}

// testFactorsOnce checks that a count is used once, whoever else tries it at the same moment, and never goes back.
func testFactorsOnce(k *kit) {
	k.user("ann")
	f, code := k.factor("ann", store.CodeApp, "ann"), k.factor("ann", store.Recovery, "r")
	var used, removed atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := k.st.Factors.UseFactor(k.ctx, f.ID, 7, 50, "", nil); err == nil {
				used.Add(1)
			} else if !tandem.IsKind(err, tandem.Exists) {
				k.Error(err)
			}
			if k.st.Factors.RemoveFactor(k.ctx, code.ID) == nil {
				removed.Add(1)
			}
		})
	}
	wg.Wait()
	if used.Load() != 1 || removed.Load() != 1 {
		k.Fatalf("used %d times, removed %d times", used.Load(), removed.Load())
	}
	k.wantKind(k.st.Factors.UseFactor(k.ctx, f.ID, 6, 51, "", nil), tandem.Exists)
	k.wantKind(k.st.Factors.UseFactor(k.ctx, f.ID, 0, 51, "", nil), tandem.Exists)
	k.must(k.st.Factors.UseFactor(k.ctx, f.ID, 8, 51, "", nil))
}
