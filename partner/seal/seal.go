// Package seal keeps passwords and tokens of accounts elsewhere so that whoever reads the database, or a backup of it, does not have them: they are sealed
// (XChaCha20-Poly1305) with a key that lies beside the database in a file of its own, readable by its owner only.
package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"tandem"
	"tandem/store"
)

// KeyFile is the name of the key's file in the data folder. A backup of the database without it holds no secrets that anybody can read.
const KeyFile = "secrets.key"

// Keeper keeps secrets in a store. It may be used concurrently.
type Keeper struct {
	Store store.Secrets

	file string       // of the key; "": the key was given
	mu   sync.RWMutex // guards keys
	keys []key        // the first seals; those behind it only open, while a rotation is under way. Empty: the file is missing
}

type key struct {
	raw  []byte
	aead cipher.AEAD
}

// Open reads the key in a data folder. Where there is none, one is made for the first secret. A key whose file is missing although secrets were sealed
// with it is an error of those who ask for one, so that a hub runs on without.
func Open(st store.Secrets, dir string) (*Keeper, error) {
	k := &Keeper{Store: st, file: filepath.Join(dir, KeyFile)}
	var err error
	k.keys, err = readKeys(k.file)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// New makes a keeper with a key of 32 bytes. from names where it came from, for messages.
func New(st store.Secrets, raw []byte, from string) (*Keeper, error) {
	keys, err := parseKeys(raw, from)
	if err != nil {
		return nil, err
	}
	return &Keeper{Store: st, keys: keys}, nil
}

// Put keeps a secret under a name; an empty one removes it. The name is bound to it: sealed values cannot be swapped.
func (k *Keeper) Put(ctx context.Context, name, secret string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if secret == "" {
		if err := k.Store.PutSecret(ctx, name, nil); err != nil {
			return err
		}
		return k.Store.PutSecret(ctx, fileName(name), nil)
	}
	if len(k.keys) == 0 {
		if err := k.first(ctx, name); err != nil {
			return err
		}
	}
	if err := k.put(ctx, name, secret); err != nil {
		return err
	}
	return k.Store.PutSecret(ctx, fileName(name), nil) // what was taken over under its hash is of the past
}

// put seals with the first key. k.mu is held.
func (k *Keeper) put(ctx context.Context, name, secret string) error {
	aead := k.keys[0].aead
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(secret)+aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return &tandem.Error{Op: "seal secret", Thing: name, Err: err}
	}
	return k.Store.PutSecret(ctx, name, aead.Seal(nonce, nonce, []byte(secret), []byte(name)))
}

// first makes the key for the first secret. It refuses where secrets are kept already, whose key is therefore lost.
func (k *Keeper) first(ctx context.Context, name string) error {
	names, err := k.Store.SecretNames(ctx)
	switch {
	case err != nil:
		return err
	case len(names) > 0:
		return k.lost("seal secret", name)
	}
	k.keys, err = makeKey(k.file)
	return err
}

// Get is the secret kept under a name. NotFound; Unreadable if it was sealed with another key, or the key is missing.
func (k *Keeper) Get(ctx context.Context, name string) (string, error) {
	secret, err := k.unseal(ctx, name)
	if tandem.IsKind(err, tandem.NotFound) {
		return k.fromFile(ctx, name, err)
	}
	return secret, err
}

func (k *Keeper) unseal(ctx context.Context, name string) (string, error) {
	sealed, err := k.Store.Secret(ctx, name)
	if err != nil {
		return "", err
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	if len(k.keys) == 0 {
		return "", k.lost("unseal secret", name)
	}
	secret, ok := k.open(name, sealed)
	if !ok {
		return "", &tandem.Error{Kind: tandem.Unreadable, Op: "unseal secret", Thing: name, Err: errors.New("it was sealed with another key"),
			Remedy: "put " + KeyFile + " back from a backup, or enter the password again"}
	}
	return secret, nil
}

// open tries the keys there are. k.mu is held.
func (k *Keeper) open(name string, sealed []byte) (string, bool) {
	const n = chacha20poly1305.NonceSizeX
	if len(sealed) < n {
		return "", false
	}
	for _, key := range k.keys {
		if secret, err := key.aead.Open(nil, sealed[:n], sealed[n:], []byte(name)); err == nil {
			return string(secret), true
		}
	}
	return "", false
}

// Names lists the names under which secrets are kept, in order.
func (k *Keeper) Names(ctx context.Context) ([]string, error) { return k.Store.SecretNames(ctx) }

func (k *Keeper) lost(op, name string) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: name, Err: fmt.Errorf("the key %s is missing", k.file),
		Remedy: "put it back from a backup; or give up what is kept with `tandem secret forget --all`, and enter passwords again"}
}
