package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"tandem/internal/ui"
)

// maxPasswordFile bounds in bytes what is read of a password file.
const maxPasswordFile = 64 << 10

// password reads a new password: from a file ("-" is the standard input), or asks for it twice at a terminal. Without either it
// is wrong usage: unattended, nothing is ever asked.
func (a *app) password(ctx context.Context, file string) (string, error) {
	if file != "" {
		return a.passwordFrom(file)
	}
	in, ok := a.in.(*os.File)
	if !ok || !ui.Terminal(a.in) {
		return "", errUsage{errors.New("there is no terminal to ask at for the password: name a file that holds it with --password-file FILE")}
	}
	first, err := a.secret(ctx, in, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := a.secret(ctx, in, "Again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two are not the same; nothing was changed")
	}
	return first, nil
}

// oldPassword reads a password that is there already, as password does, but asks once.
func (a *app) oldPassword(ctx context.Context, file string) (string, error) {
	if file != "" {
		return a.passwordFrom(file)
	}
	in, ok := a.in.(*os.File)
	if !ok || !ui.Terminal(a.in) {
		return "", errUsage{errors.New("there is no terminal to ask at for the password: name a file that holds it with --password-file FILE")}
	}
	return a.secret(ctx, in, "Password: ")
}

func (a *app) passwordFrom(file string) (string, error) {
	in := a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read password: %w; name a file that holds it in one line, and that you may read", err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxPasswordFile+1))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	if len(data) > maxPasswordFile {
		return "", fmt.Errorf("read password: %s is too large to hold one", file)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), nil
}

// secret asks for a line that is not shown. Ctrl-C leaves the terminal as it was.
func (a *app) secret(ctx context.Context, in *os.File, prompt string) (string, error) {
	fd := int(in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("ask for the password: %w", err)
	}
	fmt.Fprint(a.err, prompt)
	type answer struct {
		text []byte
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- answer{text, err}
	}()
	select {
	case x := <-got:
		fmt.Fprintln(a.err)
		if x.err != nil {
			return "", fmt.Errorf("ask for the password: %w", x.err)
		}
		return string(x.text), nil
	case <-ctx.Done():
		_ = term.Restore(fd, state) // the program ends now; if this fails, nothing else would help
		fmt.Fprintln(a.err)
		return "", ctx.Err()
	}
}
