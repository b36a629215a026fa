// Package control carries center.Service between the process that owns a data folder and every other process on the
// machine: JSON over HTTP over a socket in the data folder. Whoever may open the folder may ask; nobody else can reach it.
//
// Every method is a POST to /v1/NAME with its arguments as one JSON object. The answer is one JSON value, except for
// the runs, which answer with a line per message. Closing the connection cancels what was asked.
package control

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"tandem"
	"tandem/center"
	"tandem/store"
)

// SocketName is the socket's name in the data folder.
const SocketName = "control.sock"

// socketMax is the longest socket path that every system takes (sun_path holds 104 bytes on some).
const socketMax = 100

// Address is the path of the control socket of a data folder: in the folder itself, or, where that path is too long
// for a socket, in a private folder among the temporary ones, whose name hangs on the data folder's.
func Address(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if path := filepath.Join(abs, SocketName); len(path) <= socketMax {
		return path, nil
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(os.TempDir(), fmt.Sprintf("tandem-%d-%s", os.Getuid(), hex.EncodeToString(sum[:8])), SocketName), nil
}

// Listen opens the control socket of a data folder. The caller owns the folder's lock, so that a socket left behind by
// a process that died belongs to nobody and is replaced. Closing the listener removes the socket.
func Listen(dir string) (net.Listener, error) {
	path, err := Address(dir)
	if err != nil {
		return nil, err
	}
	l, err := listen(path)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Denied, Op: "open control socket", Thing: path, Err: err,
			Remedy: "make sure that the data folder lies on a file system that can hold sockets, or choose another with --data"}
	}
	return l, nil
}

func listen(path string) (net.Listener, error) {
	if filepath.Dir(filepath.Dir(path)) == filepath.Clean(os.TempDir()) {
		if err := privateFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil && runtime.GOOS != "windows" {
		l.Close()
		return nil, err
	}
	return l, nil
}

// privateFolder makes a folder that only we may enter, or makes sure that one found there is.
func privateFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	fi, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !fi.IsDir() || !ownedByUs(fi) {
		return fmt.Errorf("%s belongs to somebody else", dir)
	}
	return nil
}

// The arguments and answers of the methods, as they travel.
type (
	nothing  struct{}
	nameArg  struct{ Name string }
	namesArg struct{ Names []string }
	listArg  struct {
		Item  string
		After int64
		Limit int
	}
	partnerArg struct{ User, Name, Place string }
	enableArg  struct {
		Name string
		On   bool
	}
	setArg struct {
		Name string
		Set  map[string]string
	}
	openArg   struct{ Open bool }
	idArg     struct{ ID int64 }
	decideArg struct {
		ID       int64
		Decision string
		Body     []byte
	}
	syncArg struct {
		Names   []string
		Options center.SyncOptions
	}
	placesArg struct {
		Places  center.Places
		Options center.SyncOptions
	}
	conflictAnswer struct {
		Conflict store.Conflict
		Bodies   [][]byte // not text: a version may be in any encoding
	}
	greeting struct {
		Process int
		Version string
	}
	failure struct{ Error *center.Failure }
	line    struct {
		News     *center.SyncNews `json:",omitempty"`
		Heard    *center.News     `json:",omitempty"` // of Follow
		Verified *store.Verified  `json:",omitempty"`
		Done     bool             `json:",omitempty"` // the last line; without it the answer was cut off
		Error    *center.Failure  `json:",omitempty"` // in the last line
	}
)
