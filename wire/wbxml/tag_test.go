package wbxml

import (
	"bufio"
	"encoding/xml"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tandem/internal/corpus"
)

// eas is a file or folder of the reference material about ActiveSync, which is no part of the source tree.
func eas(t testing.TB, path string) string {
	t.Helper()
	return filepath.Join(filepath.Dir(corpus.Dir(t)), "eas", path)
}

// allTags yields every tag that ActiveSync has.
func allTags() []Tag {
	var all []Tag
	for p := range pages {
		for i := range tagsPerPage {
			if tag := Tag(p)<<8 | Tag(i); tag.Known() {
				all = append(all, tag)
			}
		}
	}
	return all
}

func TestPages(t *testing.T) {
	constants := []Page{AirSync, Contacts, Email, AirNotify, Calendar, Move, GetItemEstimate, FolderHierarchy, MeetingResponse, Tasks,
		ResolveRecipients, ValidateCert, Contacts2, Ping, Provision, Search, GAL, AirSyncBase, Settings, DocumentLibrary, ItemOperations,
		ComposeMail, Email2, Notes, RightsManagement, Find}
	if len(constants) != 26 || len(pages) != 26 {
		t.Fatalf("%d constants, %d pages, want 26", len(constants), len(pages))
	}
	for i, p := range constants {
		if int(p) != i {
			t.Errorf("%s is %d, want %d", p, p, i)
		}
		if got, ok := ParsePage(p.String()); !ok || got != p {
			t.Errorf("ParsePage(%q) = %d, %v", p.String(), got, ok)
		}
	}
	for _, name := range []string{"", "airsync", "Page-3", "Page-25", "Page-026", "Page-256", "Page-", "Page--1"} {
		if p, ok := ParsePage(name); ok {
			t.Errorf("ParsePage(%q) = %d", name, p)
		}
	}
	if p, ok := ParsePage("Page-26"); !ok || p != 26 || p.String() != "Page-26" {
		t.Errorf("ParsePage(Page-26) = %s, %v", p, ok)
	}
}

func TestTagNames(t *testing.T) {
	tests := []struct {
		tag                   Tag
		space, name, composed string
		known, valid          bool
	}{
		{CalendarStartTime, "Calendar", "StartTime", "Calendar:StartTime", true, true},
		{AirSyncBaseBody, "AirSyncBase", "Body", "AirSyncBase:Body", true, true},
		{GALDisplayName, "GAL", "DisplayName", "GAL:DisplayName", true, true},
		{FindPicture, "Find", "Picture", "Find:Picture", true, true},
		{0x2b | Tag(Find)<<8, "Find", "Unknown-0x2b", "Find:Unknown-0x2b", false, true},
		{0x1a05, "Page-26", "Unknown-0x05", "Page-26:Unknown-0x05", false, true},
		{0xff3f, "Page-255", "Unknown-0x3f", "Page-255:Unknown-0x3f", false, true},
		{0x0004, "AirSync", "Unknown-0x04", "AirSync:Unknown-0x04", false, false},
		{0x0045, "AirSync", "Sync", "AirSync:Sync", true, false},
	}
	for _, tt := range tests {
		if tt.tag.Namespace() != tt.space || tt.tag.Name() != tt.name || tt.tag.String() != tt.composed || tt.tag.Known() != tt.known || tt.tag.Valid() != tt.valid {
			t.Errorf("0x%04x: %q %q %q %v %v", uint16(tt.tag), tt.tag.Namespace(), tt.tag.Name(), tt.tag, tt.tag.Known(), tt.tag.Valid())
		}
		if got, ok := ParseTag(tt.composed); tt.valid && (!ok || got != tt.tag) {
			t.Errorf("ParseTag(%q) = 0x%04x, %v", tt.composed, uint16(got), ok)
		}
	}
	for _, name := range []string{"", "Sync", "AirSync:", ":Sync", "AirSync:sync", "airsync:Sync", "AirSync:Unknown-0x05", "AirSync:Unknown-0x04", "AirSync:Unknown-0x40",
		"AirSync:Unknown-0x3", "AirSync:Unknown-0x+1", "Page-26:Sync", "Page-26:Unknown-0xff", "AirNotify:Sync"} {
		if tag, ok := ParseTag(name); ok {
			t.Errorf("ParseTag(%q) = %s", name, tag)
		}
	}
}

