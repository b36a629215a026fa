package main

import (
	"errors"
	"testing"
)

// Who runs the hub by go run is told what the commands that it names are called.
func TestByGoRun(t *testing.T) {
	for program, want := range map[string]bool{
		"/tmp/go-build1640994211/b001/exe/tandem":     true,
		"/tmp/go-build1640994211/b001/tandem.test":    false,
		"/usr/local/bin/tandem":                       false,
		"/home/anna/go-builds/tandem":                 false,
		"/home/anna/go/src/example.org/go-build/exec": false,
	} {
		if got := byGoRun(program, nil); got != want {
			t.Errorf("%s: %v", program, got)
		}
	}
	if byGoRun("/tmp/go-build1/b001/exe/tandem", errors.New("not known")) {
		t.Error("a program that is not known")
	}
}
