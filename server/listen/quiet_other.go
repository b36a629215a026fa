//go:build !unix

package listen

import (
	"errors"
	"net"
)

// quiet waits until there is something to be read from a connection, where the system can tell.
func quiet(net.Conn) error { return errors.ErrUnsupported }
