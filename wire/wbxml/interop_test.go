package wbxml

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tandem/internal/corpus"
	"tandem/internal/need"
)

// filter runs a program of libwbxml over a document.
func filter(t *testing.T, document []byte, program string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, document, 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command(program, append(args, "-o", out, in)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestForeignWriter reads what libwbxml makes of the corpus: public identifiers, string tables, entities and all.
func TestForeignWriter(t *testing.T) {
	xml2wbxml := need.Program(t, "xml2wbxml", "libwbxml2-utils")
	for _, f := range corpus.Files(t, "wbxml", ".xml") {
		name := filepath.Base(f.Name)
		if !strings.HasPrefix(name, "activesync__") && !strings.HasPrefix(name, "airsync__") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want, err := FromXML(bytes.NewReader(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			b := filter(t, f.Data, xml2wbxml, "-k")
			got, notes, err := both(t, b, Limits{})
			if err != nil || len(notes) > 0 || !reflect.DeepEqual(got, want) {
				t.Errorf("%v, %v: % x\nread %s\nwant %s", notes, err, b, show(got), show(want))
			}
		})
	}
}

// withoutReturns drops carriage returns: libwbxml writes them bare, and readers of XML drop them.
func withoutReturns(e *Element) *Element {
	e.Text = strings.ReplaceAll(e.Text, "\r", "")
	for _, c := range e.Children {
		withoutReturns(c)
	}
	return e
}

// TestForeignReader lets libwbxml read what we write.
func TestForeignReader(t *testing.T) {
	wbxml2xml := need.Program(t, "wbxml2xml", "libwbxml2-utils")
	documents := map[string]*Element{"messages": withoutReturns(messages(3))}
	for _, f := range corpus.Files(t, "wbxml", ".xml") {
		if name := filepath.Base(f.Name); strings.HasPrefix(name, "activesync__") {
			e, err := FromXML(bytes.NewReader(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			documents[name] = e
		}
	}
	for name, e := range documents {
		t.Run(name, func(t *testing.T) {
			b, err := Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			text := filter(t, b, wbxml2xml, "-l", "ACTIVESYNC", "-k")
			got, err := FromXML(bytes.NewReader(text))
			if err != nil || !reflect.DeepEqual(got, e) {
				t.Errorf("%v: %s\nread %s\nwant %s", err, text, show(got), show(e))
			}
		})
	}
}
