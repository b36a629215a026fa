package wbxml

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"tandem/internal/corpus"
)

const header = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

func TestXML(t *testing.T) {
	tests := []struct {
		name string
		e    *Element
		want string
	}{
		{"empty", Empty(PingPing), `<Ping xmlns="Ping"/>`},
		{"indented", New(AirSyncSync, Text(AirSyncStatus, "1"), New(AirSyncCollections, Empty(AirSyncCollection))),
			"<Sync xmlns=\"AirSync\">\n  <Status>1</Status>\n  <Collections>\n    <Collection/>\n  </Collections>\n</Sync>"},
		{"other namespaces", New(AirSyncApplicationData, Text(CalendarSubject, "x"), New(AirSyncBaseBody, Text(AirSyncBaseType, "1"))),
			"<ApplicationData xmlns=\"AirSync\" xmlns:calendar=\"Calendar\" xmlns:airsyncbase=\"AirSyncBase\">\n  <calendar:Subject>x</calendar:Subject>\n" +
				"  <airsyncbase:Body>\n    <airsyncbase:Type>1</airsyncbase:Type>\n  </airsyncbase:Body>\n</ApplicationData>"},
		{"escapes", Text(NotesSubject, "a<b>&\"c\"\r\n\td"), "<Subject xmlns=\"Notes\">a&lt;b&gt;&amp;\"c\"&#xD;\n\td</Subject>"},
		{"white space", Text(NotesSubject, "  "), "<Subject xmlns=\"Notes\">  </Subject>"},
		{"byte array", Opaque(ComposeMailMime, []byte("To: x\r\n")), `<Mime xmlns="ComposeMail">VG86IHgNCg==</Mime>`},
		{"byte array, nothing in it", Opaque(ComposeMailMime, nil), `<Mime xmlns="ComposeMail"><?wbxml base64?></Mime>`},
		{"byte array that is text", Text(ComposeMailMime, "abcd"), `<Mime xmlns="ComposeMail"><?wbxml text?>abcd</Mime>`},
		{"opaque text", Opaque(AirSyncBaseData, []byte("<p>ä</p>")), `<Data xmlns="AirSyncBase"><?wbxml opaque?>&lt;p&gt;ä&lt;/p&gt;</Data>`},
		{"opaque white space around elements", &Element{Tag: AirSyncBaseData, Data: []byte("  "), Children: []*Element{Empty(PingPing)}},
			`<Data xmlns="AirSyncBase" xmlns:ping="Ping"><?wbxml opaque?>  <ping:Ping/></Data>`},
		{"opaque bytes", Opaque(AirSyncBaseData, []byte{0, 0xff}), `<Data xmlns="AirSyncBase"><?wbxml base64?>AP8=</Data>`},
		{"text beside elements", &Element{Tag: AirSyncSync, Text: " a", Children: []*Element{New(AirSyncAdd, Empty(AirSyncStatus))}},
			`<Sync xmlns="AirSync"> a<Add><Status/></Add></Sync>`},
		{"unknown tags", New(0x003f, Text(0xf005, "x")), "<Unknown-0x3f xmlns=\"AirSync\" xmlns:page-240=\"Page-240\">\n  <page-240:Unknown-0x05>x</page-240:Unknown-0x05>\n</Unknown-0x3f>"},
		{"names of the schemas", New(ComposeMailForwardee, Text(ComposeMailEmail, "a"), Text(ComposeMailName, "b")),
			"<Forwardee xmlns=\"ComposeMail\">\n  <ForwardeeEmail>a</ForwardeeEmail>\n  <ForwardeeName>b</ForwardeeName>\n</Forwardee>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := ToXML(&b, tt.e); err != nil || b.String() != header+tt.want+"\n" {
				t.Errorf("wrote %s, %v; want %s", b.String(), err, tt.want)
			}
			e, err := FromXML(iotest.OneByteReader(&b))
			if err != nil || !reflect.DeepEqual(e, tt.e) {
				t.Errorf("read %s, %v; want %s", show(e), err, show(tt.e))
			}
		})
	}
}

func TestXMLCleansText(t *testing.T) {
	var b bytes.Buffer
	if err := ToXML(&b, Text(NotesSubject, "a\x00\xffb")); err != nil || b.String() != header+"<Subject xmlns=\"Notes\">a\ufffdb</Subject>\n" {
		t.Errorf("wrote %q, %v", b.String(), err)
	}
}

