package center

import (
	"context"
	"errors"
	"slices"

	"tandem"
	"tandem/partner/account"
)

// Secrets is the part of Service about passwords and logins of accounts elsewhere, which are kept sealed (partner/seal). It is for the owner of the data
// folder, who has its key, too.
type Secrets interface {
	// Secret is a secret in clear, for a process that logs in itself. NotFound; Unreadable where its key is missing.
	Secret(ctx context.Context, name string) (string, error)
	KeepSecret(ctx context.Context, name, secret string) error // an empty one is forgotten
	SecretNames(ctx context.Context) ([]string, error)         // in order
	// RotateSecrets seals everything with a new key, and returns how many secrets that were.
	RotateSecrets(ctx context.Context) (int, error)
}

// Secret implements Service.
func (h *Hub) Secret(ctx context.Context, name string) (string, error) {
	if account.LetsIn(name) {
		return "", lettingIn("read secret", name)
	}
	return h.cfg.Secrets.Get(ctx, name)
}

// KeepSecret implements Service.
func (h *Hub) KeepSecret(ctx context.Context, name, secret string) error {
	if account.LetsIn(name) {
		return lettingIn("keep secret", name)
	}
	return h.cfg.Secrets.Put(ctx, name, secret)
}

// lettingIn refuses to hand out or change what users log in to the hub with.
func lettingIn(op, name string) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: name, Err: errors.New("this is how a user logs in to the hub"), Remedy: "see `tandem user totp`"}
}

// SecretNames implements Service. What users log in to the hub with is not among them.
func (h *Hub) SecretNames(ctx context.Context) ([]string, error) {
	names, err := h.cfg.Secrets.Names(ctx)
	return slices.DeleteFunc(names, account.LetsIn), err
}

// RotateSecrets implements Service.
func (h *Hub) RotateSecrets(ctx context.Context) (int, error) { return h.cfg.Secrets.Rotate(ctx) }
