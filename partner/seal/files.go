package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tandem"
	"tandem/internal/atomicfile"
)

// OldFolder is where earlier versions kept passwords of places, in clear: a file each, named by a hash of the secret's name.
const OldFolder = "secrets"

// oldPrefix is before the hash while the name of a secret that was taken over from a file has not been asked for.
const oldPrefix = "file/"

// maxSecret bounds what is taken over from a file, in bytes.
const maxSecret = 1 << 20

// TakeOver seals what earlier versions kept in files of the data folder. A file is removed when its sealed copy is durable; cut short, it goes on the next time.
func (k *Keeper) TakeOver(ctx context.Context, dir string) (int, error) {
	const op = "take over secrets from"
	folder := filepath.Join(dir, OldFolder)
	list, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: folder, Err: err}
	}
	n := 0
	for _, e := range list {
		path := filepath.Join(folder, e.Name())
		switch hash, err := hex.DecodeString(e.Name()); {
		case atomicfile.IsTemp(e.Name()): // what a write left that was cut short: it never counted
		case err != nil || len(hash) != 16 || !e.Type().IsRegular():
			continue // nobody's we know
		default:
			if err := k.takeFile(ctx, path, oldPrefix+e.Name()); err != nil {
				return n, &tandem.Error{Kind: tandem.KindOf(err), Op: op, Thing: path, Err: err}
			}
			n++
		}
		if err := os.Remove(path); err != nil {
			return n, &tandem.Error{Kind: tandem.KindOf(err), Op: op, Thing: path, Err: err, Remedy: "remove the file; it holds a password in clear that is kept sealed now"}
		}
	}
	if err := os.Remove(folder); err != nil { // it may hold something of somebody else
		return n, atomicfile.SyncDir(folder)
	}
	return n, atomicfile.SyncDir(dir)
}

func (k *Keeper) takeFile(ctx context.Context, path, name string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > maxSecret {
		return tandem.Errorf(tandem.TooLarge, "it has %d bytes", info.Size())
	}
	secret, err := os.ReadFile(path)
	if err != nil || len(secret) == 0 {
		return err
	}
	return k.Put(ctx, name, string(secret))
}

// fileName is the name of a secret as long as it was taken over from a file and not asked for by name.
func fileName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return oldPrefix + hex.EncodeToString(sum[:16])
}

// fromFile looks for a secret among those that were taken over from files, where it is known by its name's hash, and gives it its name. none is the error if
// it is not there either.
func (k *Keeper) fromFile(ctx context.Context, name string, none error) (string, error) {
	secret, err := k.unseal(ctx, fileName(name))
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		return "", none
	case err != nil:
		return "", err
	}
	return secret, k.Put(ctx, name, secret)
}
