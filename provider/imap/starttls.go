package imap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"tandem"
)

// encrypt makes a connection one with TLS, before anything is said on it that others may not hear (RFC 9051 6.2.1). It is done here and not by the library, so that what the server says is looked at when it
// can be read. What it returns in case of an error is still to be closed.
func (a *account) encrypt(ctx context.Context, raw net.Conn, trust *tls.Config) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) }) // who waits is woken
	defer stop()
	denied := func(err error) error {
		return &tandem.Error{Kind: tandem.Denied, Op: "encrypt the connection to", Thing: a.addr, Err: err,
			Remedy: "use imaps:// if the server offers that; without encryption everybody on the way can read the password"}
	}
	in := bufio.NewReaderSize(raw, 4<<10)
	line, err := in.ReadSlice('\n')
	switch {
	case err != nil:
		return raw, err
	case !bytes.HasPrefix(bytes.ToUpper(line), []byte("* OK")): // also PREAUTH, which is not to be had without encryption. RFC 9051 7.1.4
		return raw, denied(fmt.Errorf("the server greets with %q", bytes.TrimSpace(line)))
	}
	if _, err := io.WriteString(raw, "T STARTTLS\r\n"); err != nil {
		return raw, err
	}
	for range 100 {
		if line, err = in.ReadSlice('\n'); err != nil {
			return raw, err
		}
		tag, rest, _ := strings.Cut(string(line), " ")
		switch {
		case tag == "*":
			continue
		case tag != "T" || !strings.HasPrefix(strings.ToUpper(rest), "OK"):
			return raw, denied(fmt.Errorf("the server answers %q", bytes.TrimSpace(line)))
		case in.Buffered() > 0:
			return raw, denied(errors.New("the server says more before the encryption begins than it may"))
		}
		t := tls.Client(raw, trust)
		if err := t.HandshakeContext(ctx); err != nil {
			return raw, err
		}
		return &greeting{Conn: t, left: "* OK encrypted\r\n"}, nil
	}
	return raw, denied(errors.New("the server does not answer"))
}

// greeting is a connection on which the server's greeting was read already: it greets once more.
type greeting struct {
	net.Conn
	left string
}

// Read implements io.Reader.
func (g *greeting) Read(p []byte) (int, error) {
	if g.left != "" {
		n := copy(p, g.left)
		g.left = g.left[n:]
		return n, nil
	}
	return g.Conn.Read(p)
}
