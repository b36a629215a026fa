package center

import "context"

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
	return h.cfg.Secrets.Get(ctx, name)
}

// KeepSecret implements Service.
func (h *Hub) KeepSecret(ctx context.Context, name, secret string) error {
	return h.cfg.Secrets.Put(ctx, name, secret)
}

// SecretNames implements Service.
func (h *Hub) SecretNames(ctx context.Context) ([]string, error) { return h.cfg.Secrets.Names(ctx) }

// RotateSecrets implements Service.
func (h *Hub) RotateSecrets(ctx context.Context) (int, error) { return h.cfg.Secrets.Rotate(ctx) }
