package control

import (
	"context"
	"net/http"

	"tandem/center"
)

// secretArg carries a secret in clear, over a socket that only the owner of the data folder can open.
type secretArg struct {
	Name   string
	Secret string `json:",omitempty"`
}

func handleSecrets(mux *http.ServeMux, s center.Secrets) {
	handle(mux, "Secret", func(ctx context.Context, a nameArg) (string, error) { return s.Secret(ctx, a.Name) })
	handle(mux, "KeepSecret", func(ctx context.Context, a secretArg) (nothing, error) {
		return nothing{}, s.KeepSecret(ctx, a.Name, a.Secret)
	})
	handle(mux, "SecretNames", func(ctx context.Context, _ nothing) ([]string, error) { return s.SecretNames(ctx) })
	handle(mux, "RotateSecrets", func(ctx context.Context, _ nothing) (int, error) { return s.RotateSecrets(ctx) })
}

func handleMembers(mux *http.ServeMux, s center.Members) {
	handle(mux, "MemberBounds", func(ctx context.Context, _ nothing) (center.Bounds, error) { return s.MemberBounds(ctx) })
	handle(mux, "SetMemberBounds", func(ctx context.Context, b center.Bounds) (nothing, error) {
		return nothing{}, s.SetMemberBounds(ctx, b)
	})
	handle(mux, "BoundsOf", func(ctx context.Context, a nameArg) (center.PersonBounds, error) { return s.BoundsOf(ctx, a.Name) })
	handle(mux, "SetBoundsOf", func(ctx context.Context, a boundsArg) (nothing, error) {
		return nothing{}, s.SetBoundsOf(ctx, a.User, a.Bounds)
	})
}

// MemberBounds implements center.Service.
func (c *Client) MemberBounds(ctx context.Context) (center.Bounds, error) {
	return call[center.Bounds](ctx, c, "MemberBounds", nothing{})
}

// SetMemberBounds implements center.Service.
func (c *Client) SetMemberBounds(ctx context.Context, b center.Bounds) error {
	return do(ctx, c, "SetMemberBounds", b)
}

// boundsArg says what one user may reach; nil: what everybody may.
type boundsArg struct {
	User   string
	Bounds *center.Bounds
}

// BoundsOf implements center.Service.
func (c *Client) BoundsOf(ctx context.Context, user string) (center.PersonBounds, error) {
	return call[center.PersonBounds](ctx, c, "BoundsOf", nameArg{user})
}

// SetBoundsOf implements center.Service.
func (c *Client) SetBoundsOf(ctx context.Context, user string, b *center.Bounds) error {
	return do(ctx, c, "SetBoundsOf", boundsArg{user, b})
}

// Secret implements center.Service.
func (c *Client) Secret(ctx context.Context, name string) (string, error) {
	return call[string](ctx, c, "Secret", nameArg{name})
}

// KeepSecret implements center.Service.
func (c *Client) KeepSecret(ctx context.Context, name, secret string) error {
	return do(ctx, c, "KeepSecret", secretArg{name, secret})
}

// SecretNames implements center.Service.
func (c *Client) SecretNames(ctx context.Context) ([]string, error) {
	return call[[]string](ctx, c, "SecretNames", nothing{})
}

// RotateSecrets implements center.Service.
func (c *Client) RotateSecrets(ctx context.Context) (int, error) {
	return call[int](ctx, c, "RotateSecrets", nothing{})
}
