package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tandem"
)

// maxSmall bounds in bytes what is read of a file with a secret or certificates.
const maxSmall = 1 << 20

// ReadSmall reads a file that holds a secret or certificates.
func ReadSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = errors.New("it is too large")
	}
	return data, err
}

// AccountSecret reads a secret of an account at a host. The option password-from of the place says where the one called "password" is; else the person is asked, or
// what was kept under the name is taken.
func AccountSecret(ctx context.Context, place Place, env Env, what, host, name string) (string, error) {
	from := place.Options["password-from"]
	kind, where, _ := strings.Cut(from, ":")
	fail := func(err error, remedy string) error {
		return &tandem.Error{Kind: tandem.Denied, Op: "read the " + what, Thing: from, Err: err, Remedy: remedy}
	}
	switch {
	case from == "" || what != "password" || from == "prompt":
		if env.Secret == nil {
			return "", &tandem.Error{Kind: tandem.Denied, Op: "log in to", Thing: host, Err: errors.New("there is nobody to ask for the " + what),
				Remedy: "give the option password-from, as in password-from=file:/path"}
		}
		return env.Secret(ctx, name)
	case kind == "file":
		data, err := ReadSmall(where)
		if err != nil {
			return "", fail(err, "name a file that holds nothing but the password")
		}
		return strings.TrimRight(string(data), "\r\n"), nil
	case kind == "env":
		v, ok := os.LookupEnv(where)
		if !ok {
			return "", fail(errors.New("the variable is not set"), "set it where tandem is started")
		}
		return v, nil
	}
	return "", &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: "password-from", Err: fmt.Errorf("%q is not valid", from), Remedy: "give file:PATH or env:NAME"}
}
