package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"tandem"
)

func TestSets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  Set
		text string
		ok   bool
	}{
		{Set{}, "", true},
		{Set{Before: "mount /x"}, `{"before":"mount /x"}`, true},
		{Set{After: "true", Timeout: "90s"}, `{"after":"true","timeout":"90s"}`, true},
		{Set{Timeout: "soon"}, `{"timeout":"soon"}`, false},
		{Set{Timeout: "2h"}, `{"timeout":"2h"}`, false},
		{Set{Timeout: "1ms"}, `{"timeout":"1ms"}`, false},
		{Set{Before: "a\x00b"}, `{"before":"a\u0000b"}`, false},
		{Set{After: strings.Repeat("x", maxLine+1)}, "", false},
	} {
		err := c.set.Check()
		if (err == nil) != c.ok || err != nil && !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%+v: %v", c.set, err)
		}
		if c.text == "" && c.set != (Set{}) {
			continue
		}
		text, err := c.set.Text()
		if err != nil || text != c.text {
			t.Errorf("%+v is kept as %q, %v", c.set, text, err)
		}
		if back, err := Read(text); err != nil || back != c.set {
			t.Errorf("%q is read as %+v, %v", text, back, err)
		}
	}
	if _, err := Read("{"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("torn: %v", err)
	}
	if (Set{}).Limit() != DefaultTimeout || (Set{Timeout: "5m"}).Limit() != 5*time.Minute {
		t.Error("limits")
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the lines are for a Unix shell")
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		line, env, out, err string
	}{
		"quiet":            {"true", "", "", ""},
		"output":           {"echo one; echo two >&2", "", "one\ntwo", ""},
		"variable":         {`echo "$TANDEM_ITEM"`, "TANDEM_ITEM=$(touch bad); x", "$(touch bad); x", ""},
		"variable cut":     {`echo "$TANDEM_ITEM"`, "TANDEM_ITEM=a\x00b", "ab", ""},
		"folder":           {"pwd -P", "", dir, ""},
		"fails":            {"echo no disk; exit 3", "", "no disk", "it ended with exit status 3: no disk"},
		"fails in silence": {"exit 1", "", "", "it ended with exit status 1"},
		"no such":          {"/no/such/program", "", "*", "it ended with exit status 127: *"},
		"much":             {"yes | head -c 300000; echo end", "", "*", ""},
		"no text":          {`printf '\377ok'`, "", "\uFFFDok", ""},
	} {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil {
			t.Fatal(err)
		}
		out, err := Run(t.Context(), Job{Line: c.line, Env: []string{c.env}, Dir: real, Time: time.Minute})
		if c.out == dir {
			c.out = real
		}
		if c.out != "*" && out != c.out {
			t.Errorf("%s: %q, want %q", name, out, c.out)
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want, any := strings.CutSuffix(c.err, "*"); any && !strings.HasPrefix(got, want) || !any && got != c.err {
			t.Errorf("%s: error %q, want %q", name, got, c.err)
		}
		if name == "much" && (len(out) > maxOutput+8 || !strings.HasPrefix(out, "…") || !strings.HasSuffix(out, "end")) {
			t.Errorf("%d bytes, ends with %q", len(out), out[len(out)-10:])
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "bad")); err == nil {
		t.Error("a variable was run as a command")
	}
}

// TestStopped: a command is killed with all that it began when its time is up, and when its run is stopped.
func TestStopped(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the lines are for a Unix shell")
	}
	began := time.Now()
	const line = "echo begun; sleep 600 & sleep 600; echo not reached"
	out, err := Run(t.Context(), Job{Line: line, Time: 300 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "longer than 300ms") || !strings.Contains(err.Error(), "begun") || out != "begun" {
		t.Errorf("%q, %v", out, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Job{Line: line, Time: time.Minute}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v to stop them", took)
	}
}
