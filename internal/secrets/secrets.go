// Package secrets keeps small secrets, such as passwords of accounts, as files that only their owner can read.
package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tandem"
	"tandem/internal/atomicfile"
)

// Folder keeps secrets in a folder. It need not exist before the first is put.
type Folder string

// file is named by a hash, so that any name will do and none can be read off the folder.
func (f Folder) file(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(string(f), hex.EncodeToString(sum[:16]))
}

// Get returns a secret. NotFound where none is kept under the name.
func (f Folder) Get(name string) ([]byte, error) {
	data, err := os.ReadFile(f.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "read secret", Thing: name}
	case err != nil:
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "read secret", Thing: name, Err: err}
	}
	return data, nil
}

// Put keeps a secret in place of the one before; an empty one is forgotten.
func (f Folder) Put(name string, secret []byte) error {
	err := os.MkdirAll(string(f), 0o700)
	if err == nil && len(secret) == 0 {
		if err = os.Remove(f.file(name)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	} else if err == nil {
		err = atomicfile.Write(f.file(name), secret, 0o600)
	}
	if err != nil {
		return &tandem.Error{Kind: tandem.KindOf(err), Op: "keep secret", Thing: name, Err: err}
	}
	return nil
}
