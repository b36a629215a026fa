package sqlite_test

import (
	"testing"

	"tandem/store"
	"tandem/store/sqlite"
	"tandem/store/storetest"
)

func openMemory(t *testing.T) *store.Store {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func TestFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return openFile(t) })
}

func TestMemory(t *testing.T) { storetest.Run(t, openMemory) }
