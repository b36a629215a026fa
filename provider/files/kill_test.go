//go:build unix

package files

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/file"
)

// killDir tells the test binary that it is the process to be killed.
const killDir = "TANDEM_TEST_KILL_DIR"

// killedFiles are the files that the process to be killed writes, with their sizes.
func killedFiles() map[string]int {
	m := map[string]int{"big": largeFile + file.BlockSize/2}
	for i := range 40 {
		m[fmt.Sprintf("d%d/f%02d", i%4, i)] = 3000 + i
	}
	return m
}

// killedBody is version v of a file: any part of it tells the version, and for a large file little changes.
func killedBody(id string, v int) []byte {
	size := killedFiles()[id]
	if size < largeFile {
		return bytes.Repeat([]byte(fmt.Sprintf("%s=%06d\n", id, v)), size/16+1)
	}
	data := noise(size, 5)
	for _, off := range []int{1000, 3<<20 + 17, size - 100} {
		copy(data[off:], fmt.Sprintf("version %06d", v))
	}
	return data
}

// versionOf finds the version of a file's content, -1 if it is none.
func versionOf(id string, data []byte) int {
	at := strings.Index(string(data[:min(len(data), 2000)]), "=")
	off, n := at+1, 6
	if killedFiles()[id] >= largeFile {
		off = 1000 + len("version ")
	}
	if off+n > len(data) {
		return -1
	}
	v, err := strconv.Atoi(string(data[off : off+n]))
	if err != nil || !bytes.Equal(data, killedBody(id, v)) {
		return -1
	}
	return v
}

// TestKill kills a process that writes without end, again and again: every file is always one version, whole.
func TestKill(t *testing.T) {
	if dir := os.Getenv(killDir); dir != "" {
		beKilled(dir)
	}
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	last := map[string]int{}
	for round := range rounds {
		lines := runAndKill(t, dir, time.Duration(round*9%100)*time.Millisecond)
		p := openPlace(t, dir)
		for id := range killedFiles() {
			data, err := os.ReadFile(p.path(id))
			if os.IsNotExist(err) && last[id] == 0 {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			v := versionOf(id, data)
			// What was acknowledged is there.
			if v < lines[id] || v < last[id] {
				t.Fatalf("round %d: %q is version %d, acknowledged was %d, before it was %d", round, id, v, lines[id], last[id])
			}
			last[id] = v
		}
		if left, err := os.ReadDir(p.path(".tandem/tmp")); err != nil || len(left) > 0 {
			t.Fatalf("left behind: %v (%v)", left, err)
		}
		for id, c := range p.list() {
			if c.Presence != tandem.Present {
				t.Errorf("%q is %v", id, c.Presence)
			}
		}
		p.Close()
	}
}

// runAndKill starts the writer, kills it some time after it began to acknowledge, and returns what it acknowledged.
func runAndKill(t *testing.T, dir string, after time.Duration) map[string]int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
	cmd.Env = append(os.Environ(), killDir+"="+dir, "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := map[string]int{}
	s := bufio.NewScanner(out)
	for n := 0; s.Scan(); n++ {
		id, v, _ := strings.Cut(s.Text(), " ")
		if acked[id], err = strconv.Atoi(v); err != nil {
			t.Fatalf("the writer says %q", s.Text())
		}
		if n == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	return acked
}

// beKilled writes the next version of every file, for ever, and says what was acknowledged.
func beKilled(dir string) {
	die := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p, err := tryOpen(dir)
	if err != nil {
		die(err)
	}
	ctx := context.Background()
	for {
		now := map[tandem.ID]tandem.Change{}
		seq, _ := p.Changes(ctx, "")
		for c, err := range seq {
			if err != nil {
				die(err)
			}
			now[c.ID] = c
		}
		versions := map[string]int{}
		var writes []tandem.Write
		for i := range 4 {
			if d := mkdir(fmt.Sprint("d", i)); now[d.ID].Presence != tandem.Present {
				writes = append(writes, d)
			}
		}
		source, err := tryOpen(os.TempDir())
		if err != nil {
			die(err)
		}
		for id := range killedFiles() {
			w := tandem.Write{Op: tandem.Create, ID: tandem.ID(id)}
			if c, there := now[w.ID]; there {
				data, err := os.ReadFile(dir + "/" + id)
				if err != nil {
					die(err)
				}
				versions[id] = versionOf(id, data)
				w.Op, w.If = tandem.Update, c.Version
			}
			versions[id]++
			w.Record = tandem.Record{Body: tandem.Bytes(killedBody(id, versions[id]))}
			if id == "big" { // patched, which wants a file to compare with
				if w.Record, err = fileRecord(ctx, source, killedBody(id, versions[id])); err != nil {
					die(err)
				}
			}
			writes = append(writes, w)
		}
		out, err := p.Apply(ctx, writes)
		if err != nil {
			die(err)
		}
		for _, o := range out {
			if o.Status != tandem.Applied {
				die(fmt.Errorf("%q: %v: %w", o.ID, o.Status, o.Err))
			}
			if v := versions[string(o.ID)]; v > 0 {
				fmt.Println(o.ID, v)
			}
		}
		source.Close()
	}
}

// fileRecord makes a file in another tree and fetches it.
func fileRecord(ctx context.Context, from *Replica, data []byte) (rec tandem.Record, err error) {
	if err := os.WriteFile(from.path+"/big", data, 0o644); err != nil {
		return rec, err
	}
	for rec, err := range from.Fetch(ctx, []tandem.ID{"big"}) {
		return rec, err
	}
	return rec, os.ErrNotExist
}
