package maildir

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/mail"
)

// TestCorpora delivers every message there is, reads it back, and delivers what was read to another folder.
func TestCorpora(t *testing.T) {
	a, b := newBox(t), newBox(t)
	var files []corpus.File
	for _, ending := range []string{".eml", ".txt", ".msg", ".mbox"} {
		if ending == ".eml" || hasAny(t, ending) {
			files = append(files, corpus.Files(t, "mime", ending)...)
		}
	}
	var writes []tandem.Write
	for i, f := range files {
		writes = append(writes, tandem.Write{Op: tandem.Create, Marker: tandem.Marker(f.Name), Record: tandem.Record{
			Meta: tandem.Meta{Attrs: mail.Flags{Seen: i%2 == 0, Received: 1_600_000_000 + int64(i)}.Attrs()}, Body: tandem.Bytes(f.Data)}})
	}
	out, err := a.Apply(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[tandem.ID]int{}
	var list []tandem.ID
	for i, o := range out {
		if o.Status != tandem.Applied || o.Size != int64(len(files[i].Data)) || o.Attrs != writes[i].Record.Attrs {
			t.Fatalf("%s: %s %+v (%v)", files[i].Name, o.Status, o.Meta, o.Err)
		}
		ids[o.ID], list = i, append(list, o.ID)
	}
	writes = writes[:0]
	for rec, err := range a.Fetch(t.Context(), list) {
		if err != nil {
			t.Fatal(err)
		}
		data, err := tandem.ReadBody(rec.Body, 1<<30)
		if err != nil || !bytes.Equal(data, files[ids[rec.ID]].Data) {
			t.Errorf("%s came back with %d bytes of %d (%v)", files[ids[rec.ID]].Name, len(data), len(files[ids[rec.ID]].Data), err)
		}
		writes = append(writes, tandem.Write{Op: tandem.Create, ID: rec.ID, Marker: tandem.Marker(rec.ID), Record: rec})
	}
	if out, err = b.Apply(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.ID != writes[i].ID || o.Size != writes[i].Record.Size || o.Attrs != writes[i].Record.Attrs {
			t.Errorf("%q became %q: %+v, want %+v", writes[i].ID, o.ID, o.Meta, writes[i].Record.Meta)
		}
	}
}

func hasAny(t *testing.T, ending string) bool {
	found := false
	_ = filepath.WalkDir(filepath.Join(corpus.Dir(t), "mime"), func(path string, _ os.DirEntry, _ error) error {
		found = found || strings.EqualFold(filepath.Ext(path), ending)
		return nil
	})
	return found
}

const killedDir = "TANDEM_MAILDIR_KILLED"

// TestMain is also the process that TestKilled kills: it delivers, flags, replaces and removes messages until it dies.
func TestMain(m *testing.M) {
	dir := os.Getenv(killedDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	o, err := Open(context.Background(), dir)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	for i := 0; ; i++ {
		var writes []tandem.Write
		for k := range 20 {
			writes = append(writes, killedWrite(i*20+k))
		}
		out, err := o.Apply(context.Background(), writes)
		if err != nil {
			os.Exit(1)
		}
		writes = writes[:0]
		for k, x := range out {
			w := tandem.Write{ID: x.ID, If: x.Version, Op: []tandem.Op{tandem.Delete, tandem.SetAttrs, tandem.Update}[k%3], Record: killedWrite(i*20 + k).Record}
			w.Record.Attrs = mail.Flags{Seen: true}.Attrs()
			writes = append(writes, w)
		}
		if _, err := o.Apply(context.Background(), writes); err != nil {
			os.Exit(1)
		}
	}
}

func killedBody(i int) string {
	return fmt.Sprintf("Subject: %d\n\n%send\n", i, strings.Repeat("a line of the message\n", i%50))
}

func killedWrite(i int) tandem.Write { return create(killedBody(i), mail.Flags{}) }

// TestKilled kills a process that writes, again and again. No message is torn, none is there twice, and the next create finds what the dead process made.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		dir := t.TempDir()
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), killedDir+"="+dir)
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 6)
		if _, err := pipe.Read(buf); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(17*round) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed

		b := &box{T: t, dir: dir}
		b.open()
		seen := map[string]bool{}
		for id := range b.list() {
			for rec, err := range b.Fetch(t.Context(), []tandem.ID{id}) {
				if err != nil {
					t.Fatal(err)
				}
				data, err := tandem.ReadBody(rec.Body, 1<<20)
				text := string(data)
				if err != nil || !strings.HasSuffix(text, "end\n") || seen[text] {
					t.Errorf("round %d: %q is torn or there twice: %q (%v)", round, id, text, err)
				}
				seen[text] = true
			}
		}
		for i := range 12 {
			w := killedWrite(i)
			found, is, err := b.Find(t.Context(), w)
			if err != nil || is != seen[killedBody(i)] {
				t.Errorf("round %d: message %d is found: %v (%v)", round, i, is, err)
			}
			if o := b.one(w); is && o.Status == tandem.Applied && o.ID != found.ID || !is && o.Status != tandem.Applied {
				t.Errorf("round %d: message %d again: %s (%v)", round, i, o.Status, o.Err)
			}
		}
	}
}
