package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rogpeppe/go-internal/testscript"

	"tandem/server/control"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tandem": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		"plain":  plain,
	})
}

// patience is how long a script waits for something that other processes do.
const patience = time.Minute

// TestScripts runs the program as people do, each script in a folder and with a home of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "test", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			env.Setenv("LocalAppData", filepath.Join(home, "data"))
			env.Setenv("TMPDIR", os.TempDir()) // short: sockets have short names
			env.Setenv("TZ", "UTC")
			plugins, err := filepath.Abs(filepath.Join("..", "..", "provider", "plugin", "testdata"))
			if err != nil {
				return err
			}
			env.Setenv("PLUGINS", plugins)
			return os.Mkdir(home, 0o700)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "plain":
				return canBePlain(), nil
			case "smalldisk":
				return canMount(), nil
			case "windows":
				return runtime.GOOS == "windows", nil
			}
			return false, fmt.Errorf("unknown condition %s", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waithub": waitHub, "waitfor": waitFor, "waitgone": waitGone, "status": status, "replace": replaceIn, "same": sameTrees, "many": many, "resize": resize, "newer": newer, "bend": bend, "damage": damage, "smalldisk": smallDisk, "fill": fill, "phone": meetPhone, "freeport": freePort, "publish": publish, "program": reportAs,
		},
	})
}

// waitHub DIR waits until a hub answers for the data folder.
func waitHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waithub DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	address, err := control.Address(dir)
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Dir(address), 0o700))
	eventually(ts, filepath.Dir(address), "the hub of "+dir, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := control.Dial(ctx, dir)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
}

// waitFor FILE [REGEXP] waits until a file or folder is there, and holds a match. FILE may be a pattern for the last part
// of its path; then any one will do.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: waitfor FILE [REGEXP]")
	}
	file, re := ts.MkAbs(args[0]), (*regexp.Regexp)(nil)
	if len(args) == 2 {
		re = regexp.MustCompile(args[1])
	}
	eventually(ts, filepath.Dir(file), strings.Join(args, " to hold "), func() bool {
		files, _ := filepath.Glob(file)
		for _, f := range files {
			if re == nil {
				return true
			}
			if data, err := os.ReadFile(f); err == nil && re.Match(data) {
				return true
			}
		}
		return false
	})
}

// waitGone FILE waits until no file matches.
func waitGone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitgone FILE")
	}
	file := ts.MkAbs(args[0])
	eventually(ts, filepath.Dir(file), file+" to go", func() bool {
		files, _ := filepath.Glob(file)
		return len(files) == 0
	})
}

// eventually waits for changes in a folder until a condition holds.
func eventually(ts *testscript.TestScript, dir, what string, holds func() bool) {
	w, err := fsnotify.NewWatcher()
	ts.Check(err)
	defer w.Close()
	for fi, err := os.Stat(dir); err != nil || !fi.IsDir(); fi, err = os.Stat(dir) {
		dir = filepath.Dir(dir) // not there yet, or a pattern
	}
	ts.Check(w.Add(dir))
	again := time.NewTicker(100 * time.Millisecond) // for what happens further below, or is not an event
	defer again.Stop()
	late := time.After(patience)
	for !holds() {
		select {
		case <-w.Events:
		case <-again.C:
		case err := <-w.Errors:
			ts.Check(err)
		case <-late:
			ts.Fatalf("waited too long for %s", what)
		}
	}
}

// status WANT COMMAND... runs a command and checks its exit status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status WANT COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s: exit status %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// replace FILE OLD NEW replaces a text in a file, as an editor that writes beside and renames. FILE may be a pattern
// that names one file.
func replaceIn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s names %d files", args[0], len(files))
	}
	data, err := os.ReadFile(files[0])
	ts.Check(err)
	if !strings.Contains(string(data), args[1]) {
		ts.Fatalf("%s does not hold %q:\n%s", files[0], args[1], data)
	}
	tmp := files[0] + "~"
	ts.Check(os.WriteFile(tmp, []byte(strings.Replace(string(data), args[1], args[2], 1)), 0o600))
	ts.Check(os.Rename(tmp, files[0]))
}

// resize FILE BYTES makes a file of that size, most of it a hole.
func resize(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: resize FILE BYTES")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer f.Close()
	ts.Check(f.Truncate(n))
}

// fill FILE MIB writes a file of that size, or as much of it as the disk takes.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fill FILE MIB")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	data := make([]byte, 4096)
	for i := range n << 8 {
		data[i%len(data)]++ // no two blocks alike, and no holes
		if _, err := f.Write(data); err != nil {
			return
		}
	}
}

// newer FILE marks a store as made by a newer version.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newer FILE")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec("PRAGMA user_version = 99999")
	ts.Check(err)
}

// damage FILE writes nonsense over all pages of a store but the first, which a reader must see to open it at all.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage FILE")
	}
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	for i := 4096; i < len(data); i++ {
		data[i] = byte(i * 7)
	}
	ts.Check(os.WriteFile(name, data, 0o600))
}

// bend DIR changes a byte in each body that a data folder keeps as a file; there must be one.
func bend(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bend DIR")
	}
	list, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "blobs", "??", "*"))
	ts.Check(err)
	if len(list) == 0 {
		ts.Fatalf("%s keeps no body as a file", args[0])
	}
	for _, name := range list {
		data, err := os.ReadFile(name)
		ts.Check(err)
		data[len(data)/2] ^= 1
		ts.Check(os.WriteFile(name, data, 0o600))
	}
}

// many DIR N writes N small files.
func many(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: many DIR N")
	}
	var n int
	_, err := fmt.Sscan(args[1], &n)
	ts.Check(err)
	for i := range n {
		path := filepath.Join(ts.MkAbs(args[0]), fmt.Sprintf("%02d", i%50), fmt.Sprintf("file-%d.txt", i))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
		ts.Check(os.WriteFile(path, fmt.Appendf(nil, "content of file %d\n", i), 0o600))
	}
}

// same DIR DIR compares two folders, leaving out what begins with a dot. With vCard folders, where names may differ,
// the bodies alone are compared.
func sameTrees(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: same DIR DIR")
	}
	a, b := tree(ts, ts.MkAbs(args[0])), tree(ts, ts.MkAbs(args[1]))
	if (a == b) == neg {
		ts.Fatalf("%s:\n%s\n%s:\n%s", args[0], a, args[1], b)
	}
}

func tree(ts *testscript.TestScript, dir string) string {
	var b strings.Builder
	ts.Check(filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if strings.HasPrefix(d.Name(), ".") && path != dir {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			fmt.Fprintf(&b, "%s/\n", rel)
			return nil
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %q\n", rel, data)
		return err
	}))
	return b.String()
}