// TestConstants holds every constant of type Tag to the table it stands for, and every entry of the tables to a constant.
func TestConstants(t *testing.T) {
	seen := map[Tag]bool{}
	files, err := filepath.Glob("tags_*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Tag" {
				return true
			}
			value, err := strconv.ParseUint(spec.Values[0].(*ast.BasicLit).Value, 0, 16)
			if err != nil {
				t.Fatal(err)
			}
			tag := Tag(value)
			if seen[tag] {
				t.Errorf("two constants for %s", tag)
			}
			seen[tag] = true
			if want := tag.Namespace() + tag.Name(); spec.Names[0].Name != want || !tag.Known() {
				t.Errorf("%s is %s, want %s", spec.Names[0].Name, tag, want)
			}
			return true
		})
	}
	for _, tag := range allTags() {
		if !seen[tag] {
			t.Errorf("no constant for %s", tag)
		}
	}
}

func TestLookupEveryTag(t *testing.T) {
	names := map[string]bool{}
	for _, tag := range allTags() {
		if names[tag.String()] {
			t.Errorf("two tags are %s", tag)
		}
		names[tag.String()] = true
		if got, ok := Lookup(tag.Page(), tag.Name()); !ok || got != tag {
			t.Errorf("Lookup(%s) = %s, %v", tag, got, ok)
		}
		if got, ok := ParseTag(tag.String()); !ok || got != tag {
			t.Errorf("ParseTag(%s) = %s, %v", tag, got, ok)
		}
		if first, last := tag.Versions(); first == 0 || first > last || !tag.In(first) || !tag.In(last) || tag.In(V161+1) {
			t.Errorf("%s: versions %d to %d", tag, first, last)
		}
	}
	if len(names) != 621 {
		t.Errorf("%d tags, want 621", len(names))
	}
	if first, last := Tag(0x1a05).Versions(); first != 0 || last != 0 || Tag(0x1a05).In(V161) {
		t.Errorf("an unknown tag has the versions %d to %d", first, last)
	}
}

// requirement is a row of the requirements of MS-ASWBXML.
type requirement struct{ id, text string }

func requirements(t *testing.T) []requirement {
	t.Helper()
	f, err := os.Open(eas(t, "requirements/MS-ASWBXML.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: no requirements of MS-ASWBXML beside the corpora")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []requirement
	for s := bufio.NewScanner(f); s.Scan(); {
		if cells := strings.Split(s.Text(), "\t"); len(cells) > 2 && strings.HasPrefix(cells[0], "MS-ASWBXML_R") {
			all = append(all, requirement{cells[0], cells[2]})
		}
	}
	return all
}

var (
	pageRow  = regexp.MustCompile(`\[Code page\] (\d+) ?\[that indicates\] \[XML namespace\] (\w+)`)
	tagRow   = regexp.MustCompile(`Code Page (\d+): \w+\].*?\[Tag name\] ?(\w+).*?\[Token\].*?(0x[0-9A-F]{2}) ?\[supports protocol versions\] ?(.*)$`)
	tokenRow = regexp.MustCompile(`global WBXML token\] ([0-9A-F]+) \[for Token name\] (\w+),`)
)

// TestCodePages checks the pages against MS-ASWBXML 2.1.2.1, one subtest per requirement.
func TestCodePages(t *testing.T) {
	count := 0
	for _, r := range requirements(t) {
		m := pageRow.FindStringSubmatch(r.text)
		if m == nil {
			continue
		}
		count++
		t.Run(r.id, func(t *testing.T) {
			n, _ := strconv.Atoi(m[1])
			if got := Page(n).String(); !strings.EqualFold(got, m[2]) { // GAL is Gal in the list, GAL in its schema
				t.Errorf("page %d is %s, want %s", n, got, m[2])
			}
		})
	}
	if count != 26 {
		t.Errorf("%d pages in the requirements, want 26", count)
	}
}

// TestTags checks every tag, its token and its versions against MS-ASWBXML 2.1.2.1.1 to 2.1.2.1.26, one subtest per
// requirement: the name gives the token, the token on the wire gives the name.
func TestTags(t *testing.T) {
	count := 0
	for _, r := range requirements(t) {
		m := tagRow.FindStringSubmatch(r.text)
		if m == nil {
			continue
		}
		count++
		t.Run(r.id, func(t *testing.T) {
			p, _ := strconv.Atoi(m[1])
			tok, err := strconv.ParseUint(m[3], 0, 8)
			if err != nil {
				t.Fatal(err)
			}
			tag, ok := Lookup(Page(p), m[2])
			if !ok || tag != Tag(p)<<8|Tag(tok) {
				t.Errorf("Lookup(%d, %s) = 0x%04x, %v; want 0x%02x%02x", p, m[2], uint16(tag), ok, p, tok)
			}
			e, notes, err := Unmarshal([]byte{3, 1, 0x6a, 0, 0, byte(p), byte(tok)}, Limits{})
			if err != nil || len(notes) > 0 || e.Tag.Name() != m[2] {
				t.Errorf("on the wire: %v %v %v", e, notes, err)
			}
			checkVersions(t, tag, m[4])
		})
	}
	if count != 586 {
		t.Errorf("%d tags in the requirements, want 586", count)
	}
}

func checkVersions(t *testing.T, tag Tag, listed string) {
	t.Helper()
	want := map[Version]bool{}
	for _, v := range strings.Split(strings.ReplaceAll(listed, "All", "2.5,12.0,12.1,14.0,14.1,16.0,16.1"), ",") {
		n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(v), ".", ""))
		if err != nil {
			t.Fatal(err)
		}
		want[Version(n)] = true
	}
	switch tag {
	case ProvisionMaxDevicePasswordFailedAttempts, ProvisionMaxCalendarAgeFilter:
		want[V161] = true // their rows leave 16.1 out, though policies at 16.1 have both
	}
	for _, v := range []Version{V25, V120, V121, V140, V141, V160, V161} {
		if tag.In(v) != want[v] {
			t.Errorf("%s in %d: %v, want %v", tag, v, tag.In(v), want[v])
		}
	}
}

