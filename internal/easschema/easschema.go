// Package easschema lets tests hold documents of Exchange ActiveSync to the XML schemas that Microsoft publishes. The
// schemas are no part of the source tree; a test that needs them, or xmllint, is skipped with a notice where they are absent.
package easschema

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tandem/internal/corpus"
	"tandem/internal/need"
)

// Schemas validates documents. It may be used by several goroutines.
type Schemas struct {
	xmllint string
	dir     string
}

// New readies the schemas for a test.
func New(t testing.TB) *Schemas {
	t.Helper()
	s := &Schemas{xmllint: need.Program(t, "xmllint", "libxml2-utils"), dir: t.TempDir()}
	source := filepath.Join(filepath.Dir(corpus.Dir(t)), "eas", "xsd")
	files, err := filepath.Glob(filepath.Join(source, "*.xsd"))
	if err != nil || len(files) == 0 {
		need.Missing(t, "the schemas of ActiveSync, at "+source)
	}
	if err := link(files, s.dir); err != nil {
		t.Fatal(err)
	}
	return s
}

// Names are the schemas there are, such as "SyncResponse", in alphabetical order.
func (s *Schemas) Names() []string {
	files, _ := filepath.Glob(filepath.Join(s.dir, "*.xsd"))
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".xsd")
	}
	return files
}

// Validate says why a document, as wbxml.ToXML writes it, is not valid by the named schema: "SyncResponse".
func (s *Schemas) Validate(schema string, document []byte) error {
	file := filepath.Join(s.dir, schema+".xsd")
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("there is no schema %s", schema)
	}
	cmd := exec.Command(s.xmllint, "--noout", "--nonet", "--schema", file, "-")
	cmd.Dir = s.dir
	cmd.Stdin = bytes.NewReader(document)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		var problems []string
		for _, line := range strings.Split(out.String(), "\n") {
			if strings.Contains(line, "error :") {
				problems = append(problems, strings.TrimPrefix(line, "-:"))
			}
		}
		if len(problems) == 0 {
			return fmt.Errorf("%w: %s", err, out.String())
		}
		return errors.New(strings.Join(problems, "\n"))
	}
	return nil
}

var (
	schemaTag = regexp.MustCompile(`<xs:schema\b[^>]*>`)
	ownSpace  = regexp.MustCompile(`targetNamespace\s*=\s*"([^"]*)"`)
	// The Add of a server may say the class of an item that is not its folder's default, a text message (MS-ASMS 2.2.2.2.1.2, MS-ASCMD_R944); the
	// schema as published forgot it.
	serverAdd = regexp.MustCompile(`(<xs:element name="Add"[^>]*>\s*<xs:complexType>\s*<xs:sequence>)(\s*<xs:element ref="ServerId"/>)`)
	anySpace  = regexp.MustCompile(`xmlns:\w+\s*=\s*"\s*([^"]*)"`)
)

// link copies the schemas and lets those that use each other's names import each other: as published they leave that to
// the program, which xmllint is not told.
func link(files []string, dir string) error {
	texts, spaces := map[string]string{}, map[string]string{} // by file name
	home := map[string]string{}                               // by namespace: the file to import
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
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
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
