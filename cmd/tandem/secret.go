package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"tandem"
	"tandem/internal/secrets"
	"tandem/internal/ui"
)

// secretsDir is where the data folder keeps passwords and logins of accounts elsewhere.
const secretsDir = "secrets"

func secretsOf(dir string) secrets.Folder { return secrets.Folder(filepath.Join(dir, secretsDir)) }

// asking reads a secret from a person.
type asking func(ctx context.Context, name string) (string, error)

// secretSource hands out what is kept, and asks for what is not. ask is nil where nobody is there.
func secretSource(keep secrets.Folder, ask asking) func(ctx context.Context, name string) (string, error) {
	return func(ctx context.Context, name string) (string, error) {
		data, err := keep.Get(name)
		switch {
		case err == nil:
			return string(data), nil
		case !tandem.IsKind(err, tandem.NotFound):
			return "", err
		case ask == nil:
			return "", &tandem.Error{Kind: tandem.Denied, Op: "read the", Thing: name, Err: errors.New("it is not kept here, and nobody is there to ask"),
				Remedy: "run `tandem partner login PLACE` once, or give the place the option password-from"}
		}
		return ask(ctx, name)
	}
}

// asker at the terminal, nil where there is none.
func (a *app) askSecret() asking {
	in, ok := a.in.(*os.File)
	if !ok || !ui.Terminal(a.in) {
		return nil
	}
	return func(ctx context.Context, name string) (string, error) { return a.secret(ctx, in, "The "+name+": ") }
}
