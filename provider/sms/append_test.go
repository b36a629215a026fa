package sms_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider/sms"
)

// letters are so many new messages, numbered from one on.
func letters(from, count int) (out []tandem.Write) {
	for i := range count {
		n := from + i
		out = append(out, tandem.Write{Op: tandem.Create, ID: tandem.ID(fmt.Sprintf("letter-%d", n)), Marker: tandem.Marker(fmt.Sprint("m", n)), Record: tandem.Record{Body: tandem.Bytes(body(n, 1, 40))}})
	}
	return out
}

// swaps tells whether the system can exchange two files; where it cannot each batch is a rewriting.
func swaps(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.Exchange(filepath.Join(dir, "a"), filepath.Join(dir, "b")); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("files cannot be exchanged here")
	}
}

// TestAppended: messages that come in batches are appended to two files in turn, so that a batch costs what is in it and not what is in the file; and what stands there is what one rewriting would
// have made.
func TestAppended(t *testing.T) {
	swaps(t)
	f := openFile(t, strings.Replace(theBackup(), `count="4"`, `count="104"`, 1))
	before := f.text()
	const each = 120
	var files []fs.FileInfo
	for batch := range 8 {
		f.apply(letters(batch*each, each)...)
		info, err := os.Stat(f.path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, info)
		if n := len(files); n > 2 && !os.SameFile(files[n-1], files[n-3]) {
			t.Errorf("batch %d made a new file", batch)
		}
		if info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
			t.Errorf("batch %d: %v", batch, info.Mode())
		}
	}
	one := openFile(t, before)
	one.apply(letters(0, 8*each)...)
	if got, want := f.text(), one.text(); got != want {
		t.Errorf("appended to, the file is\n%s\nwritten at once it is\n%s", cut(got), cut(want))
	}
	if !strings.Contains(f.text(), fmt.Sprintf(`count="%d"`, 3+8*each)) {
		t.Errorf("the number of messages is not told: %s", cut(f.text()))
	}
	for rec, err := range f.Fetch(t.Context(), []tandem.ID{"letter-0", "letter-475", "letter-959"}) {
		if err != nil || f.message(rec).Date == 0 {
			t.Errorf("%s: %v", rec.ID, err)
		}
	}
	list := f.list()
	fresh, err := sms.Open(t.Context(), f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	seq, _ := fresh.Changes(t.Context(), "")
	n := 0
	for c, err := range seq {
		if err != nil || n >= len(list) || c.ID != list[n].ID || c.Version != list[n].Version || c.Attrs != list[n].Attrs {
			t.Fatalf("message %d is %+v, %v", n, c, err)
		}
		n++
	}
	if n != 3+8*each {
		t.Errorf("%d messages", n)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left := beside(t, f.path); len(left) > 0 {
		t.Errorf("left beside the file: %v", left)
	}
}

func beside(t *testing.T, path string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name() != filepath.Base(path) {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestAppendedBetween: what others and other writes do to the file between two batches is in it afterwards.
func TestAppendedBetween(t *testing.T) {
	change := func(from, to string) func(*file) {
		return func(f *file) {
			text := f.text()
			if !strings.Contains(text, from) {
				f.Fatalf("no %q", from)
			}
			if err := os.WriteFile(f.path, []byte(strings.Replace(text, from, to, 1)), 0o640); err != nil {
				f.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		do         func(*file)
		have, lack string
	}{
		"same size":      {change("Smile", "Laugh"), "Laugh", "Smile"},
		"another size":   {change("Smile", "Be glad"), "Be glad", "Smile"},
		"a deletion":     {func(f *file) { f.apply(tandem.Write{Op: tandem.Delete, ID: "letter-3", If: f.version("letter-3")}) }, "letter-4", "letter-3\""},
		"another tail":   {change("</smses>", "<!-- end -->\n</smses>"), "<!-- end -->", "nothing"},
		"another head":   {change("?>\n<smses", "?>\n<!-- a -->\n<smses"), "<!-- a -->", "nothing"},
		"the spare lost": {func(f *file) { f.lose() }, "letter-4", "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			f := openFile(t, strings.Replace(strings.Replace(theBackup(), `count="4"`, `count="14"`, 1), "sms.xsl\"?>\n", "sms.xsl\"?>\n", 1))
			f.apply(letters(0, 5)...)
			f.apply(letters(5, 5)...)
			c.do(f)
			if name == "the spare lost" {
				if out, err := f.Apply(t.Context(), letters(10, 5)); err == nil && out[0].Status == tandem.Applied && beside(t, f.path) == nil {
					t.Error("appended to what is not there")
				}
			}
			f.apply(letters(10, 5)...)
			f.apply(letters(15, 5)...)
			text := f.text()
			if !strings.Contains(text, c.have) || strings.Contains(text, c.lack) {
				t.Errorf("the file is %s", cut(text))
			}
			for i := range 20 {
				if n := strings.Count(text, fmt.Sprintf(`tandem_id="letter-%d"`, i)); n != 1 && !(name == "a deletion" && i == 3) {
					t.Errorf("letter %d is there %d times", i, n)
				}
			}
			f.list()
		})
	}
}

func (f *file) version(id tandem.ID) tandem.Version {
	f.Helper()
	for _, c := range f.list() {
		if c.ID == id {
			return c.Version
		}
	}
	f.Fatalf("no %s", id)
	return ""
}

// lose removes what the replica keeps beside the file.
func (f *file) lose() {
	f.Helper()
	for _, name := range beside(f.T, f.path) {
		if err := os.Remove(filepath.Join(filepath.Dir(f.path), name)); err != nil {
			f.Fatal(err)
		}
	}
}

// killed is the variable that makes this test's program the one that is killed: the file that it appends to.
const killed = "TANDEM_TEST_SMS_APPEND"

// TestKilled: a process that appends is killed again and again, at any moment. The file is always whole, and what was acknowledged is in it.
func TestKilled(t *testing.T) {
	if path := os.Getenv(killed); path != "" {
		appendForEver(path)
		return
	}
	path := filepath.Join(t.TempDir(), "sms.xml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	have := 0
	for round := range 12 {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), killed+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() { // the process goes on writing while this one reads and kills
			if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &acked); err == nil && acked >= have+(round+3)*25 {
				cancel()
			}
		}
		_ = cmd.Wait() // it was killed
		cancel()
		r, err := sms.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		seq, end := r.Changes(t.Context(), "")
		n := 0
		for c, err := range seq {
			if err != nil {
				t.Fatalf("round %d: the file is not whole: %v", round, err)
			}
			if want := tandem.ID(fmt.Sprintf("letter-%d", n)); c.ID != want {
				t.Fatalf("round %d: message %d is %s", round, n, c.ID)
			}
			n++
		}
		if !end().Complete || n < acked || acked <= have {
			t.Fatalf("round %d: %d messages, %d were acknowledged, %d before", round, n, acked, have)
		}
		have = n
		r.Close()
	}
}

// appendForEver appends until its process is killed, and says after each batch how many messages there are.
func appendForEver(path string) {
	ctx := context.Background()
	r, err := sms.Open(ctx, path)
	if err != nil {
		panic(err)
	}
	seq, _ := r.Changes(ctx, "")
	n := 0
	for _, err := range seq {
		if err != nil {
			panic(err)
		}
		n++
	}
	for {
		out, err := r.Apply(ctx, letters(n, 25))
		if err != nil || out[0].Status != tandem.Applied {
			panic(fmt.Sprint(out, err))
		}
		n += 25
		fmt.Println("acknowledged", n)
	}
}

// BenchmarkAppend is what a batch costs in a file that has many messages.
func BenchmarkAppend(b *testing.B) {
	path := filepath.Join(b.TempDir(), "sms.xml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	r, err := sms.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	n := 0
	for b.Loop() {
		if _, err := r.Apply(b.Context(), letters(n, 1000)); err != nil {
			b.Fatal(err)
		}
		n += 1000
	}
}
