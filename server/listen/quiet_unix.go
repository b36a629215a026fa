//go:build unix

package listen

import (
	"errors"
	"net"
	"syscall"
)

// quiet waits until there is something to be read from a connection, its end included, and reads nothing. It fails with
// errors.ErrUnsupported for connections that cannot be asked.
func quiet(conn net.Conn) error {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // what TLS has read ahead is the server's next request
		conn = t.NetConn()
	}
	c, ok := conn.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(heard)
}

// heard reports whether a socket has anything to be read.
func heard(fd uintptr) bool {
	var b [1]byte
	for {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		if err != syscall.EINTR {
			return err != syscall.EAGAIN && err != syscall.EWOULDBLOCK
		}
	}
}
