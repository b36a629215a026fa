// Package imap is the provider for mail accounts elsewhere: one replica is one mailbox (folder) of an IMAP server (RFC 3501, RFC 9051).
//
// A message never changes, only its flags do. Its id is its UID, its version what its flags are; when the server counts UIDs anew (UIDVALIDITY), that is another
// epoch. What changed is asked with CONDSTORE (RFC 7162) where there is that; what vanished is told by comparing what the cursor remembers with what is there. QRESYNC, which would tell by itself, is
// beyond the library; COMPRESS and NOTIFY are spoken below it. A message that is marked as deleted counts as gone (as RFC 8621 has it), whether or not it was removed already.
package imap

import (
	"context"
	"time"

	"tandem"
	"tandem/provider"
)

const (
	maxBody = 1 << 30 // of one message
	batch   = 100     // writes in one Apply
	links   = 3       // connections of an account that work at the same time
)

// Providers declares the providers of this package. Replicas of one account that they open share its connections.
func Providers() []*provider.Provider {
	s := &accounts{open: map[string]*account{}, seen: map[string]*glances{}, now: time.Now, poll: pollEvery}
	return []*provider.Provider{s.declare(true), s.declare(false)}
}

func (s *accounts) declare(secure bool) *provider.Provider {
	p := &provider.Provider{Name: "imap", Title: "Mail folder of a server, with STARTTLS or within one machine", Help: help +
		" The connection is encrypted with STARTTLS; without, the password is sent to this machine only.",
		Examples: []string{"imap://anna@localhost:1143/INBOX"}, Kinds: []tandem.Kind{tandem.Mail}, Options: options(), Network: true,
		Features: provider.Features{Cursor: true, Watch: true, Attrs: true, Lasting: true, MaxSize: maxBody, Batch: batch, Workers: links}}
	if secure {
		p.Name, p.Title, p.Help = "imaps", "Mail folder of a server (IMAP)", help
		p.Examples = []string{"imaps://anna@mail.example.org/INBOX", "imaps://anna%40example.org@mail.example.org/Projects/2026?days=90"}
	}
	p.Open = func(ctx context.Context, place provider.Place, env provider.Env) (*provider.Opened, error) {
		return s.openMailbox(ctx, secure, place, env)
	}
	p.List = func(ctx context.Context, place provider.Place, env provider.Env) ([]provider.Found, error) {
		return s.list(ctx, secure, place, env)
	}
	p.Folders = func(ctx context.Context, place provider.Place, env provider.Env) (provider.Folders, error) {
		return s.folders(ctx, secure, place, env)
	}
	p.Carry = func(ctx context.Context, from, to provider.Place, env provider.Env, what provider.Carried) ([]tandem.Outcome, []tandem.ID, error) {
		return s.carry(ctx, secure, from, to, env, what)
	}
	p.Seek = func(ctx context.Context, place provider.Place, env provider.Env, q provider.Sought) (provider.Beyond, error) {
		return s.seek(ctx, secure, place, env, q)
	}
	return p
}

const help = "A mail folder of an account at a server, such as Fastmail, Gmail, iCloud, Outlook or Dovecot. Messages are kept byte for byte, except that lines end as mail wants it; " +
	"what was done to them (read, flagged, answered, forwarded, keywords) and when they came is kept, too. A message that is deleted here is removed there, unless the server cannot remove " +
	"single messages (UIDPLUS): then it stays marked as deleted. The address names the account and the folder; without a folder it is the inbox, and `tandem partner show` lists what there is. A " +
	"mail address as the user's name is written with %40 for its @. The password is asked for at the terminal and kept in the data folder by `tandem partner login`, or read from where " +
	"password-from says. Many providers want a password made for this one program (\"app password\")."

func options() []provider.Option {
	return []provider.Option{
		{Name: "user", Type: "string", Help: "name to log in with, where it is not the one in the address"},
		{Name: "password-from", Type: "string", Help: "where the password is read: file:PATH or env:NAME; else it is asked for and kept in the data folder", Machine: true},
		{Name: "password", Type: "string", Help: "password of the account", Secret: true},
		{Name: "login", Type: "choice", Choices: []string{"auto", "bearer", "oauth"}, Default: "auto",
			Help: "how to log in; auto uses the password, bearer sends it as a token, oauth asks the person once with a code or in the browser"},
		{Name: "client-id", Type: "string", Help: "oauth: the id that the provider gave this program", Machine: true},
		{Name: "oauth-device", Type: "string", Help: "oauth: address of the provider's device authorization, where it is not known to Tandem", Machine: true},
		{Name: "oauth-authorize", Type: "string", Help: "oauth: address where a person agrees in a browser on this machine, for providers without the one above", Machine: true},
		{Name: "oauth-token", Type: "string", Help: "oauth: address of the provider's tokens", Machine: true},
		{Name: "oauth-scope", Type: "string", Help: "oauth: what to ask for", Machine: true},
		{Name: "client-secret", Type: "string", Help: "oauth: its secret, asked for and kept like the password", Secret: true, Machine: true},
		{Name: "ca", Type: "path", Help: "file of certificates to trust beside the system's", Machine: true},
		{Name: "pin", Type: "string", Help: "SHA-256 fingerprint of the server's certificate, which alone is then trusted"},
		{Name: "days", Type: "int", Default: "0", Help: "only messages that came in so many days; 0: all. Older ones stay where they are on both sides"},
		{Name: "also", Type: "string", Help: "days that are in sight beside those, with commas: 2020-03-01..2020-04-30, 2020-03-01, ..2019-12-31, a number of days, or all; Folder:365 is for that folder alone"},
		{Name: "connections", Type: "int", Default: "3", Help: "how many connections of the account may work at the same time"},
		{Name: "compress", Type: "choice", Choices: []string{"auto", "yes", "no"}, Default: "auto",
			Help: "whether connections are compressed where the server can; auto: when much is to go over them, unless the server is near"},
		{Name: "read-only", Type: "bool", Help: "never write there"},
		provider.BehalfOption(),
	}
}
