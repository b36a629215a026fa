// Package command runs the commands that the owner of the machine hangs on a sync item, before and after each of its runs: to mount a disk, to make a snapshot, to
// tell another program. A command is a line for the system's shell. What it is told comes in environment variables, never as part of the line, so that a name or
// an error message cannot become a command.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"tandem"
)

// Set are the commands of an item, as they are kept.
type Set struct {
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
	Timeout string `json:"timeout,omitempty"` // of each, as time.ParseDuration reads it; "": DefaultTimeout
	Hidden  bool   `json:"hidden,omitempty"`  // there are some, which are not told; such a set is never kept
}

// Hide is what was kept, for those who are not to read it.
func Hide(kept string) string {
	if kept == "" {
		return ""
	}
	return `{"hidden":true}`
}

// The bounds of a command.
const (
	DefaultTimeout = time.Minute
	MaxTimeout     = time.Hour
	maxLine        = 4000
	maxOutput      = 64 << 10 // bytes of output that are looked at; the rest is thrown away
)

// Read reads what was kept; "" is no commands.
func Read(kept string) (Set, error) {
	var s Set
	if kept == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(kept), &s); err != nil {
		return s, &tandem.Error{Kind: tandem.Invalid, Op: "read commands", Err: err, Remedy: "set them again: tandem item set ITEM before=… after=…"}
	}
	return s, nil
}

// Text is how a set is kept.
func (s Set) Text() (string, error) {
	if s == (Set{}) {
		return "", nil
	}
	b, err := json.Marshal(s)
	return string(b), err
}

// Check refuses what is no set of commands.
func (s Set) Check() error {
	for _, line := range []string{s.Before, s.After} {
		if len(line) > maxLine || strings.ContainsRune(line, 0) {
			return &tandem.Error{Kind: tandem.Invalid, Op: "set command", Err: fmt.Errorf("it is longer than %d bytes, or no text", maxLine), Remedy: "put it into a script and name that"}
		}
	}
	if s.Timeout == "" {
		return nil
	}
	d, err := time.ParseDuration(s.Timeout)
	if err == nil && (d < time.Second || d > MaxTimeout) {
		err = fmt.Errorf("it is not between 1s and %s", MaxTimeout)
	}
	if err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: "set time limit of commands", Thing: s.Timeout, Err: err, Remedy: "write such as 90s or 10m"}
	}
	return nil
}

// Limit is how long each command may take.
func (s Set) Limit() time.Duration {
	if d, err := time.ParseDuration(s.Timeout); err == nil && d > 0 {
		return d
	}
	return DefaultTimeout
}

// Job is one run of a command.
type Job struct {
	Line string
	Env  []string // NAME=VALUE, besides the hub's own
	Dir  string   // "": the owner's home folder
	Time time.Duration
}

// Run runs a command and returns what it wrote, cut to a bearable length. It is killed, with what it began, when its time is up or ctx is done. The error says how it
// failed, with the last line that it wrote.
func Run(ctx context.Context, j Job) (output string, err error) {
	limited, cancel := context.WithTimeout(ctx, j.Time)
	defer cancel()
	c := shell(limited, j.Line)
	c.Env = append(os.Environ(), clean(j.Env)...)
	if c.Dir = j.Dir; c.Dir == "" {
		if home, err := os.UserHomeDir(); err == nil {
			c.Dir = home
		}
	}
	out := &tail{}
	c.Stdout, c.Stderr = out, out
	c.WaitDelay = 2 * time.Second // for what left the group and holds the output open
	alone(c)
	err = c.Run()
	output = out.text()
	switch exit := (*exec.ExitError)(nil); {
	case ctx.Err() != nil:
		return output, ctx.Err()
	case limited.Err() != nil:
		return output, fmt.Errorf("it took longer than %s and was stopped%s", j.Time, said(output))
	case errors.As(err, &exit):
		return output, fmt.Errorf("it ended with %s%s", exit.ProcessState, said(output))
	case errors.Is(err, exec.ErrWaitDelay): // it ended well, and left something running
		return output, nil
	}
	return output, err
}

// said is the last line of an output, as the end of a message.
func said(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" {
		return ""
	}
	if r := []rune(last); len(r) > 200 {
		last = string(r[:200]) + "…"
	}
	return ": " + last
}

// clean makes variables that no system refuses.
func clean(env []string) []string {
	out := make([]string, 0, len(env))
	for _, e := range env {
		out = append(out, strings.ReplaceAll(e, "\x00", ""))
	}
	return out
}

// tail keeps the end of what is written to it. Only one goroutine writes: stdout and stderr are the same file.
type tail struct {
	buf bytes.Buffer
	cut bool
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if t.buf.Len() > 2*maxOutput {
		t.cut = true
		t.buf.Next(t.buf.Len() - maxOutput)
	}
	return len(p), nil
}

func (t *tail) text() string {
	b := t.buf.Bytes()
	if len(b) > maxOutput {
		b, t.cut = b[len(b)-maxOutput:], true
	}
	s := strings.TrimSpace(strings.ToValidUTF8(string(b), "\uFFFD"))
	if t.cut {
		s = "…" + s
	}
	return s
}
