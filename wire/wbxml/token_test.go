package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// tokens reads a document token by token and writes them on one line. take is how many bytes of opaque data are read.
func tokens(d *Decoder, take int64) (string, error) {
	var b strings.Builder
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.TrimSpace(b.String()), nil
		}
		if err != nil {
			return b.String(), err
		}
		switch tok.Kind {
		case StartToken:
			fmt.Fprintf(&b, "<%s ", tok.Tag.Name())
		case EndToken:
			fmt.Fprintf(&b, "%s> ", tok.Tag.Name())
		case TextToken:
			fmt.Fprintf(&b, "%s:%s ", tok.Tag.Name(), tok.Text)
		case OpaqueToken:
			data, err := io.ReadAll(io.LimitReader(tok.Data, take))
			fmt.Fprintf(&b, "%s#%d:%s ", tok.Tag.Name(), tok.Size, data)
			if err != nil {
				return b.String(), err
			}
		}
	}
}

func TestTokens(t *testing.T) {
	doc := unhex(t, "03016a04'Foo'00 45 4e 03'1'00 01 14 4b c303'abc' c300 03'd'00 01 4400 4b c302'xy' 01 01 01")
	for take, want := range map[int64]string{
		100: "<Sync <Status Status:1 Status> <MoreAvailable MoreAvailable> <SyncKey SyncKey#3:abc SyncKey#0: SyncKey:d SyncKey> Sync>",
		2:   "<Sync <Status Status:1 Status> <MoreAvailable MoreAvailable> <SyncKey SyncKey#3:ab SyncKey#0: SyncKey:d SyncKey> Sync>",
		0:   "<Sync <Status Status:1 Status> <MoreAvailable MoreAvailable> <SyncKey SyncKey#3: SyncKey#0: SyncKey:d SyncKey> Sync>",
	} {
		for _, r := range []io.Reader{bytes.NewReader(doc), iotest.OneByteReader(bytes.NewReader(doc)), iotest.DataErrReader(bytes.NewReader(doc))} {
			d := NewDecoder(r, Limits{})
			got, err := tokens(d, take)
			if err != nil || got != want || len(d.Notes()) != 1 || d.Offset() != int64(len(doc)) {
				t.Errorf("taking %d: %s, %v, %v, at %d; want %s", take, got, err, d.Notes(), d.Offset(), want)
			}
			if _, err := d.Token(); !errors.Is(err, io.EOF) {
				t.Errorf("after the end: %v", err)
			}
		}
	}
}

func TestOpaqueReader(t *testing.T) {
	doc := unhex(t, "03016a00 4b c303'abc' c302'de' 01")
	d := NewDecoder(bytes.NewReader(doc), Limits{})
	d.Token()
	first, err := d.Token()
	if err != nil || first.Kind != OpaqueToken || first.Size != 3 {
		t.Fatalf("%v, %v", first, err)
	}
	if n, err := first.Data.Read(nil); n != 0 || err != nil {
		t.Errorf("read of nothing: %d, %v", n, err)
	}
	second, err := d.Token()
	if err != nil || second.Kind != OpaqueToken {
		t.Fatalf("%v, %v", second, err)
	}
	if _, err := first.Data.Read(make([]byte, 9)); !errors.Is(err, errPassed) {
		t.Errorf("passed data: %v", err)
	}
	if data, err := io.ReadAll(second.Data); err != nil || string(data) != "de" {
		t.Errorf("%q, %v", data, err)
	}
	cut := NewDecoder(bytes.NewReader(doc[:8]), Limits{})
	cut.Token()
	tok, err := cut.Token()
	if err != nil {
		t.Fatal(err)
	}
	var fault *Error
	if _, err := io.ReadAll(tok.Data); !errors.As(err, &fault) || fault.Fault != Truncated {
		t.Errorf("cut short: %v", err)
	}
	if _, again := cut.Token(); again != err && !errors.As(again, &fault) {
		t.Errorf("then: %v", again)
	}
	if _, again := tok.Data.Read(make([]byte, 1)); !errors.As(again, &fault) {
		t.Errorf("then: %v", again)
	}
}

func TestDecoderEnds(t *testing.T) {
	d := NewDecoder(strings.NewReader(""), Limits{})
	for range 2 {
		if e, err := d.Decode(); e != nil || !errors.Is(err, io.EOF) {
			t.Errorf("nothing: %v, %v", e, err)
		}
	}
	d = NewDecoder(bytes.NewReader(unhex(t, "03016a00 05 0301")), Limits{})
	if e, err := d.Decode(); err != nil || e.Tag != AirSyncSync {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := d.Decode(); e != nil || !errors.Is(err, io.EOF) {
		t.Errorf("after the document: %v, %v", e, err)
	}
	lost := errors.New("the line went dead")
	for n := range int64(8) {
		r := io.MultiReader(io.LimitReader(bytes.NewReader(unhex(t, "03016a00 4b03'a'0001")), n), iotest.ErrReader(lost))
		if _, err := NewDecoder(r, Limits{}).Decode(); !errors.Is(err, lost) {
			t.Errorf("lost after %d bytes: %v", n, err)
		}
	}
	var fault *Error
	if _, err := NewDecoder(silent{}, Limits{}).Decode(); !errors.As(err, &fault) || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a silent reader: %v", err)
	}
	long := io.MultiReader(bytes.NewReader(unhex(t, "03016a00 4b03")), strings.NewReader(strings.Repeat("a", 100_000)))
	if _, err := NewDecoder(long, Limits{Bytes: 50_000}).Decode(); !errors.As(err, &fault) || fault.Fault != TooLarge || fault.Offset != 50_000 {
		t.Errorf("too long: %v", err)
	}
}

// silent is a reader that never has anything and never ends.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }
