//go:build !unix || darwin

package files

import (
	"errors"
	"io/fs"

	"tandem"
)

// discard would move an entry to the desktop's trash; without a desktop session's help there is no way to do it here.
func (a *apply) discard(*folder, string, string, *stat) (string, error) {
	return "", errors.ErrUnsupported
}

func (r *Replica) unparkTrash(string) (tandem.Record, error) { return tandem.Record{}, fs.ErrNotExist }
