package sqlite

import (
	"bytes"
	"testing"

	"tandem/store"
)

// TestVerifyTold: a look at bodies tells how far it is also within a large one, and bytes add up.
func TestVerifyTold(t *testing.T) {
	st, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	const size = 3 << 20
	for _, body := range [][]byte{bytes.Repeat([]byte("large"), size/5), []byte("small")} {
		if _, _, err := st.Blobs.Put(t.Context(), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	within, last := 0, store.Verified{}
	v := &verifier{db: st.Closer.(*db), tell: func(v store.Verified) {
		if v.Bytes < last.Bytes || v.Done < last.Done {
			t.Errorf("after %+v came %+v", last, v)
		}
		if v.Bytes > last.Bytes && v.Done == last.Done && !v.Over {
			within++
		}
		last = v
	}}
	if err := v.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !last.Over || last.Done != 2 || last.Bytes != size/5*5+5 || within < 4 {
		t.Errorf("%d times within a body, in the end %+v", within, last)
	}
}