// TestFromXML are the spellings of other programs and of people.
func TestFromXML(t *testing.T) {
	tests := []struct{ name, xml, want string }{
		{"namespace with a colon", `<FolderSync xmlns="FolderHierarchy:"><SyncKey>0</SyncKey></FolderSync>`, `FolderHierarchy:FolderSync(FolderHierarchy:SyncKey="0")`},
		{"other capitals", `<displayname xmlns="Gal:">x</displayname>`, `GAL:DisplayName="x"`},
		{"namespace that is an address", `<Search xmlns="http://synce.org/formats/airsync_wm5/search"/>`, "Search:Search"},
		{"no namespaces", "<Sync><Collections><Collection><FileAs>x</FileAs></Collection></Collections></Sync>",
			`AirSync:Sync(AirSync:Collections(AirSync:Collection(Contacts:FileAs="x")))`},
		{"prefix that is not declared", `<Sync xmlns="AirSync"><calendar:UID>1</calendar:UID></Sync>`, `AirSync:Sync(Calendar:UID="1")`},
		{"former names", `<Attendee xmlns="Calendar"><Attendee_Email>a</Attendee_Email><Attendee_Name>b</Attendee_Name><Organizer_Name>c</Organizer_Name></Attendee>`,
			`Calendar:Attendee(Calendar:Email="a" Calendar:Name="b" Calendar:OrganizerName="c")`},
		{"comments, declarations, CDATA", "<!DOCTYPE ActiveSync><!-- x --><Sync><!-- y --><SyncKey>a<!-- z -->b<![CDATA[<c>]]></SyncKey></Sync>", `AirSync:Sync(AirSync:SyncKey="ab<c>")`},
		{"base64 in lines", "<SendMail xmlns='ComposeMail'><MIME>\n  YW\n  Jj\n</MIME></SendMail>", `ComposeMail:SendMail(ComposeMail:Mime=#"abc")`},
		{"schema location", `<Ping xmlns="Ping" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"/>`, "Ping:Ping"},
	}
	for _, tt := range tests {
		if e, err := FromXML(strings.NewReader(tt.xml)); err != nil || show(e) != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, show(e), err, tt.want)
		}
	}
}

func TestFromXMLRefuses(t *testing.T) {
	tests := []struct{ name, xml, want string }{
		{"nothing", "", "line 1, column 1: there is no element"},
		{"text only", "hello", "line 1, column 6: text outside the root element"},
		{"not closed", "<Sync>", "line 1, column 7: unexpected EOF"},
		{"not well formed", "<Sync>\n</Collections>", "line 2, column 15: element <Sync> closed by </Collections>"},
		{"two roots", "<Sync/>\n<Ping/>", "line 2, column 8: <Ping> is a second root element"},
		{"no such tag", `<Sync><Foo/></Sync>`, `line 1, column 13: there is no tag "Foo" in ActiveSync`},
		{"no such tag in the namespace", `<Sync xmlns="AirSync"><Subject/></Sync>`, `line 1, column 33: there is no tag "Subject" in the namespace "AirSync"`},
		{"no such namespace", `<Sync xmlns="Foo"/>`, `line 1, column 20: <Sync>: there is no namespace "Foo" in ActiveSync`},
		{"several tags", `<Sync><Subject/></Sync>`, `line 1, column 17: <Subject> needs a namespace: there is one in each of Email, Calendar, Tasks, Notes`},
		{"attributes", `<Sync a="1"/>`, `line 1, column 14: <Sync> has the attribute "a"; ActiveSync has no attributes`},
		{"not base64", `<Mime xmlns="ComposeMail">hello!</Mime>`,
			`line 1, column 40: ComposeMail:Mime is not base64: illegal base64 data at input byte 5; for text begin it with <?wbxml text?>`},
		{"unknown form", `<Sync><?wbxml hex?></Sync>`, `line 1, column 20: <?wbxml hex?>: the forms are text, opaque and base64`},
		{"too deep", strings.Repeat("<Sync>", 65), "line 1, column 391: more than 64 elements within each other"},
		{"too many", "<Sync>" + strings.Repeat("<Add/>", 200_000), "line 1, column 1200007: more than 200000 elements"},
		{"an entity of its own", `<!DOCTYPE a [<!ENTITY b "c">]><Sync>&b;</Sync>`, "line 1, column 40: invalid character entity &b;"},
	}
	for _, tt := range tests {
		e, err := FromXML(strings.NewReader(tt.xml))
		var fault *XMLError
		if e != nil || !errors.As(err, &fault) || err.Error() != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, show(e), err, tt.want)
		}
	}
	lost := errors.New("the line went dead")
	if _, err := FromXML(iotest.TimeoutReader(iotest.ErrReader(lost))); !errors.Is(err, lost) {
		t.Errorf("a reader that fails: %v", err)
	}
	if _, err := fromXML(endless{}, 1<<20); !errors.Is(err, errTooLarge) || !strings.HasSuffix(err.Error(), "too many bytes, more than 1048576") {
		t.Errorf("too large: %v", err)
	}
}

// endless is white space without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestCorpus sends the documents of ActiveSync in the corpus to WBXML and back.
func TestCorpus(t *testing.T) {
	count := 0
	for _, f := range corpus.Files(t, "wbxml", ".xml") {
		name := filepath.Base(f.Name)
		if !strings.HasPrefix(name, "activesync__") && !strings.HasPrefix(name, "airsync__") {
			continue // other languages
		}
		t.Run(name, func(t *testing.T) {
			e, err := FromXML(bytes.NewReader(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			count++
			b, err := Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			back, notes, err := both(t, b, Limits{})
			if err != nil || len(notes) > 0 || !reflect.DeepEqual(back, e) {
				t.Errorf("%v, %v: %s", notes, err, show(back))
			}
			var x bytes.Buffer
			if err := ToXML(&x, back); err != nil {
				t.Fatal(err)
			}
			if again, err := FromXML(&x); err != nil || !reflect.DeepEqual(again, e) {
				t.Errorf("after XML: %v: %s", err, show(again))
			}
		})
	}
	if count < 15 {
		t.Errorf("only %d documents", count)
	}
}
