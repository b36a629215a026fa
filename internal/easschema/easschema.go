// Package easschema lets tests hold documents of Exchange ActiveSync to the XML schemas that Microsoft publishes. The
// schemas are no part of the source tree; a test that needs them, or xmllint, is skipped with a notice where they are absent.
package easschema

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"tandem/internal/corpus"
	"tandem/internal/need"
)

// Schemas validates documents. It may be used by several goroutines.
type Schemas struct {
	xmllint string
	dir     string
	texts   map[string]string // by file name

	mu      sync.Mutex
	written map[string]bool // guarded by mu: the files that are in dir
	number  int             // guarded by mu: of the last document
}

// New readies the schemas for a test.
func New(t testing.TB) *Schemas {
	t.Helper()
	s := &Schemas{xmllint: need.Program(t, "xmllint", "libxml2-utils"), dir: t.TempDir(), written: map[string]bool{}}
	source := filepath.Join(filepath.Dir(corpus.Dir(t)), "eas", "xsd")
	files, err := filepath.Glob(filepath.Join(source, "*.xsd"))
	if err != nil || len(files) == 0 {
		need.Missing(t, "the schemas of ActiveSync, at "+source)
	}
	if s.texts, err = link(files); err != nil {
		t.Fatal(err)
	}
	return s
}

// Names are the schemas there are, such as "SyncResponse", in alphabetical order.
func (s *Schemas) Names() []string {
	var names []string
	for _, file := range slices.Sorted(maps.Keys(s.texts)) {
		names = append(names, strings.TrimSuffix(file, ".xsd"))
	}
	return names
}

// Validate says why a document, as wbxml.ToXML writes it, is not valid by the named schema: "SyncResponse".
func (s *Schemas) Validate(schema string, document []byte) error {
	return s.ValidateAll(schema, document)[0]
}

// ValidateAll is Validate for many documents: reading a schema takes longer than most of them. The errors are in the order of the documents, nil for those that are valid.
func (s *Schemas) ValidateAll(schema string, documents ...[]byte) []error {
	errs := make([]error, len(documents))
	for from := 0; from < len(documents); from += atATime {
		part := documents[from:min(len(documents), from+atATime)]
		if err := s.validate(schema, part, errs[from:]); err != nil {
			for i := range part {
				errs[from+i] = err
			}
		}
	}
	return errs
}

// atATime is how many documents one run of xmllint is given.
const atATime = 200

func (s *Schemas) validate(schema string, documents [][]byte, errs []error) error {
	if s.texts[schema+".xsd"] == "" {
		return fmt.Errorf("there is no schema %s", schema)
	}
	names, err := s.write(schema+".xsd", documents)
	if err != nil {
		return err
	}
	cmd := exec.Command(s.xmllint, append([]string{"--noout", "--nonet", "--schema", schema + ".xsd"}, names...)...)
	cmd.Dir = s.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	failed := cmd.Run()
	lines := strings.Split(out.String(), "\n")
	for i, name := range names {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
			return err
		}
		if slices.Contains(lines, name+" validates") {
			continue
		}
		var problems []string
		for _, line := range lines {
			if strings.HasPrefix(line, name+":") && strings.Contains(line, "error :") {
				problems = append(problems, strings.TrimPrefix(line, name+":"))
			}
		}
		if errs[i] = errors.New(strings.Join(problems, "\n")); len(problems) == 0 {
			errs[i] = fmt.Errorf("xmllint does not say that it is valid (%v): %s", failed, out.String())
		}
	}
	return nil
}

// write puts documents, and what of the schemas is needed for them, where xmllint finds them.
func (s *Schemas) write(schema string, documents [][]byte) (names []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for todo := []string{schema}; len(todo) > 0; todo = todo[1:] {
		name := todo[0]
		if s.written[name] || s.texts[name] == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(s.texts[name]), 0o600); err != nil {
			return nil, err
		}
		s.written[name] = true
		for _, m := range location.FindAllStringSubmatch(s.texts[name], -1) {
			todo = append(todo, m[1])
		}
	}
	for _, document := range documents {
		s.number++
		name := fmt.Sprintf("%d.xml", s.number)
		if err := os.WriteFile(filepath.Join(s.dir, name), document, 0o600); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

var (
	schemaTag = regexp.MustCompile(`<xs:schema\b[^>]*>`)
	ownSpace  = regexp.MustCompile(`targetNamespace\s*=\s*"([^"]*)"`)
	// The Add of a server may say the class of an item that is not its folder's default, a text message (MS-ASMS 2.2.2.2.1.2, MS-ASCMD_R944); the
	// schema as published forgot it.
	serverAdd = regexp.MustCompile(`(<xs:element name="Add"[^>]*>\s*<xs:complexType>\s*<xs:sequence>)(\s*<xs:element ref="ServerId"/>)`)
	location  = regexp.MustCompile(`\bschemaLocation\s*=\s*"([^"]*)"`)
	anySpace  = regexp.MustCompile(`xmlns:\w+\s*=\s*"\s*([^"]*)"`)
)

// link reads the schemas and lets those that use each other's names import each other: as published they leave that to
// the program, which xmllint is not told.
func link(files []string) (texts map[string]string, err error) {
	texts = map[string]string{}
	spaces := map[string]string{} // by file name
	home := map[string]string{}   // by namespace: the file to import
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(file)
		texts[name] = string(text)
		if name == "SyncResponse.xsd" {
			texts[name] = serverAdd.ReplaceAllString(texts[name], `$1<xs:element ref="Class" minOccurs="0"/>$2`)
		}
		if m := ownSpace.FindStringSubmatch(texts[name]); m != nil {
			spaces[name] = m[1]
		}
	}
	for name, space := range spaces {
		if _, ok := spaces[space+".xsd"]; !ok || name == space+".xsd" {
			home[space] = name
		}
	}
	for name, text := range texts {
		space, within := spaces[name], ""
		if home[space] != name && space != "" {
			within = fmt.Sprintf(`<xs:include schemaLocation=%q/>`, home[space])
		}
		var others []string
		for _, m := range anySpace.FindAllStringSubmatch(schemaTag.FindString(text), -1) {
			file := home[m[1]]
			if _, ok := texts[m[1]+"Response.xsd"]; ok { // it includes the common names and has more
				file = m[1] + "Response.xsd"
			}
			if m[1] != space && file != "" && !slices.Contains(others, m[1]) {
				others = append(others, m[1])
				within += fmt.Sprintf(`<xs:import namespace=%q schemaLocation=%q/>`, m[1], file)
			}
		}
		if at := schemaTag.FindStringIndex(text); at != nil {
			text = text[:at[1]] + within + text[at[1]:]
		}
		texts[name] = text
	}
	return texts, nil
}
