// Package dav is the provider for servers of contacts (CardDAV), of events, tasks and notes (CalDAV), and of files (WebDAV): what phones and desktop
// programs sync with.
//
// A place names a server, an account or one collection. What lies between is found as RFC 6764 says: by service records, well-known addresses, the
// principal and its homes. What changed is asked with sync reports (RFC 6578) where there are any, else by entity tags. Writes carry the entity tag they
// expect. What servers do otherwise than the standards say is told in quirk.go.
package dav

import (
	"context"
	"net"

	"tandem"
	"tandem/provider"
)

// Resolver finds servers of a domain; *net.Resolver is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Providers declares the providers of this package.
func Providers() []*provider.Provider { return providers(net.DefaultResolver) }

func providers(res Resolver) []*provider.Provider {
	var out []*provider.Provider
	for _, s := range services() {
		for _, secure := range []bool{true, false} {
			s := s
			s.secure = secure
			out = append(out, s.declare(res))
		}
	}
	return out
}

// service is one of the protocols.
type service struct {
	name   string // "carddav"
	secure bool
	title  string
	help   string
	kinds  []tandem.Kind
}

func services() []service {
	return []service{
		{name: "carddav", title: "Address book of a server", kinds: []tandem.Kind{tandem.Contact},
			help: "Contacts of a CardDAV server, such as Nextcloud, Fastmail, iCloud, Google, SOGo or Radicale. " + account},
		{name: "caldav", title: "Calendar, tasks or notes of a server", kinds: []tandem.Kind{tandem.Event, tandem.Task, tandem.Note},
			help: "Events, tasks or notes (journal entries) of a CalDAV server, such as Nextcloud, Fastmail, iCloud, Google, SOGo or Radicale. " +
				"A collection that holds several kinds is opened as one of them at a time. " + account},
		{name: "webdav", title: "Files of a server", kinds: []tandem.Kind{tandem.File},
			help: "A folder of a WebDAV server and all that is below it, such as Nextcloud's files. The address is that of the folder. " +
				"Times and modes of files are not kept there. " + login},
	}
}

const (
	account = "The address is that of the collection, of the account or of the server; a mail address in place of an address does where its domain says where its " +
		"server is. Where an account has several collections, name one with the option collection, or list them with `tandem partner show`. " + login
	login = "The password is asked for at the terminal and kept in the data folder by `tandem partner login`, or read from where password-from says. " +
		"Many providers want a password made for this one program (\"app password\")."
)

func (s service) scheme() string {
	if s.secure {
		return s.name + "s"
	}
	return s.name
}

func (s service) declare(res Resolver) *provider.Provider {
	title := s.title
	if !s.secure {
		title += ", not encrypted"
	}
	p := &provider.Provider{Name: s.scheme(), Title: title, Help: s.help, Examples: s.examples(), Kinds: s.kinds, Options: s.options(), Network: true,
		Features: provider.Features{Cursor: true, Workers: workers, Batch: batch, MaxSize: maxBody}}
	if s.name == "webdav" {
		p.Features = provider.Features{Tree: true, Rename: true}
	}
	if !s.secure {
		p.Help += " Without encryption everybody on the way can read the password and all data: use it only within one machine or a network of your own."
	}
	p.Open = func(ctx context.Context, place provider.Place, env provider.Env) (*provider.Opened, error) {
		return open(ctx, s, res, place, env)
	}
	p.List = func(ctx context.Context, place provider.Place, env provider.Env) ([]provider.Found, error) {
		return list(ctx, s, res, place, env)
	}
	return p
}

func (s service) examples() []string {
	switch {
	case s.name == "webdav":
		return []string{s.scheme() + "://anna@cloud.example.org/remote.php/dav/files/anna/Documents/"}
	case s.secure:
		return []string{s.scheme() + "://anna@dav.example.org/", s.scheme() + ":anna@example.org?collection=Family"}
	}
	return []string{s.scheme() + "://anna@localhost:5232/anna/book/"}
}

func (s service) options() []provider.Option {
	opts := []provider.Option{
		{Name: "user", Type: "string", Help: "name to log in with, where it is not the one in the address"},
		{Name: "password-from", Type: "string", Help: "where the password is read: file:PATH or env:NAME; else it is asked for and kept in the data folder", Machine: true},
		{Name: "password", Type: "string", Help: "password of the account", Secret: true},
		{Name: "login", Type: "choice", Choices: []string{"auto", "basic", "digest", "bearer", "oauth"}, Default: "auto",
			Help: "how to log in; auto does what the server asks for, bearer sends the password as a token, oauth asks the person once with a code"},
		{Name: "client-id", Type: "string", Help: "oauth: the id that the provider gave this program", Machine: true},
		{Name: "oauth-device", Type: "string", Help: "oauth: address of the provider's device authorization, where it is not known to Tandem", Machine: true},
		{Name: "oauth-authorize", Type: "string", Help: "oauth: address where a person agrees in a browser on this machine, for providers without the one above", Machine: true},
		{Name: "oauth-token", Type: "string", Help: "oauth: address of the provider's tokens", Machine: true},
		{Name: "oauth-scope", Type: "string", Help: "oauth: what to ask for", Machine: true},
		{Name: "client-secret", Type: "string", Help: "oauth: its secret, asked for and kept like the password", Secret: true, Machine: true},
		{Name: "ca", Type: "path", Help: "file of certificates to trust beside the system's", Machine: true},
		{Name: "pin", Type: "string", Help: "SHA-256 fingerprint of the server's certificate, which alone is then trusted"},
		{Name: "proxy", Type: "string", Help: "HTTP proxy to go through, or none; else as the environment says", Machine: true},
		{Name: "read-only", Type: "bool", Help: "never write there"},
		provider.BehalfOption(),
	}
	if s.name != "webdav" {
		opts = append(opts, provider.Option{Name: "collection", Type: "string", Help: "name of the collection, where the address is that of an account"})
	}
	if s.name == "caldav" {
		opts = append(opts, provider.Option{Name: "kind", Type: "choice", Choices: []string{string(tandem.Event), string(tandem.Task), string(tandem.Note)},
			Help: "what to sync of a calendar; what the server says it is for, events in doubt"})
	}
	return opts
}