// TestGlobalTokens checks the global tokens against MS-ASWBXML 1.6, one subtest per requirement.
func TestGlobalTokens(t *testing.T) {
	known := map[string]int{"SWITCH_PAGE": tokSwitchPage, "END": tokEnd, "ENTITY": tokEntity, "STR_I": tokStrI, "LITERAL": tokLiteral, "EXT_I_0": tokExtI0,
		"EXT_I_1": tokExtI0 + 1, "EXT_I_2": tokExtI2, "PI": tokPI, "LITERAL_C": tokLiteralC, "EXT_T_0": tokExtT0, "EXT_T_1": tokExtT0 + 1, "EXT_T_2": tokExtT2,
		"STR_T": tokStrT, "LITERAL_A": tokLiteralA, "EXT_0": tokExt0, "EXT_1": tokExt0 + 1, "EXT_2": tokExt2, "OPAQUE": tokOpaque, "LITERAL_AC": tokLiteralAC}
	count := 0
	for _, r := range requirements(t) {
		m := tokenRow.FindStringSubmatch(r.text)
		if m == nil {
			continue
		}
		count++
		t.Run(r.id, func(t *testing.T) {
			want, _ := strconv.ParseInt(m[1], 16, 32)
			if got, ok := known[m[2]]; !ok || int64(got) != want {
				t.Errorf("%s is 0x%02x, want 0x%02x", m[2], got, want)
			}
		})
	}
	if count != len(known) {
		t.Errorf("%d global tokens in the requirements, want %d", count, len(known))
	}
}

// TestSchemaNames checks that every element of the published schemas is a tag of the page named like the target
// namespace, by its name or by one that FromXML knows.
func TestSchemaNames(t *testing.T) {
	files, err := filepath.Glob(eas(t, "xsd/*.xsd"))
	if err != nil || len(files) == 0 {
		t.Skip("skipped: no schemas beside the corpora")
	}
	count := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		space := ""
		for dec := xml.NewDecoder(f); ; {
			tok, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(file, err)
			}
			s, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range s.Attr {
				switch {
				case s.Name.Local == "schema" && a.Name.Local == "targetNamespace":
					space = a.Value
				case s.Name.Local == "element" && a.Name.Local == "name" && space != "" && !strings.Contains(file, "Autodiscover"):
					count++
					p, ok := ParsePage(space)
					if _, found := lookupFolded(p, a.Value); !ok || !found && a.Value != "AssistnamePhoneNumber" { // a slip of the schema
						t.Errorf("%s: no tag %s:%s", filepath.Base(file), space, a.Value)
					}
				}
			}
		}
	}
	if count < 700 {
		t.Errorf("only %d elements in the schemas", count)
	}
}
