// Package datadir knows where the data folder is and makes sure that one process at a time has it.
package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tandem"
)

// LockName is the name of the lock file in the data folder. Its content names the holder; its being there means nothing, the
// lock on it does.
const LockName = "lock"

// Default is the system's data folder for applications: $XDG_DATA_HOME/tandem or ~/.local/share/tandem,
// ~/Library/Application Support/Tandem, %LocalAppData%\Tandem. It need not exist.
func Default() (string, error) { return defaultDir(os.Getenv, os.UserHomeDir) }

// Holder says which process has a data folder.
type Holder struct {
	PID     int    `json:"pid"`
	Command string `json:"command"` // "tandem serve"
}

func (h Holder) String() string {
	switch {
	case h.PID == 0:
		return "another process"
	case h.Command == "":
		return fmt.Sprintf("process %d", h.PID)
	}
	return fmt.Sprintf("%s (process %d)", h.Command, h.PID)
}

// InUse is the cause of Busy: somebody else has the data folder.
type InUse struct{ By Holder }

// Error implements error.
func (e *InUse) Error() string { return e.By.String() + " is using it" }

// Lock is the right to use a data folder alone.
type Lock struct{ f *os.File }

// Acquire creates the folder, for its owner only, and takes it for this process. It does not wait: a folder that is
// taken is Busy and the error names the holder. The lock ends with Release or with the process, however it ends.
func Acquire(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	name := filepath.Join(dir, LockName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(dir, err)
	}
	switch taken, err := lockFile(f); {
	case err != nil:
		f.Close()
		return nil, unusable(dir, fmt.Errorf("lock %s: %w", name, err))
	case taken:
		holder := readHolder(f)
		f.Close()
		return nil, &tandem.Error{Kind: tandem.Busy, Op: "open data folder", Thing: dir, Err: &InUse{holder},
			Remedy: "let that one finish or stop it, or name another folder with --data"}
	}
	// The lock is what counts. Where the name of its holder cannot be written, as on a full disk, nobody is named, and
	// what only reads still works.
	_ = writeHolder(f, Holder{PID: os.Getpid(), Command: command()})
	return &Lock{f}, nil
}

// Release gives the folder back. The lock file stays: removing it would let two processes hold locks on two files.
func (l *Lock) Release() error {
	// Nobody shall be named who has gone. An error leaves a stale name, which nobody reads without a lock being held.
	_ = l.f.Truncate(0)
	return errors.Join(unlockFile(l.f), l.f.Close())
}

// command is how this process was called, as far as it tells a person which one it is.
func command() string {
	words := []string{strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")}
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		words = append(words, os.Args[1])
	}
	return strings.Join(words, " ")
}

func writeHolder(f *os.File, h Holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(text, '\n'), 0)
	return err
}

// readHolder reads who holds the lock; the zero Holder if that cannot be told.
func readHolder(f *os.File) (h Holder) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 1024))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return Holder{}
	}
	return h
}

func unusable(dir string, err error) error {
	out := &tandem.Error{Kind: tandem.Unreadable, Op: "open data folder", Thing: dir, Err: err, Remedy: "name another folder with --data"}
	if errors.Is(err, os.ErrPermission) {
		out.Kind, out.Remedy = tandem.Denied, "give yourself the right to write to it, or name another folder with --data"
	}
	return out
}
