package wbxml

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestEncoderCleansText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"a\x00b", "ab"},
		{"\x00", ""},
		{"a\x0b\x1fb\t\r\nc\x7f", "ab\t\r\nc\x7f"},
		{"\xff\xc3ä", "\ufffd\ufffdä"},
		{"\ufffe\uffff🌍", "🌍"},
		{"\xed\xa0\x80", "\ufffd\ufffd\ufffd"}, // a surrogate
		{strings.Repeat("x", 20000) + "\x00" + strings.Repeat("ä", 20000), strings.Repeat("x", 20000) + strings.Repeat("ä", 20000)},
	} {
		b, err := Marshal(Text(NotesSubject, tt.in))
		if err != nil {
			t.Fatal(err)
		}
		e, notes, err := both(t, b, Limits{})
		if err != nil || len(notes) > 0 || e.Text != tt.want {
			t.Errorf("%.40q: read %.40q, %v, %v", tt.in, e, notes, err)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	cycle := New(AirSyncSync)
	cycle.Add(cycle)
	for _, tt := range []struct {
		name string
		e    *Element
		want string
	}{
		{"nothing", nil, "no element"},
		{"no tag", Empty(0), "0x0000 is no tag"},
		{"a global token", Empty(0x0004), "0x0004 is no tag"},
		{"a tag with flags", Empty(0x0045), "0x0045 is no tag"},
		{"both contents", &Element{Tag: AirSyncSyncKey, Text: "a", Data: []byte("b")}, "AirSync:SyncKey has both text and opaque data"},
		{"a child that is nil", &Element{Tag: AirSyncSync, Children: []*Element{nil}}, "AirSync:Sync has a child that is nil"},
		{"an endless tree", cycle, "more than 1000 elements within each other"},
	} {
		b, err := Marshal(tt.e)
		if b != nil || err == nil || err.Error() != "write WBXML: "+tt.want {
			t.Errorf("%s: % x, %v; want %s", tt.name, b, err, tt.want)
		}
		if err := ToXML(io.Discard, tt.e); err == nil {
			t.Errorf("%s: ToXML wrote it", tt.name)
		}
	}
}

// write drives an encoder through a document by single calls.
func write(enc *Encoder) error {
	steps := []error{
		enc.Start(ItemOperationsItemOperations), enc.Text(""), enc.Start(ItemOperationsStatus), enc.Text("1"), enc.End(),
		enc.Start(ItemOperationsResponse), enc.End(), enc.Element(Text(AirSyncCollectionId, "5")),
		enc.Start(ItemOperationsData), enc.OpaqueReader(40000, bytes.NewReader(make([]byte, 50000))), enc.End(),
		enc.Start(ItemOperationsData), enc.Opaque(make([]byte, 30000)), enc.Opaque([]byte("xyz")), enc.End(),
		enc.End(), enc.Close(),
	}
	return errors.Join(steps...)
}

func TestEncoder(t *testing.T) {
	var w bytes.Buffer
	if err := write(NewEncoder(&w)); err != nil {
		t.Fatal(err)
	}
	inner := &Encoder{}
	if err := write(inner); err != nil || !bytes.Equal(inner.buf, w.Bytes()) {
		t.Errorf("into memory: %v, %d bytes, want %d", err, len(inner.buf), w.Len())
	}
	want := New(ItemOperationsItemOperations, Text(ItemOperationsStatus, "1"), Empty(ItemOperationsResponse), Text(AirSyncCollectionId, "5"),
		Opaque(ItemOperationsData, make([]byte, 40000)), Opaque(ItemOperationsData, append(make([]byte, 30000), "xyz"...)))
	e, notes, err := both(t, w.Bytes(), Limits{})
	if err != nil || len(notes) > 0 || show(e) != show(want) {
		t.Errorf("read %.100s, %v, %v", show(e), notes, err)
	}
}

// shortWriter fails after so many bytes.
type shortWriter int

func (s *shortWriter) Write(p []byte) (int, error) {
	if *s -= shortWriter(len(p)); *s < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestEncoderMisuse(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*Encoder) error
		want string
	}{
		{"text outside", func(e *Encoder) error { return e.Text("x") }, "content outside the root element"},
		{"opaque outside", func(e *Encoder) error { return e.Opaque(nil) }, "content outside the root element"},
		{"end outside", func(e *Encoder) error { return e.End() }, "there is no element to end"},
		{"no root", func(e *Encoder) error { return nil }, "there is no root element"},
		{"two roots", func(e *Encoder) error { e.Element(Empty(PingPing)); return e.Start(PingPing) }, "Ping:Ping would be a second root"},
		{"left open", func(e *Encoder) error { return e.Start(PingPing) }, "1 elements are not ended"},
		{"bad length", func(e *Encoder) error { e.Start(PingPing); return e.OpaqueReader(-1, nil) }, "opaque data of -1 bytes"},
		{"short reader", func(e *Encoder) error { e.Start(PingPing); return e.OpaqueReader(5, strings.NewReader("abc")) },
			"opaque data: 3 of 5 bytes: unexpected EOF"},
	} {
		enc := NewEncoder(io.Discard)
		first := tt.do(enc)
		err := enc.Close()
		if err == nil || err.Error() != "write WBXML: "+tt.want || first != nil && first != err {
			t.Errorf("%s: %v, then %v; want %s", tt.name, first, err, tt.want)
		}
		if enc.Start(PingPing) != err || enc.Text("x") != err || enc.Text("") != err || enc.Opaque(nil) != err || enc.End() != err || enc.Element(Empty(PingPing)) != err {
			t.Errorf("%s: the first error is not final", tt.name)
		}
	}
}

func TestEncoderReportsWriter(t *testing.T) {
	for room := range 5 {
		w := shortWriter(room * 16000)
		if err := write(NewEncoder(&w)); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("room for %d bytes: %v", room*16000, err)
		}
	}
}
