package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

// RenameNew gives old the name new if that is free, else it fails with fs.ErrExist.
func RenameNew(old, new string) error { return move(old, new, windows.MOVEFILE_WRITE_THROUGH) }

// Exchange swaps two existing names in one step. It fails with errors.ErrUnsupported where that is not possible.
func Exchange(a, b string) error { return errors.ErrUnsupported }

// SyncFS makes everything written to the file system of dir durable. It fails with errors.ErrUnsupported where the
// system has no such call.
func SyncFS(string) error { return errors.ErrUnsupported }

// SyncDir makes the names in dir durable. Renames are written through on this system, so there is nothing left to do.
func SyncDir(string) error { return nil }

func rename(old, new string) error {
	return move(old, new, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH)
}

// move retries for a moment while a virus scanner or an indexer holds the file open.
func move(old, new string, flags uint32) error {
	from, err := extended(old)
	if err != nil {
		return err
	}
	to, err := extended(new)
	if err != nil {
		return err
	}
	for wait := time.Millisecond; ; wait *= 2 {
		err = windows.MoveFileEx(from, to, flags)
		held := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !held || wait > 200*time.Millisecond {
			break
		}
		time.Sleep(wait)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: old, New: new, Err: err}
	}
	return nil
}

// extended spells a path in the form that has no length limit.
func extended(path string) (*uint16, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if len(abs) > 240 && len(abs) > 2 && abs[1] == ':' {
		abs = `\\?\` + abs
	}
	return windows.UTF16PtrFromString(abs)
}
