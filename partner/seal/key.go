package seal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"tandem"
	"tandem/internal/atomicfile"
)

const opKey = "open the key of secrets"

// maxKeys bounds how many keys a file holds: the one in use and those of rotations that were cut short.
const maxKeys = 16

// readKeys reads a file of keys, and takes others' rights to it away. No keys and no error: there is no file.
func readKeys(file string) ([]key, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(file, 0o600)
	}
	var raw []byte
	if err == nil {
		raw, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: opKey, Thing: file, Err: err, Remedy: "see that this user owns it, and may read and write it"}
	}
	return parseKeys(raw, file)
}

func parseKeys(raw []byte, from string) ([]key, error) {
	const size = chacha20poly1305.KeySize
	if len(raw) == 0 || len(raw)%size != 0 || len(raw) > maxKeys*size {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: opKey, Thing: from, Err: fmt.Errorf("it has %d bytes and not %d", len(raw), size),
			Remedy: "put it back from a backup; without it, passwords of accounts elsewhere must be entered again"}
	}
	var keys []key
	for ; len(raw) > 0; raw = raw[size:] {
		aead, err := chacha20poly1305.NewX(raw[:size])
		if err != nil {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: opKey, Thing: from, Err: err}
		}
		keys = append(keys, key{raw: raw[:size:size], aead: aead})
	}
	return keys, nil
}

// makeKey makes a key in a file of its own, or reads the one that another process made meanwhile.
func makeKey(file string) ([]key, error) {
	raw := make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(raw); err != nil {
		return nil, &tandem.Error{Op: "make the key of secrets", Thing: file, Err: err}
	}
	switch err := atomicfile.WriteNew(file, raw, 0o600); {
	case errors.Is(err, fs.ErrExist):
		return readKeys(file)
	case err != nil:
		return nil, &tandem.Error{Kind: tandem.KindOf(err), Op: "make the key of secrets", Thing: file, Err: err, Remedy: "see that this user may write there"}
	}
	return parseKeys(raw, file)
}

// Rotate seals everything anew with a new key and forgets the old one; it returns how many secrets that were. Cut short, it has lost nothing: until all is sealed
// anew the file holds both keys. Secrets that no key here opens stay as they are and are named in the error.
func (k *Keeper) Rotate(ctx context.Context) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	names, err := k.Store.SecretNames(ctx)
	switch {
	case err != nil:
		return 0, err
	case len(k.keys) == 0 && len(names) > 0:
		return 0, k.lost("seal anew", names[0])
	case len(names) == 0 && len(k.keys) == 0:
		return 0, nil
	}
	fresh := make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(fresh); err != nil {
		return 0, &tandem.Error{Op: "make the key of secrets", Thing: k.file, Err: err}
	}
	all := fresh
	for _, old := range k.keys[:min(len(k.keys), maxKeys-1)] {
		all = append(all, old.raw...)
	}
	if err := k.setKeys(all); err != nil {
		return 0, err
	}
	n, closed := 0, []string(nil)
	for _, name := range names {
		sealed, err := k.Store.Secret(ctx, name)
		if err != nil {
			return n, err
		}
		secret, ok := k.open(name, sealed)
		if !ok {
			closed = append(closed, name)
			continue
		}
		if err := k.put(ctx, name, secret); err != nil {
			return n, err
		}
		n++
	}
	if err := k.setKeys(fresh[:chacha20poly1305.KeySize:chacha20poly1305.KeySize]); err != nil {
		return n, err
	}
	if len(closed) > 0 {
		return n, &tandem.Error{Kind: tandem.Unreadable, Op: "unseal secret", Thing: strings.Join(closed, ", "), Err: errors.New("it was sealed with another key"),
			Remedy: "enter the password again, or give it up with `tandem secret forget`"}
	}
	return n, nil
}

// setKeys writes the file of keys and goes on with them. k.mu is held.
func (k *Keeper) setKeys(raw []byte) error {
	keys, err := parseKeys(append([]byte(nil), raw...), k.file)
	if err != nil {
		return err
	}
	if k.file != "" {
		if err := atomicfile.Write(k.file, raw, 0o600); err != nil {
			return &tandem.Error{Kind: tandem.KindOf(err), Op: "write the key of secrets", Thing: k.file, Err: err}
		}
	}
	k.keys = keys
	return nil
}
