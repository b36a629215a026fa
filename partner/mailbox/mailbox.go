// Package mailbox knows the mail folders of users: which one receives, which keeps what was sent, and how a message gets into one, once.
package mailbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/kind/mail"
	"tandem/store"
)

// Role is what a mail folder is for: the property "role" of its collection. RFC 6154, RFC 8621 2
type Role string

// The roles.
const (
	Inbox   Role = "inbox"
	Sent    Role = "sent"
	Drafts  Role = "drafts"
	Trash   Role = "trash"
	Junk    Role = "junk"
	Archive Role = "archive"
	Outbox  Role = "outbox"
	Folder  Role = "" // of no special use
)

// RoleProp is the property of a collection that holds its role.
const RoleProp = "role"

// names are what folders are called when they are made.
var names = map[Role]string{Inbox: "Inbox", Sent: "Sent", Drafts: "Drafts", Trash: "Trash", Junk: "Junk", Archive: "Archive", Outbox: "Outbox"}

// NameOf is what a folder of a role is called when it is made, "" for one that is none.
func NameOf(role Role) string { return names[role] }

// Service finds folders and puts messages into them.
type Service struct {
	Home     store.Home
	Accounts store.Accounts
	Kind     kind.Inspector // of mail
	Now      func() time.Time
}

// New makes a service on a store.
func New(st *store.Store) *Service {
	return &Service{Home: st.Home, Accounts: st.Accounts, Kind: mail.Handler{}, Now: time.Now}
}

// RoleOf is the role of a collection of mail.
func RoleOf(c tandem.Collection) Role { return Role(c.Props[RoleProp]) }

// Find is a user's folder of a role. NotFound.
func (s *Service) Find(ctx context.Context, user string, role Role) (tandem.Collection, error) {
	all, err := s.Home.Collections(ctx, user)
	if err != nil {
		return tandem.Collection{}, err
	}
	for _, c := range all {
		if c.Kind == tandem.Mail && RoleOf(c) == role {
			return c, nil
		}
	}
	for _, c := range all { // made by hand, or before roles were known
		if c.Kind == tandem.Mail && RoleOf(c) == Folder && strings.EqualFold(c.Name, names[role]) {
			return c, nil
		}
	}
	return tandem.Collection{}, &tandem.Error{Kind: tandem.NotFound, Op: "find mail folder", Thing: user + "/" + names[role]}
}

// Folder is a user's folder of a role, made if there is none.
func (s *Service) Folder(ctx context.Context, user string, role Role) (tandem.Collection, error) {
	c, err := s.Find(ctx, user, role)
	if !tandem.IsKind(err, tandem.NotFound) {
		return c, err
	}
	c, err = s.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: tandem.Mail, Name: names[role], Props: map[string]string{RoleProp: string(role)}})
	if tandem.IsKind(err, tandem.Exists) { // made by another at the same moment
		return s.Find(ctx, user, role)
	}
	return c, err
}

// Message is a message to be put into a folder.
type Message struct {
	Body   tandem.Body
	Flags  mail.Flags    // Received 0: now
	Marker tandem.Marker // names this very message, so that it arrives once however often it is put
	Author store.Author
	Same   int64 // seconds for which the marker names it: put again later than that, it is another one. 0: for good

	// Number and Seq name the message of the hub that this is a copy of, if it is to be put only while that is at the sequence number; 0: no matter. Changed.
	Number, Seq int64
	Take        bool // that message goes away in the same moment

	// For is the address by which the mailbox got it, "" where that does not matter. If the message does not name it, that is noted.
	For string
}

// blind reports whether a message is for an address that it does not name, and comes from no list.
func blind(sketch []byte, address string) bool {
	e, ok := mail.ParseEnvelope(sketch)
	if !ok || address == "" || e.ListID != "" || e.Auto {
		return false
	}
	plain := func(a string) string { // without what is after a plus
		local, domain, _ := cutAddress(strings.ToLower(a))
		local, _, _ = strings.Cut(local, "+")
		return local + "@" + domain
	}
	for _, a := range append(e.To[:len(e.To):len(e.To)], e.Cc...) {
		if plain(a.Email) == plain(address) {
			return false
		}
	}
	return true
}

