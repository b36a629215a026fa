package datadir

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"tandem"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("DATADIR_TEST_HOLD"); dir != "" {
		hold(dir)
		return
	}
	os.Exit(m.Run())
}

// hold is the child process: it takes the folder, says so, and stays until it is killed or its input ends.
func hold(dir string) {
	if _, err := Acquire(dir); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println("locked")
	bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}

func TestLockExcludesAndNamesHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	lock, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(dir)
	if !tandem.IsKind(err, tandem.Busy) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), "--data") {
		t.Fatalf("second lock: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	lock, err = Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock.Release()
	if fi, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o700 {
		t.Fatalf("mode %v, %v", fi.Mode(), err)
	}
}

func TestLockDiesWithItsProcess(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "DATADIR_TEST_HOLD="+dir)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("child says %q, %v", line, err)
	}
	_, err = Acquire(dir)
	if !tandem.IsKind(err, tandem.Busy) || !strings.Contains(err.Error(), strconv.Itoa(child.Process.Pid)) {
		t.Fatalf("lock beside a living holder: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	lock, err := Acquire(dir)
	if err != nil {
		t.Fatalf("lock after the holder was killed: %v", err)
	}
	lock.Release()
}

func TestUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Acquire(file)
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "--data") {
		t.Fatalf("lock of a file: %v", err)
	}
}

func TestDefault(t *testing.T) {
	home := func() (string, error) { return filepath.FromSlash("/home/u"), nil }
	env := func(values map[string]string) func(string) string { return func(k string) string { return values[k] } }
	type test struct {
		env  map[string]string
		want string
	}
	cases := map[string][]test{
		"linux": {
			{nil, "/home/u/.local/share/tandem"},
			{map[string]string{"XDG_DATA_HOME": "/data"}, "/data/tandem"},
			{map[string]string{"XDG_DATA_HOME": "relative"}, "/home/u/.local/share/tandem"},
		},
		"darwin":  {{map[string]string{"XDG_DATA_HOME": "/data"}, "/home/u/Library/Application Support/Tandem"}},
		"windows": {{map[string]string{"LocalAppData": `C:\L`}, `C:\L\Tandem`}, {nil, `\home\u\AppData\Local\Tandem`}},
	}
	for _, c := range cases[runtime.GOOS] {
		if got, err := defaultDir(env(c.env), home); err != nil || got != c.want {
			t.Errorf("with %v: %q, %v; want %q", c.env, got, err, c.want)
		}
	}
	nobody := errors.New("no home")
	if runtime.GOOS != "windows" {
		if _, err := defaultDir(env(nil), func() (string, error) { return "", nobody }); !errors.Is(err, nobody) {
			t.Errorf("without a home: %v", err)
		}
	}
}
