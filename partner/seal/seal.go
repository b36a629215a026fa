// Package seal keeps passwords and tokens of accounts elsewhere so that whoever reads the database, or a backup of it, does not have them: they are sealed
// (XChaCha20-Poly1305) with a key that lies beside the database in a file of its own, readable by its owner only.
package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/store"
)

// KeyFile is the name of the key's file in the data folder. A backup of the database without it holds no secrets that anybody can read.
const KeyFile = "secrets.key"

// Keeper keeps secrets in a store.
type Keeper struct {
	Store store.Secrets
	aead  cipher.AEAD
}

// Open reads the key in a data folder, and makes one if there is none.
func Open(st store.Secrets, dir string) (*Keeper, error) {
	const op = "open the key of secrets"
	file := filepath.Join(dir, KeyFile)
	key, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, chacha20poly1305.KeySize)
		if _, err = rand.Read(key); err == nil {
			if err = atomicfile.WriteNew(file, key, 0o600); errors.Is(err, fs.ErrExist) { // another process was faster
				key, err = os.ReadFile(file)
			}
		}
	}
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: file, Err: err, Remedy: "see that this user may read and write it"}
	}
	return New(st, key, file)
}

// New makes a keeper with a key of 32 bytes. from names where it came from, for messages.
func New(st store.Secrets, key []byte, from string) (*Keeper, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "open the key of secrets", Thing: from, Err: fmt.Errorf("it has %d bytes and not %d", len(key), chacha20poly1305.KeySize),
			Remedy: "put it back from a backup; without it, passwords of accounts elsewhere must be entered again"}
	}
	return &Keeper{Store: st, aead: aead}, nil
}

// Put keeps a secret under a name; an empty one removes it. The name is bound to it: sealed values cannot be swapped.
func (k *Keeper) Put(ctx context.Context, name, secret string) error {
	if secret == "" {
		return k.Store.PutSecret(ctx, name, nil)
	}
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(secret)+k.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return &tandem.Error{Op: "seal secret", Thing: name, Err: err}
	}
	return k.Store.PutSecret(ctx, name, k.aead.Seal(nonce, nonce, []byte(secret), []byte(name)))
}

// Get is the secret kept under a name. NotFound; Unreadable if it was sealed with another key.
func (k *Keeper) Get(ctx context.Context, name string) (string, error) {
	sealed, err := k.Store.Secret(ctx, name)
	if err != nil {
		return "", err
	}
	n := k.aead.NonceSize()
	if len(sealed) < n {
		return "", unreadable(name)
	}
	secret, err := k.aead.Open(nil, sealed[:n], sealed[n:], []byte(name))
	if err != nil {
		return "", unreadable(name)
	}
	return string(secret), nil
}

func unreadable(name string) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "unseal secret", Thing: name, Err: errors.New("it was sealed with another key"),
		Remedy: "put " + KeyFile + " back from a backup, or enter the password again"}
}
