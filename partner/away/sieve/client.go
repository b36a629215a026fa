// Package sieve has a mail server answer while a user is away: by a script of its own on the server (RFC 5228, RFC 5230), put there by ManageSieve (RFC 5804). The
// script that the user has is kept: it runs within ours, and is the active one again when ours goes.
package sieve

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/internal/masked"
	"tandem/internal/netguard"
)

// Server is where scripts are managed, and how to log in.
type Server struct {
	Host     string
	Port     int    // 4190
	TLS      string // "starttls", "tls" from the first byte, or "none" for servers on this computer
	User     string
	Password string
	Roots    *tls.Config // for servers with certificates of their own; nil: the system's
	Dial     func(ctx context.Context, address string) (net.Conn, error)
}

// Client is a connection that is logged in.
type Client struct {
	conn net.Conn
	r    *bufio.Reader
	stop func() bool
	can  map[string]string // capabilities, by name in upper case
}

const (
	patience  = time.Minute
	maxString = 1 << 20 // bytes of the longest text that a server may send
	maxLine   = 8 << 10
	maxLines  = 10000
)

// Dial connects and logs in, at another server where the first says so. Denied: the server does not know the user or the password, or sends them to somebody else's.
func Dial(ctx context.Context, s Server) (*Client, error) {
	for first, hops := s, 0; ; hops++ {
		c, err := dial(ctx, s)
		var no *refusal
		if !errors.As(err, &no) || no.referral == "" {
			return c, err
		}
		if hops == hopsMost {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "manage mail filters at", Thing: first.address(), Err: errors.New("its servers send one another's users on and on")}
		}
		if s, err = s.refer(first.Host, no.referral); err != nil {
			return nil, &tandem.Error{Kind: tandem.Denied, Op: "manage mail filters at", Thing: first.address(), Err: err, Remedy: "if that is right, name the other server as the place of the filters"}
		}
	}
}

func (s Server) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// dial connects to one server and logs in.
func dial(ctx context.Context, s Server) (*Client, error) {
	connect := s.Dial
	if connect == nil {
		connect = func(ctx context.Context, address string) (net.Conn, error) {
			return netguard.System(ctx, "tcp", address)
		}
	}
	conn, err := connect(ctx, s.address())
	if err != nil {
		return nil, s.failed(err, true)
	}
	c := &Client{conn: conn}
	c.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if err := c.begin(ctx, s); err != nil {
		c.Close()
		return nil, s.failed(err, false)
	}
	return c, nil
}

// failed says what kept somebody from logging in: a server that cannot be reached may be there later, one that is not what is needed will not be.
func (s Server) failed(err error, connecting bool) error {
	e := &tandem.Error{Kind: tandem.KindOf(err), Op: "manage mail filters at", Thing: s.address(), Err: err}
	var no *refusal
	var line net.Error
	switch {
	case errors.As(err, &no):
		if e.Kind = tandem.Invalid; no.login {
			e.Kind = tandem.Denied
		}
	case e.Kind != tandem.Internal: // somebody said it already
	case connecting, errors.As(err, &line), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		e.Kind, e.Remedy = tandem.Transient, "look whether it is there, at this port"
	default:
		e.Kind = tandem.Invalid
	}
	return e
}

// begin greets, secures the line and logs in.
func (c *Client) begin(ctx context.Context, s Server) error {
	cfg := &tls.Config{}
	if s.Roots != nil {
		cfg = s.Roots.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = s.Host
	}
	secure := func() error {
		t := tls.Client(c.conn, cfg)
		if err := t.HandshakeContext(ctx); err != nil {
			return err
		}
		c.conn, c.r = t, bufio.NewReaderSize(t, maxLine)
		return nil
	}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	c.r = bufio.NewReaderSize(c.conn, maxLine)
	if s.TLS == "tls" {
		if err := secure(); err != nil {
			return err
		}
	}
	if err := c.capabilities(); err != nil {
		return err
	}
	if s.TLS != "tls" && s.TLS != "none" {
		if _, ok := c.can["STARTTLS"]; !ok {
			return errors.New("the server offers no encryption")
		}
		if _, err := c.do("STARTTLS"); err != nil {
			return err
		}
		if c.r.Buffered() > 0 { // RFC 5804 2.2: nothing that came before counts
			return errors.New("the server says more than it was asked")
		}
		if err := secure(); err != nil {
			return err
		}
		if err := c.capabilities(); err != nil {
			return err
		}
	}
	if !strings.Contains(" "+strings.ToUpper(c.can["SASL"])+" ", " PLAIN ") {
		return errors.New("the server takes no password")
	}
	_, err := c.do(`AUTHENTICATE "PLAIN" ` + quoted(base64.StdEncoding.EncodeToString([]byte("\x00"+s.User+"\x00"+s.Password))))
	var no *refusal
	if errors.As(err, &no) {
		no.login, no.text = true, masked.Text(no.text, s.Password)
	}
	return err
}

// capabilities reads what the server says that it can. RFC 5804 1.7
func (c *Client) capabilities() error {
	lines, err := c.answer()
	if err != nil {
		return err
	}
	c.can = map[string]string{}
	for _, l := range lines {
		value := ""
		if len(l) > 1 {
			value = l[1]
		}
		if len(l) > 0 {
			c.can[strings.ToUpper(l[0])] = value
		}
	}
	return nil
}

