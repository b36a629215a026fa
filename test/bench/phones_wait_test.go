package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

func TestWaitAsksAgain(t *testing.T) {
	type answer struct {
		status string
		err    error
	}
	for _, c := range []struct {
		name    string
		answers []answer
		fails   string // "" if it hears of the change
		report  string // "" if it had not to ask again
	}{
		{"change", []answer{{"2", nil}}, "", ""},
		{"broken once", []answer{{"", io.ErrUnexpectedEOF}, {"2", nil}}, "", "1 times; at first because of: unexpected EOF"},
		{"nothing changed, and broken", []answer{{"1", nil}, {"", io.EOF}, {"2", nil}}, "", `2 times; at first because of: status "1"`},
		{"never", []answer{{"", io.EOF}, {"", io.EOF}, {"", io.EOF}, {"", io.EOF}, {"7", nil}}, `5 tries: status "7"`, "4 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r retries
				asked := 0
				err := r.wait(t.Context(), func() (string, error) {
					a := c.answers[asked]
					asked++
					return a.status, a.err
				})
				if asked != len(c.answers) {
					t.Errorf("asked %d times, want %d", asked, len(c.answers))
				}
				says(t, err, c.fails)
				says(t, r.report(), c.report)
			})
		})
	}
}

func TestWaitEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var r retries
	err := r.wait(ctx, func() (string, error) {
		cancel()
		return "", io.EOF
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
}

func says(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("error %v, want one that says %q", err, want)
	}
}
