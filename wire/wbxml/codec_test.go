package wbxml

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// unhex reads hexadecimal digits with spaces, in which 'text' stands for its bytes.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			out = append(out, part...)
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		out = append(out, b...)
	}
	return out
}

// show writes a tree on one line.
func show(e *Element) string {
	if e == nil {
		return "nothing"
	}
	var b strings.Builder
	b.WriteString(e.Tag.String())
	if e.Text != "" {
		fmt.Fprintf(&b, "=%q", e.Text)
	}
	if e.Data != nil {
		fmt.Fprintf(&b, "=#%q", e.Data)
	}
	if len(e.Children) > 0 {
		b.WriteString("(")
		for i, c := range e.Children {
			if i > 0 {
				b.WriteString(" ")
			}
			b.WriteString(show(c))
		}
		b.WriteString(")")
	}
	return b.String()
}

// both reads from memory and from a reader that gives a byte at a time, and demands the same of both.
func both(t testing.TB, b []byte, lim Limits) (*Element, []Note, error) {
	t.Helper()
	e, notes, err := Unmarshal(b, lim)
	d := NewDecoder(iotest.OneByteReader(bytes.NewReader(b)), lim)
	streamed, serr := d.Decode()
	if len(b) == 0 && errors.Is(serr, io.EOF) {
		return e, notes, err
	}
	if (err == nil) != (serr == nil) || !reflect.DeepEqual(e, streamed) {
		t.Fatalf("from memory %s, %v; from a reader %s, %v", show(e), err, show(streamed), serr)
	}
	if n := len(notes); n > 0 && notes[n-1].Flaw == TrailingBytes {
		notes = notes[:n-1]
	}
	if err == nil && fmt.Sprint(notes) != fmt.Sprint(d.Notes()) {
		t.Fatalf("from memory %v, from a reader %v", notes, d.Notes())
	}
	_, notes, _ = Unmarshal(b, lim)
	return e, notes, err
}

// golden are documents with the bytes that Exchange writes for them.
func golden() []struct {
	name string
	e    *Element
	hex  string
} {
	return []struct {
		name string
		e    *Element
		hex  string
	}{
		{"empty root", Empty(PingPing), "03016a00 000d 05"},
		{"FolderSync request", New(FolderHierarchyFolderSync, Text(FolderHierarchySyncKey, "0")), "03016a00 0007 56 52 03'0'00 01 01"},
		{"page switches, each way", New(AirSyncSync, New(AirSyncApplicationData, Text(CalendarSubject, "x"), Text(CalendarLocation, "y"), Text(AirSyncStatus, "1"))),
			"03016a00 45 5d 0004 66 03'x'00 01 57 03'y'00 01 0000 4e 03'1'00 01 01 01"},
		{"empty elements", New(AirSyncSync, Empty(AirSyncMoreAvailable), Empty(AirSyncGetChanges)), "03016a00 45 14 13 01"},
		{"opaque", New(ComposeMailSendMail, Opaque(ComposeMailMime, []byte("a\x00b"))), "03016a00 0015 45 50 c3 03'a'00'b' 01 01"},
		{"opaque, nothing in it", Opaque(ComposeMailMime, nil), "03016a00 0015 50 c3 00 01"},
		{"opaque of 128 bytes", Opaque(ComposeMailMime, make([]byte, 128)), "03016a00 0015 50 c3 8100" + strings.Repeat("00", 128) + "01"},
		{"UTF-8", Text(NotesSubject, "Müller 🌍"), "03016a00 0017 45 03 'M'c3bc'ller 'f09f8c8d 00 01"},
		{"page 25", New(FindFind, Text(FindSearchId, "1")), "03016a00 0019 45 46 03'1'00 01 01"},
		{"unknown tag", New(AirSyncSync, Text(0x003f, "x"), Empty(0x2205)), "03016a00 45 7f 03'x'00 01 0022 05 01"},
	}
}

func TestGolden(t *testing.T) {
	for _, tt := range golden() {
		t.Run(tt.name, func(t *testing.T) {
			want := unhex(t, tt.hex)
			got, err := Marshal(tt.e)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("wrote % x, %v; want % x", got, err, want)
			}
			e, _, err := both(t, want, Limits{})
			if err != nil || !reflect.DeepEqual(e, tt.e) {
				t.Errorf("read %s, %v; want %s", show(e), err, show(tt.e))
			}
		})
	}
}