// Can reports whether the server's scripts know an extension.
func (c *Client) Can(extension string) bool {
	return strings.Contains(" "+strings.ToLower(c.can["SIEVE"])+" ", " "+extension+" ")
}

// Close ends the connection.
func (c *Client) Close() error {
	c.stop()
	_, _ = io.WriteString(c.conn, "LOGOUT\r\n") // error: it ends either way
	return c.conn.Close()
}

// refusal is an answer other than OK.
type refusal struct {
	text     string
	code     string // "NONEXISTENT"
	referral string // the address of the server to ask instead. RFC 5804 1.8
	login    bool
}

func (r *refusal) Error() string { return "the server says: " + r.text }

// Scripts are the names of the user's scripts, and which one is active, "" for none. RFC 5804 2.7
func (c *Client) Scripts() (names []string, active string, err error) {
	lines, err := c.do("LISTSCRIPTS")
	for _, l := range lines {
		if len(l) == 0 {
			continue
		}
		names = append(names, l[0])
		if len(l) > 1 && strings.EqualFold(l[1], "ACTIVE") {
			active = l[0]
		}
	}
	return names, active, err
}

// Get is the text of a script. RFC 5804 2.9
func (c *Client) Get(name string) (string, error) {
	lines, err := c.do("GETSCRIPT " + quoted(name))
	if err != nil {
		return "", err
	}
	if len(lines) == 0 || len(lines[0]) == 0 {
		return "", errors.New("the server answers without the script")
	}
	return lines[0][0], nil
}

// Put writes a script, which the server checks. RFC 5804 2.6
func (c *Client) Put(name, text string) error {
	_, err := c.do(fmt.Sprintf("PUTSCRIPT %s {%d+}\r\n%s", quoted(name), len(text), text))
	return err
}

// Activate makes a script the one that runs; "" none. RFC 5804 2.8
func (c *Client) Activate(name string) error {
	_, err := c.do("SETACTIVE " + quoted(name))
	return err
}

// Delete removes a script that is not active. RFC 5804 2.10
func (c *Client) Delete(name string) error {
	_, err := c.do("DELETESCRIPT " + quoted(name))
	return err
}

// do sends a command and reads its answer.
func (c *Client) do(command string) ([][]string, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c.conn, command+"\r\n"); err != nil {
		return nil, err
	}
	return c.answer()
}

// answer reads lines of strings up to the one that says how it went. RFC 5804 1.2, 4
func (c *Client) answer() (lines [][]string, err error) {
	total := 0
	for range maxLines {
		line, words, err := c.line()
		if err != nil {
			return nil, err
		}
		for _, w := range words {
			total += len(w)
		}
		if total > maxString {
			return nil, errors.New("the server says too much")
		}
		if line == "" { // begins with a string
			lines = append(lines, words)
			continue
		}
		text := strings.Join(words, " ")
		switch strings.ToUpper(line) {
		case "OK":
			return lines, nil
		case "NO", "BYE":
			no := &refusal{text: text}
			if strings.HasPrefix(text, "(") {
				code, _, _ := strings.Cut(text[1:], ")")
				if name, to, _ := strings.Cut(code, " "); strings.EqualFold(name, "REFERRAL") {
					no.referral = strings.TrimSpace(to)
				}
				no.code = strings.ToUpper(code)
			}
			return nil, no
		}
		return nil, fmt.Errorf("the server says %.40q", line)
	}
	return nil, errors.New("the server says too much")
}

// line reads one line: the atom that it begins with, if it does, and what else is in it.
func (c *Client) line() (atom string, words []string, err error) {
	for first := true; ; first = false {
		raw, err := c.r.ReadSlice('\n')
		if err != nil {
			return "", nil, err
		}
		rest := strings.TrimRight(string(raw), "\r\n")
		literal := -1
		if i := strings.LastIndexByte(rest, '{'); i >= 0 && strings.HasSuffix(rest, "}") {
			if n, err := strconv.Atoi(strings.TrimSuffix(rest[i+1:len(rest)-1], "+")); err == nil && n >= 0 {
				literal, rest = n, rest[:i]
			}
		}
		for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
			var w string
			isString := rest[0] == '"'
			if w, rest, err = word(rest); err != nil {
				return "", nil, err
			}
			if first && !isString && atom == "" && len(words) == 0 {
				atom = w
			} else {
				words = append(words, w)
			}
		}
		if literal < 0 {
			return atom, words, nil
		}
		if literal > maxString {
			return "", nil, errors.New("the server sends too long a text")
		}
		text := make([]byte, literal)
		if _, err := io.ReadFull(c.r, text); err != nil {
			return "", nil, err
		}
		words = append(words, string(text))
	}
}

// word cuts a quoted string or an atom off a line.
func word(s string) (w, rest string, err error) {
	if s[0] != '"' {
		i := strings.IndexByte(s, ' ')
		if i < 0 {
			return s, "", nil
		}
		return s[:i], s[i:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], nil
		case '\\':
			if i++; i == len(s) {
				return "", "", errors.New("the server's string has no end")
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", errors.New("the server's string has no end")
}

// quoted writes a string as commands and scripts have it. Control characters are left out. RFC 5804 1.2, RFC 5228 2.4.2
func quoted(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
