package dav

import (
	"context"
	"errors"

	"tandem"
	"tandem/provider"
)

func (a *acct) openTree(context.Context) (*provider.Opened, error) {
	return nil, &tandem.Error{Kind: tandem.Invalid, Op: "open", Thing: a.place.Text, Err: errors.New("files are not supported")}
}

func (a *acct) folders(context.Context) ([]provider.Found, error) { return nil, nil }
