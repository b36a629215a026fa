package imap

import (
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
)

// folders implements provider.Provider.Folders.
func (s *accounts) folders(_ context.Context, secure bool, place provider.Place, env provider.Env) (provider.Folders, error) {
	p, err := parse(secure, place, env)
	if err != nil {
		return nil, err
	}
	if place.Bool("read-only") {
		return nil, &tandem.Error{Kind: tandem.Denied, Op: "change the folders of", Thing: place.Text, Err: errors.New("the place is read-only")}
	}
	a, err := s.use(p)
	if err != nil {
		return nil, err
	}
	return &folders{a: a, p: p}, nil
}

// folders are the mailboxes of an account.
type folders struct {
	a      *account
	p      *spot
	closed bool
}

// Close implements io.Closer.
func (f *folders) Close() error {
	if !f.closed {
		f.closed = true
		f.a.release()
	}
	return nil
}

// with does something on a connection, on which no mailbox is open, with the mailboxes as they are now.
func (f *folders) with(ctx context.Context, op, thing string, do func(l *link, n *naming, all []provider.Found) error) error {
	if f.closed {
		return tandem.Errorf(tandem.Invalid, "the folders of %s are closed", f.a.host)
	}
	l, err := f.a.take(ctx, "", true)
	if err != nil {
		return err
	}
	defer f.a.done(l)
	return f.on(ctx, l, op, thing, do)
}

// alone is with, while nobody else works at the account.
func (f *folders) alone(ctx context.Context, op, thing string, do func(l *link, n *naming, all []provider.Found) error) error {
	if f.closed {
		return tandem.Errorf(tandem.Invalid, "the folders of %s are closed", f.a.host)
	}
	l, done, err := f.a.takeAlone(ctx)
	if err != nil {
		return err
	}
	defer done()
	return f.on(ctx, l, op, thing, do)
}

// on does something on a connection.
func (f *folders) on(ctx context.Context, l *link, op, thing string, do func(l *link, n *naming, all []provider.Found) error) error {
	if err := l.unselect(ctx); err != nil {
		return explain(op, thing, err)
	}
	n, err := l.naming(ctx)
	if err != nil {
		return explain(op, thing, err)
	}
	all, err := f.a.mailboxes(ctx, l, n, f.p)
	if err != nil {
		return explain(op, thing, err)
	}
	return explain(op, thing, do(l, n, all))
}

// at is the mailbox of a path.
func at(all []provider.Found, path string) *provider.Found {
	for i := range all {
		if all[i].Name == path || strings.EqualFold(path, "INBOX") && strings.EqualFold(all[i].Name, "INBOX") {
			return &all[i]
		}
	}
	return nil
}

func exists(op, path string) error { return &tandem.Error{Kind: tandem.Exists, Op: op, Thing: path} }

// Create implements provider.Folders.
func (f *folders) Create(ctx context.Context, path, role string) (found provider.Found, err error) {
	const op = "create folder"
	err = f.with(ctx, op, path, func(l *link, n *naming, all []provider.Found) error {
		if at(all, path) != nil {
			return exists(op, path)
		}
		name, err := n.hidden(path)
		if err != nil {
			return err
		}
		if err := create(ctx, l, name, useOf(role)); err != nil {
			return err
		}
		found, err = f.subscribed(ctx, l, n, op, path, name)
		return err
	})
	return found, err
}

// create makes a mailbox, for its use where the server can note that. RFC 6154 3
func create(ctx context.Context, l *link, name string, use imap.MailboxAttr) error {
	if use != "" && l.caps.Has(imap.CapCreateSpecialUse) {
		err := l.do(ctx, func() error { return l.Create(name, &imap.CreateOptions{SpecialUse: []imap.MailboxAttr{use}}).Wait() })
		if refusal(err) == nil {
			return err
		}
	}
	return l.do(ctx, func() error { return l.Create(name, nil).Wait() })
}

func useOf(role string) imap.MailboxAttr {
	switch role {
	case "sent":
		return imap.MailboxAttrSent
	case "drafts":
		return imap.MailboxAttrDrafts
	case "trash":
		return imap.MailboxAttrTrash
	case "junk":
		return imap.MailboxAttrJunk
	case "archive":
		return imap.MailboxAttrArchive
	}
	return ""
}

// subscribed makes other programs show a new mailbox, and looks what it is.
func (f *folders) subscribed(ctx context.Context, l *link, n *naming, op, path, name string) (provider.Found, error) {
	if err := l.do(ctx, func() error { return l.Subscribe(name).Wait() }); err != nil && refusal(err) == nil {
		return provider.Found{}, err
	}
	all, err := f.a.mailboxes(ctx, l, n, f.p)
	if err != nil {
		return provider.Found{}, err
	}
	if x := at(all, path); x != nil {
		return *x, nil
	}
	return provider.Found{}, &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: path, Err: errors.New("the server says that it is done, and does not list it")}
}

// the finds a mailbox that was found before, whatever its name is now where that can be told.
func (f *folders) the(op string, all []provider.Found, from provider.Found) (*provider.Found, error) {
	x := at(all, from.Name)
	if x == nil {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: from.Name}
	}
	if from.Stable != "" && x.Stable != "" && x.Stable != from.Stable {
		return nil, &tandem.Error{Kind: tandem.Changed, Op: op, Thing: from.Name, Err: errors.New("another folder has this name now")}
	}
	if x.Role == "inbox" {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: from.Name, Err: errors.New("the inbox stays")}
	}
	return x, nil
}

// Rename implements provider.Folders.
func (f *folders) Rename(ctx context.Context, from provider.Found, to string) (found provider.Found, err error) {
	const op = "rename folder"
	err = f.alone(ctx, op, from.Name, func(l *link, n *naming, all []provider.Found) error {
		if at(all, to) != nil && to != from.Name {
			return exists(op, to)
		}
		if _, err := f.the(op, all, from); err != nil {
			return err
		}
		old, err := n.hidden(from.Name)
		if err != nil {
			return err
		}
		name, err := n.hidden(to)
		if err != nil {
			return err
		}
		if name != old {
			f.a.hush(n, old)
			if err := l.do(ctx, func() error { return l.Client.Rename(old, name, nil).Wait() }); err != nil {
				return err
			}
			_ = l.do(ctx, func() error { return l.Unsubscribe(old).Wait() }) // a name that nothing has does no harm
		}
		found, err = f.subscribed(ctx, l, n, op, to, name)
		return err
	})
	return found, err
}

// Delete implements provider.Folders.
func (f *folders) Delete(ctx context.Context, x provider.Found) error {
	const op = "delete folder"
	return f.alone(ctx, op, x.Name, func(l *link, n *naming, all []provider.Found) error {
		if _, err := f.the(op, all, x); err != nil {
			return err
		}
		name, err := n.hidden(x.Name)
		if err != nil {
			return err
		}
		f.a.hush(n, name)
		if err := l.do(ctx, func() error { return l.Client.Delete(name).Wait() }); err != nil {
			return err
		}
		_ = l.do(ctx, func() error { return l.Unsubscribe(name).Wait() }) // a name that nothing has does no harm
		return nil
	})
}
