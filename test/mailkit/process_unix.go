//go:build unix

package mailkit

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// nobody is whom the server runs as where the test runs as root, which the server refuses to be.
const nobody = 65534

func (s *Server) identity() {
	s.uid, s.gid = os.Getuid(), os.Getgid()
	if s.uid == 0 {
		s.uid, s.gid = nobody, nobody
	}
}

// own gives the server its folder.
func (s *Server) own() {
	s.t.Helper()
	err := filepath.WalkDir(s.Dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, s.uid, s.gid)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// as makes a command run as somebody, where the test may choose.
func as(cmd *exec.Cmd, uid, gid int) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}
