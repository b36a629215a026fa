package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tour is what a person does before each block of the README, in words there.
var tour = []func(t *testing.T){
	func(t *testing.T) {
		putFile(t, "phone-book/anna.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:anna\r\nFN:Anna Mueller\r\nTEL:+49 170 1234567\r\nEND:VCARD\r\n")
		putFile(t, "laptop-book/bert.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bert\r\nFN:Bert Schmidt\r\nEMAIL:bert@example.org\r\nEND:VCARD\r\n")
	},
	func(t *testing.T) {
		change(t, "phone-book", "FN:Anna Mueller", "FN:Anna Müller")
		change(t, "laptop-book", "TEL:+49 170 1234567", "TEL:+49 170 1234567\r\nEMAIL:anna@example.org")
	},
	func(t *testing.T) {
		change(t, "phone-book", "FN:Bert Schmidt", "FN:Bert Schmid")
		change(t, "laptop-book", "FN:Bert Schmidt", "FN:Bertram Schmidt")
	},
	func(*testing.T) {},
}

func putFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// change edits the one file of a folder that holds a text.
func change(t *testing.T, dir, old, text string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.vcf")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), old) {
			putFile(t, f, strings.Replace(string(b), old, text, 1))
			return
		}
	}
	t.Fatalf("no file of %s holds %q", dir, old)
}

// passing is what differs from run to run: sizes, spans, times, and how wide a column is for them.
var passing = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\d+ B\b`), "SIZE"}, {regexp.MustCompile(`\d+\.\d+ s\b`), "SPAN"}, {regexp.MustCompile(`\d\d:\d\d:\d\d`), "TIME"}, {regexp.MustCompile(`  +`), "  "},
}

func lasting(text, dir string) string {
	text = strings.ReplaceAll(text, dir, "/home/anna")
	for _, p := range passing {
		text = p.what.ReplaceAllString(text, p.with)
	}
	return strings.TrimSpace(text)
}

// TestReadme: whoever does what the README shows sees what it shows.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	data := filepath.Join(t.TempDir(), "data")
	blocks := regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != len(tour) {
		t.Fatalf("the README has %d blocks, the test knows %d", len(blocks), len(tour))
	}
	for i, block := range blocks {
		tour[i](t)
		for _, call := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			line, want, _ := strings.Cut(call, "\n")
			if line == "rm phone-book/*" {
				files, err := filepath.Glob("phone-book/[^.]*") // as a shell does
				for _, f := range files {
					if err == nil {
						err = os.Remove(f)
					}
				}
				if err != nil || len(files) != 2 {
					t.Fatal(files, err)
				}
				continue
			}
			args, ok := strings.CutPrefix(line, "tandem ")
			if !ok {
				t.Fatalf("the test knows no %q", line)
			}
			var out bytes.Buffer
			Main(append([]string{"--data", data}, shellWords(args)...), strings.NewReader(""), &out, &out)
			if got, want := lasting(out.String(), dir), lasting(want, dir); got != want {
				t.Errorf("$ %s\n%s\n\nthe README has\n%s", line, got, want)
			}
		}
	}
}