// Put puts a message into a folder, durably, and returns its id. What was put under its marker before is there already, or was taken away by somebody, and is
// not put again.
func (s *Service) Put(ctx context.Context, c tandem.Collection, m Message) (tandem.ID, error) {
	if m.Flags.Received == 0 {
		m.Flags.Received = s.Now().Unix()
	}
	if m.Marker != "" {
		have, err := s.had(ctx, c.ID, &m)
		if !tandem.IsKind(err, tandem.NotFound) {
			return have, err
		}
	}
	info, err := s.Kind.InspectBody(m.Body)
	if err != nil {
		return "", err
	}
	m.Flags.Bcc = m.Flags.Bcc || blind(info.Index.Sketch, m.For)
	info.Index = mail.Handler{}.IndexAttrs(info.Index, m.Flags.Attrs())
	w := store.HomeWrite{Digest: info.Digest, Index: info.Index, Title: info.Summary.String(), From: m.Number, FromSeq: m.Seq, Take: m.Take, Write: tandem.Write{Op: tandem.Create, Marker: m.Marker,
		Record: tandem.Record{Meta: tandem.Meta{UID: info.Index.UID, Attrs: m.Flags.Attrs(), Modified: info.Modified}, Body: m.Body}}}
	out, err := s.Home.Write(ctx, c.ID, m.Author, []store.HomeWrite{w})
	if err != nil {
		return "", err
	}
	if out[0].Status != tandem.Applied {
		return "", &tandem.Error{Kind: tandem.KindOf(out[0].Err), Op: "put message into", Thing: c.Name, Err: out[0].Err}
	}
	return out[0].ID, nil
}

// had finds what was put under a marker before; NotFound. Of a marker that holds for a while only, it makes one that holds for good.
func (s *Service) had(ctx context.Context, collection int64, m *Message) (tandem.ID, error) {
	if m.Same <= 0 {
		have, err := s.Home.Find(ctx, collection, m.Marker)
		return have.ID, err
	}
	of, now := m.Marker, m.Flags.Received/m.Same
	for _, span := range []int64{now - 1, now} {
		m.Marker = tandem.Marker(fmt.Sprintf("%s/%d", of, span))
		have, err := s.Home.Find(ctx, collection, m.Marker)
		switch {
		case err != nil && !tandem.IsKind(err, tandem.NotFound):
			return "", err
		case err == nil && m.Flags.Received-mail.FlagsOf(have.Attrs).Received < m.Same:
			return have.ID, nil
		}
	}
	return "", &tandem.Error{Kind: tandem.NotFound, Op: "find message", Thing: string(of)}
}

// Copy puts a copy of a message that the hub has into another folder, with all that was done to it.
func (s *Service) Copy(ctx context.Context, to tandem.Collection, rec store.HomeRecord, marker tandem.Marker, who store.Author) (tandem.ID, error) {
	return s.Put(ctx, to, Message{Body: rec.Body, Flags: mail.FlagsOf(rec.Attrs), Marker: marker, Author: who})
}

// Who is the user that mail to an address is for: "anna@example.org", "anna+list@example.org". domains are those that the hub receives for; without any,
// only whole addresses count. NotFound.
func (s *Service) Who(ctx context.Context, address string, domains []string) (store.User, error) {
	address = strings.ToLower(strings.TrimSpace(address))
	u, err := s.Accounts.UserByAddress(ctx, address)
	if !tandem.IsKind(err, tandem.NotFound) {
		return u, err
	}
	local, domain, ok := cutAddress(address)
	if !ok {
		return u, err
	}
	plain, _, tagged := strings.Cut(local, "+")
	if tagged && plain != "" {
		if u, e := s.Accounts.UserByAddress(ctx, plain+"@"+domain); !tandem.IsKind(e, tandem.NotFound) {
			return u, e
		}
	}
	for _, d := range domains {
		if strings.EqualFold(d, domain) && plain != "" {
			return s.Accounts.User(ctx, plain)
		}
	}
	return u, err
}

func cutAddress(a string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(a, '@')
	if i <= 0 || i == len(a)-1 {
		return "", "", false
	}
	return a[:i], a[i+1:], true
}
