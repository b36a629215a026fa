package outgoing

import (
	"context"
	"strings"
	"testing"

	"tandem"
)

// vault keeps secrets in the open.
type vault map[string]string

func (v vault) Get(_ context.Context, name string) (string, error) {
	s, ok := v[name]
	if !ok {
		return "", tandem.Errorf(tandem.NotFound, "none")
	}
	return s, nil
}

func (v vault) Put(_ context.Context, name, s string) error { v[name] = s; return nil }

// TestHubAccount: the hub's server is kept as one secret, its password is kept for its host only, and what is no server is refused.
func TestHubAccount(t *testing.T) {
	t.Parallel()
	v := vault{}
	s := &Service{Secrets: v}
	ctx := t.Context()
	if a, ok, err := s.HubAccount(ctx); ok || err != nil || a.Host != "" {
		t.Fatalf("%+v, %v, %v", a, ok, err)
	}
	good := Account{Host: "smtp.example.org", Port: 465, TLS: "tls", User: "hub", From: "hub@example.org", Guarded: true}
	for name, change := range map[string]func(*Account){"from": func(a *Account) { a.From = "" }, "no address": func(a *Account) { a.From = "x y" }, "port": func(a *Account) { a.Port = 0 }, "plain": func(a *Account) { a.TLS = "none" }} {
		a := good
		change(&a)
		if err := s.SetHubAccount(ctx, a, "battery"); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(v) != 0 {
		t.Fatalf("kept %v", v)
	}
	if err := s.SetHubAccount(ctx, good, "battery"); err != nil {
		t.Fatal(err)
	}
	good.Guarded = false
	if a, ok, err := s.HubAccount(ctx); !ok || err != nil || a != good {
		t.Errorf("%+v, %v, %v", a, ok, err)
	}
	good.Port = 587
	if err := s.SetHubAccount(ctx, good, ""); err != nil || !strings.Contains(v[hubSecret], "battery") {
		t.Errorf("%v, %v", err, v)
	}
	evil := good
	evil.Host = "evil.example.org"
	if err := s.SetHubAccount(ctx, evil, ""); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("the password goes elsewhere: %v", err)
	}
	if err := s.SetHubAccount(ctx, Account{}, ""); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.HubAccount(ctx); ok || err != nil || strings.Contains(v[hubSecret], "battery") {
		t.Errorf("%v, %v, %v", ok, err, v)
	}
}
