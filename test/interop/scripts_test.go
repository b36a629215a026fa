package interop

import (
	"os"
	"path/filepath"
	"testing"

	"tandem/internal/need"
)

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// TestPythonCaldav drives the door with python3-caldav; see testdata/pycaldav.py.
func TestPythonCaldav(t *testing.T) {
	t.Parallel()
	python := need.Program(t, "/usr/bin/python3", "python3-caldav")
	if _, err := try(t, t.TempDir(), "", python, "-c", "import caldav"); err != nil {
		need.Missing(t, "the Debian package python3-caldav")
	}
	h := startHub(t)
	script, err := filepath.Abs("testdata/pycaldav.py")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(run(t, t.TempDir(), "", python, script, h.url+"/", h.user, h.password))
}

// TestTsdav drives the door with tsdav; see tsdav/drive.mjs.
func TestTsdav(t *testing.T) {
	t.Parallel()
	node := need.Program(t, "node", "nodejs")
	if _, err := os.Stat("tsdav/node_modules/tsdav"); err != nil {
		need.Missing(t, "tsdav: run npm ci in test/interop/tsdav")
	}
	h := startHub(t)
	script, err := filepath.Abs("tsdav/drive.mjs")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(run(t, t.TempDir(), "", node, script, h.url+"/", h.user, h.password))
}
