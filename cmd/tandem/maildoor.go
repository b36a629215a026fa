package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/partner/account"
	"tandem/partner/outgoing"
	"tandem/provider"
	"tandem/server/delivery"
	"tandem/store"
)

// mailFlags say where a hub receives mail.
type mailFlags struct {
	smtp, lmtp string
	domains    []string
	max        string // of a message
}

func (f *mailFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.smtp, "smtp", "", "receive mail from the world: :25 or 192.0.2.1:25 (default: do not)")
	fl.StringVar(&f.lmtp, "lmtp", "", "receive mail from a mail server in front: 127.0.0.1:24 or unix:/run/tandem/lmtp (default: do not)")
	fl.StringSliceVar(&f.domains, "mail-domain", nil, "a domain whose mail is for users by name: anna@example.org for anna (default: only users' own addresses)")
	fl.StringVar(&f.max, "mail-max", "", "the largest message that is received, such as 200MiB (default: 50MiB)")
}

func (f mailFlags) check() error {
	if n, err := provider.ParseSize(f.max); f.max != "" && (err != nil || n <= 0) {
		return errUsage{fmt.Errorf("--mail-max takes a size, such as 200MiB, not %q", f.max)}
	}
	for flag, at := range map[string]string{"--smtp": f.smtp, "--lmtp": f.lmtp} {
		if at == "" || flag == "--lmtp" && strings.HasPrefix(at, unixPrefix) && len(at) > len(unixPrefix) {
			continue
		}
		_, port, err := net.SplitHostPort(at)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return errUsage{fmt.Errorf("%s takes HOST:PORT, such as 127.0.0.1:24, not %s", flag, at)}
		}
	}
	for _, d := range f.domains {
		if strings.ContainsAny(d, "@ /") || d == "" {
			return errUsage{fmt.Errorf("--mail-domain takes a domain, such as example.org, not %q", d)}
		}
	}
	return nil
}

const unixPrefix = "unix:"

// listenMail opens an address for mail. A socket that nobody answers at is replaced.
func listenMail(at string) (net.Listener, error) {
	fail := func(err error) error {
		return &tandem.Error{Kind: tandem.KindOf(err), Op: "receive mail at", Thing: at, Err: err, Remedy: "choose an address that is free and that this user may open"}
	}
	path, local := strings.CutPrefix(at, unixPrefix)
	if !local {
		l, err := net.Listen("tcp", at)
		if err != nil {
			return nil, fail(err)
		}
		return l, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fail(err)
	}
	if fi, err := os.Lstat(path); err == nil && fi.Mode()&fs.ModeSocket != 0 {
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fail(errors.New("another program answers there"))
		}
		if err := os.Remove(path); err != nil {
			return nil, fail(err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fail(err)
	}
	// Mail servers run as users of their own; who may come here is a matter of the folder's permissions.
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(fail(err), l.Close())
	}
	return l, nil
}

// mailDoor receives mail.
type mailDoor struct {
	srv        *delivery.Server
	smtp, lmtp net.Listener // nil: not there
	domains    []string     // whose mail is for users by name
}

// hasMail reports whether a user can send mail or receive it here.
func (h *hub) hasMail(u store.User) bool {
	if _, sends := outgoing.AccountOf(u); sends {
		return true
	}
	return h.mail != nil && (strings.Contains(outgoing.Address(u), "@") || len(h.mail.domains) > 0)
}

// openMail opens the addresses for mail; nobody is served yet. Without any address there is no door.
func (h *hub) openMail(f mailFlags, d *doors, log *slog.Logger) (err error) {
	if f.smtp == "" && f.lmtp == "" {
		return nil
	}
	m := &mailDoor{domains: f.domains}
	if f.smtp != "" {
		if m.smtp, err = listenMail(f.smtp); err != nil {
			return err
		}
	}
	if f.lmtp != "" {
		if m.lmtp, err = listenMail(f.lmtp); err != nil {
			return errors.Join(err, m.close())
		}
	}
	var cert *tls.Config
	if d != nil && d.cert != nil {
		cert = d.cert.Clone()
		cert.NextProtos = nil // no HTTP here
	}
	largest, err := provider.ParseSize(f.max)
	if err != nil {
		largest = 0 // none was given, or check said so
	}
	m.srv = delivery.New(delivery.Config{Boxes: h.boxes, Name: hostName(), Domains: f.domains, Max: largest, TLS: cert, Postmaster: h.postmaster, Log: log})
	h.mail = m
	return nil
}

// postmaster is the administrator who gets mail for "postmaster": the first by name, of those with a mail address if there are some. NotFound.
func (h *hub) postmaster(ctx context.Context) (store.User, error) {
	users, err := h.accounts.Users(ctx)
	if err != nil {
		return store.User{}, err
	}
	slices.SortFunc(users, func(a, b store.User) int { return strings.Compare(a.Name, b.Name) })
	users = slices.DeleteFunc(users, func(u store.User) bool { return !account.IsAdmin(u) })
	if i := slices.IndexFunc(users, func(u store.User) bool { return outgoing.Address(u) != "" }); i >= 0 {
		return users[i], nil
	}
	if len(users) == 0 {
		return store.User{}, &tandem.Error{Kind: tandem.NotFound, Op: "find postmaster", Remedy: "make somebody an administrator"}
	}
	return users[0], nil
}

// lastMail is how long mail that is being received may take when the hub stops. Who is cut off sends it again.
const lastMail = 5 * time.Second

// serve receives until ctx is done, or an address fails.
func (m *mailDoor) serve(ctx context.Context) error {
	if m == nil {
		<-ctx.Done()
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var ended []chan error
	run := func(l net.Listener, serve func(net.Listener) error) {
		if l == nil {
			return
		}
		end := make(chan error, 1)
		ended = append(ended, end)
		go func() {
			defer stop()
			end <- serve(l)
		}()
	}
	run(m.smtp, m.srv.ServeSMTP)
	run(m.lmtp, m.srv.ServeLMTP)
	<-ctx.Done()
	wait, done := context.WithTimeout(context.WithoutCancel(ctx), lastMail)
	defer done()
	err := m.srv.Shutdown(wait)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	err = errors.Join(err, m.close())
	for _, end := range ended {
		err = errors.Join(err, <-end)
	}
	return err
}

// close gives the addresses back.
func (m *mailDoor) close() error {
	if m == nil {
		return nil
	}
	var err error
	for _, l := range []net.Listener{m.smtp, m.lmtp} {
		if l == nil {
			continue
		}
		if e := l.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// mailAddresses says where mail is received.
func (a *app) mailAddresses(m *mailDoor) error {
	if m == nil {
		return nil
	}
	tell := func(by string, l net.Listener) error {
		if l == nil {
			return nil
		}
		_, err := fmt.Fprintf(a.out, "Mail by %s: %s\n", by, l.Addr())
		return err
	}
	return errors.Join(tell("SMTP", m.smtp), tell("LMTP", m.lmtp))
}