// TestEveryTag sends every tag there and back: empty, with text, with opaque data, and with every other tag of its page
// and one of another around it.
func TestEveryTag(t *testing.T) {
	root := New(AirSyncSync)
	for _, tag := range allTags() {
		root.Add(Empty(tag), Text(tag, tag.Name()), Opaque(tag, []byte{0, 1, 2}), New(tag, Empty(PingPing), Text(tag, "x")))
	}
	b, err := Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	e, notes, err := both(t, b, Limits{})
	if err != nil || len(notes) > 0 || !reflect.DeepEqual(e, root) {
		t.Fatalf("not the same: %v, %v", notes, err)
	}
	var x bytes.Buffer
	if err := ToXML(&x, root); err != nil {
		t.Fatal(err)
	}
	if e, err = FromXML(&x); err != nil || !reflect.DeepEqual(e, root) {
		t.Fatalf("not the same after XML: %v", err)
	}
}

// TestReadable are documents that Exchange would not write and that are read all the same.
func TestReadable(t *testing.T) {
	tests := []struct {
		name, hex, want, notes string
	}{
		{"WBXML 1.1", "01016a00 05", "AirSync:Sync", ""},
		{"public identifier from the table", "0300006a05'-//X'00 05", "AirSync:Sync", ""},
		{"public identifier of many bytes", "03 9f51 6a00 05", "AirSync:Sync", ""},
		{"no character set", "03010000 4b03'a'0001", `AirSync:SyncKey="a"`, ""},
		{"ISO 8859-1", "03010400 4b03'M'fc0001", `AirSync:SyncKey="Mü"`, ""},
		{"content flag without content", "03016a00 4501", "AirSync:Sync", ""},
		{"empty string", "03016a00 4b030001", "AirSync:SyncKey", ""},
		{"text in pieces", "03016a00 4b 03'a'00 03'b'00 03'c'00 01", `AirSync:SyncKey="abc"`, ""},
		{"string table", "03016a08'one'00'two'00 4b 8304 8300 01", `AirSync:SyncKey="twoone"`, ""},
		{"middle of a string of the table", "03016a04'one'00 4b 8301 01", `AirSync:SyncKey="ne"`, ""},
		{"last string without NUL", "03016a03'one' 4b 8300 01", `AirSync:SyncKey="one"`, ""},
		{"entities", "03016a00 4b 0226 02817c 0287e830 01", `AirSync:SyncKey="&ü` + "\U0001f430" + `"`, ""},
		{"entity that is no character", "03016a00 4b 03'a'00 0200 0283b000 01", `AirSync:SyncKey="a"`,
			"[byte 8: characters that XML forbids in AirSync:SyncKey byte 10: characters that XML forbids in AirSync:SyncKey]"},
		{"opaque in pieces", "03016a00 4b c302'ab' c30100 01", `AirSync:SyncKey=#"ab\x00"`, ""},
		{"text, then opaque, then text", "03016a00 4b 03'a'00 c301'b' 03'c'00 01", `AirSync:SyncKey=#"abc"`, ""},
		{"two pieces of text, then opaque", "03016a00 4b 03'a'00 03'b'00 c301'c' 01", `AirSync:SyncKey=#"abc"`, ""},
		{"page switched twice, and for nothing", "03016a00 0001 0000 45 0002 0000 05 0007 01", "AirSync:Sync(AirSync:Sync)", ""},
		{"indentation between elements", "03016a00 45 03'  '00 05 030a2000 01", "AirSync:Sync(AirSync:Sync)", ""},
		{"white space alone", "03016a00 4b 03'  '00 01", `AirSync:SyncKey="  "`, ""},
		{"text beside elements", "03016a00 45 03'a'00 05 03'b'00 01", `AirSync:Sync="ab"(AirSync:Sync)`, "[byte 12: text beside elements in AirSync:Sync]"},
		{"attributes", "03016a00 c5 05 03'x'00 85 c302'yz' 0007 0226 8300 04'a' 40'e'00 8007 c0 01 4b03'1'0001 01", `AirSync:Sync(AirSync:SyncKey="1")`,
			"[byte 4: attributes in AirSync:Sync]"},
		{"attributes, no content", "03016a00 45 8e 05 01 01", "AirSync:Sync(AirSync:Status)", "[byte 5: attributes in AirSync:Status]"},
		{"processing instruction", "03016a00 43 05 03'x'00 01 45 43 06 01 01", "AirSync:Sync",
			"[byte 4: processing instruction byte 11: processing instruction in AirSync:Sync]"},
		{"extensions", "03016a00 45 40'x'00 8105 c2 01", "AirSync:Sync", "[byte 5: extension in AirSync:Sync: token 0x40 byte 8: extension in AirSync:Sync: token 0x81 " +
			"byte 10: extension in AirSync:Sync: token 0xc2]"},
		{"literal tag that is known", "03016a08'SyncKey'00 45 4400 03'1'00 01 01", `AirSync:Sync(AirSync:SyncKey="1")`, ""},
		{"literal tags that are not", "03016a04'Foo'00 45 4400 03'1'00 c30101 45 05 01 01 0400 8400 01 c400 01 01 14 01", "AirSync:Sync(AirSync:MoreAvailable)",
			strings.TrimSpace(`[byte 9: unknown tag in AirSync:Sync: literal tag "Foo" is left out byte 21: unknown tag in AirSync:Sync: literal tag "Foo" is left out ` +
				`byte 23: unknown tag in AirSync:Sync: literal tag "Foo" is left out byte 23: attributes byte 26: unknown tag in AirSync:Sync: literal tag "Foo" is left out byte 26: attributes]`)},
		{"unknown tag, told once", "03016a00 45 3f 7f03'x'0001 01", `AirSync:Sync(AirSync:Unknown-0x3f AirSync:Unknown-0x3f="x")`, "[byte 5: unknown tag in AirSync:Unknown-0x3f]"},
		{"page that nobody has", "03016a00 45 00f0 05 01", "AirSync:Sync(Page-240:Unknown-0x05)", "[byte 7: unknown tag in Page-240:Unknown-0x05]"},
		{"tag of another page", "03016a00 45 0004 45 01 01", "AirSync:Sync(Calendar:Timezone)", ""},
		{"broken UTF-8", "03016a00 4b03'a'ff'b'c30001", `AirSync:SyncKey="a` + "\ufffdb\ufffd" + `"`, "[byte 5: text that is not UTF-8 in AirSync:SyncKey]"},
		{"forbidden characters", "03016a00 4b03'a'0b'b'efbfbe'c'0001", `AirSync:SyncKey="abc"`, "[byte 5: characters that XML forbids in AirSync:SyncKey]"},
		{"bytes behind the document", "03016a00 05 0000", "AirSync:Sync", "[byte 5: bytes behind the document: 2 bytes]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, notes, err := both(t, unhex(t, tt.hex), Limits{})
			if err != nil || show(e) != tt.want {
				t.Errorf("got %s, %v; want %s", show(e), err, tt.want)
			}
			if got := fmt.Sprint(notes); got != tt.notes && !(got == "[]" && tt.notes == "") {
				t.Errorf("notes %s, want %s", got, tt.notes)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	tests := []struct {
		name, hex string
		lim       Limits
		want      string
	}{
		{"nothing", "", Limits{}, "byte 0: truncated"},
		{"version only", "03", Limits{}, "byte 1: truncated"},
		{"no body", "03016a00", Limits{}, "byte 4: truncated"},
		{"XML", "'<?xml'", Limits{}, "byte 0: not WBXML: it begins like XML"},
		{"XML with a byte order mark", "efbbbf'<'", Limits{}, "byte 0: not WBXML: it begins like XML"},
		{"other version", "10016a0005", Limits{}, "byte 0: not WBXML: version byte 0x10"},
		{"UTF-16", "030187770005", Limits{}, "byte 2: character set: number 1015 in IANA's register; UTF-8 is 106"},
		{"string table cut short", "03016a05'abc'", Limits{}, "byte 7: truncated: 5 bytes are announced, 3 are left"},
		{"string table of 4 GiB", "03016a8fffffff7f05", Limits{}, "byte 9: truncated: 4294967295 bytes are announced, 1 are left"},
		{"integer cut short", "03016a81", Limits{}, "byte 4: truncated"},
		{"integer too large", "03016a00 4bc3 90808080 00", Limits{}, "byte 6: integer too large"},
		{"integer too long", "03016a00 4bc3 808080808000", Limits{}, "byte 6: integer too large"},
		{"opaque longer than the document", "03016a00 4bc3 8fffffff7f 'abc'", Limits{}, "byte 14: truncated: 4294967295 bytes are announced, 3 are left"},
		{"text without end", "03016a00 4b03'abc'", Limits{}, "byte 9: truncated"},
		{"element without end", "03016a00 45 4b03'a'0001", Limits{}, "byte 10: truncated"},
		{"page switch cut short", "03016a00 00", Limits{}, "byte 5: truncated"},
		{"text outside the root", "03016a00 03'a'00", Limits{}, "byte 4: misplaced token: 0x03 where the root element is due"},
		{"end outside the root", "03016a00 01", Limits{}, "byte 4: misplaced token: 0x01 where the root element is due"},
		{"extension outside the root", "03016a00 c0", Limits{}, "byte 4: misplaced token: 0xc0 where the root element is due"},
		{"no string table", "03016a00 4b8300", Limits{}, "byte 5: no such string: index 0 into a string table of 0 bytes"},
		{"beyond the string table", "03016a02'a'00 4b8302", Limits{}, "byte 7: no such string: index 2 into a string table of 2 bytes"},
		{"literal beyond the string table", "03016a00 0405", Limits{}, "byte 4: no such string: index 5 into a string table of 0 bytes"},
		{"literal root", "03016a02'a'00 0400", Limits{}, "byte 8: misplaced token: the root is a literal tag that ActiveSync does not have"},
		{"attributes without end", "03016a00 c505", Limits{}, "byte 6: truncated"},
		{"content among attributes", "03016a00 c544", Limits{}, "byte 5: misplaced token: 0x44 among attributes"},
		{"too deep", "03016a00 45454545", Limits{Depth: 3}, "byte 7: nested too deep: more than 3 elements within each other"},
		{"too deep by default", "03016a00" + strings.Repeat("45", 65), Limits{}, "byte 68: nested too deep: more than 64 elements within each other"},
		{"too many", "03016a00 45050505", Limits{Elements: 3}, "byte 7: too many elements: more than 3"},
		{"too large", "03016a00 45050501", Limits{Bytes: 7}, "byte 7: too large: 8 bytes, more than 7"},
		{"string table abused", "03016a0b'aaaaaaaaaa'00 4b 8300 8300 8300 8300 01", Limits{Bytes: 30}, "byte 20: too large: the string table yields more than 30 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _, err := both(t, unhex(t, tt.hex), tt.lim)
			var fault *Error
			if e != nil || !errors.As(err, &fault) || err.Error() != tt.want {
				t.Errorf("got %s, %v; want %s", show(e), err, tt.want)
			}
		})
	}
}

// TestWritesOnlyWhatActiveSyncUses reads what is written token by token: page switches, tags, inline strings and opaque
// data are used, string tables, entities, processing instructions and attributes are not. MS-ASWBXML 2.1.3
func TestWritesOnlyWhatActiveSyncUses(t *testing.T) {
	b, err := Marshal(messages(3))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte{3, 1, 0x6a, 0}) { // WBXML 1.3, no public identifier, UTF-8, a string table of no bytes
		t.Fatalf("begins with % x", b[:4])
	}
	used := map[byte]int{}
	for i := 4; i < len(b); {
		tok := b[i]
		i++
		switch {
		case tok&0x3f >= firstTag:
			if used[0xff]++; tok&hasAttributes != 0 {
				t.Fatalf("byte %d: attributes", i-1)
			}
			continue
		case tok == tokSwitchPage:
			i++
		case tok == tokStrI:
			i += bytes.IndexByte(b[i:], 0) + 1
		case tok == tokOpaque:
			i += int(b[i]) + 1 // all shorter than 128
		}
		used[tok]++
	}
	for _, tok := range []byte{0xff, tokSwitchPage, tokEnd, tokStrI, tokOpaque} {
		if used[tok] == 0 {
			t.Errorf("0x%02x is not used", tok)
		}
		delete(used, tok)
	}
	if len(used) > 0 {
		t.Errorf("used besides: %v", used)
	}
}

// TestSuccessors checks the notes on tags that give way to others in later versions.
func TestSuccessors(t *testing.T) {
	for _, tt := range []struct {
		id        string
		old, next Tag
		from      Version
	}{
		{"MS-ASWBXML_R821", EmailLocation, AirSyncBaseLocation, V160},
		{"MS-ASWBXML_R822", EmailGlobalObjId, CalendarUID, V160},
		{"MS-ASWBXML_R824", CalendarLocation, AirSyncBaseLocation, V160},
		{"MS-ASWBXML_R825", GetItemEstimateClass, AirSyncClass, V140},
	} {
		for _, v := range []Version{V25, V120, V121, V140, V141, V160, V161} {
			if tt.old.In(v) != (v < tt.from) || v >= tt.from && !tt.next.In(v) {
				t.Errorf("%s: at %d %s is there: %v, %s is there: %v", tt.id, v, tt.old, tt.old.In(v), tt.next, tt.next.In(v))
			}
		}
	}
}
