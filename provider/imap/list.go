package imap

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
)

// list implements provider.Provider.List.
func (s *accounts) list(ctx context.Context, secure bool, place provider.Place, env provider.Env) ([]provider.Found, error) {
	p, err := parse(secure, place, env)
	if err != nil {
		return nil, err
	}
	a, err := s.use(p)
	if err != nil {
		return nil, err
	}
	defer a.release()
	l, err := a.take(ctx, "", true)
	if err != nil {
		return nil, err
	}
	defer a.done(l)
	n, err := l.naming(ctx)
	if err != nil {
		return nil, explain("list folders of", a.host, err)
	}
	out, err := a.mailboxes(ctx, l, n, p)
	return out, explain("list folders of", a.host, err)
}

// mailboxes lists the person's own mailboxes, whether subscribed to or not. Those that only show what lies in others are left out: in them each message
// would be a second time.
func (a *account) mailboxes(ctx context.Context, l *link, n *naming, p *spot) ([]provider.Found, error) {
	opt := &imap.ListOptions{}
	extended := l.caps.Has(imap.CapListExtended)
	opt.ReturnSpecialUse = extended && l.caps.Has(imap.CapSpecialUse)
	if l.caps.Has(imap.CapListStatus) {
		opt.ReturnStatus = l.statusItems()
	}
	if !extended {
		opt = nil
	}
	var all []*imap.ListData
	asked := time.Now()
	err := l.do(ctx, func() (err error) {
		all, err = l.listed(opt)
		return err
	})
	if err != nil {
		return nil, err
	}
	if l.glances() && l.box == nil {
		a.noted(newGlance(asked, l, n, all))
	}
	all, err = l.openable(ctx, n, all)
	if err != nil {
		return nil, err
	}
	stable := identities(all)
	roles := rolesOf(n, all)
	var out []provider.Found
	for _, d := range all {
		out = append(out, provider.Found{Name: n.shown(d.Mailbox), Place: p.text(n.split(d.Mailbox)), Kind: tandem.Mail, ReadOnly: p.place.Bool("read-only"), Role: roles[d.Mailbox], Stable: stable[d.Mailbox]})
	}
	sort.Slice(out, func(i, j int) bool {
		if a, b := out[i].Role == "inbox", out[j].Role == "inbox"; a != b {
			return a
		}
		return out[i].Name < out[j].Name
	})
	return out, nil
}

// listed are all mailboxes.
func (l *link) listed(opt *imap.ListOptions) (all []*imap.ListData, err error) {
	cmd := l.List("", "*", opt)
	for d := cmd.Next(); d != nil; d = cmd.Next() {
		if all = append(all, d); len(all) > maxFound {
			l.wire.fail(hostile(fmt.Errorf("it lists more than %d folders", maxFound)))
			break
		}
	}
	return all, cmd.Close()
}

// openable leaves out what is no mailbox of this person's, and asks what the others' UIDVALIDITY is where the list did not tell.
func (l *link) openable(ctx context.Context, n *naming, all []*imap.ListData) ([]*imap.ListData, error) {
	var out []*imap.ListData
	seen := map[string]bool{}
	for _, d := range all {
		skip := d.Mailbox == "" || seen[d.Mailbox] || n.foreign(d.Mailbox) || view(d.Attrs)
		for _, at := range d.Attrs {
			skip = skip || at == imap.MailboxAttrNoSelect || at == imap.MailboxAttrNonExistent
		}
		if !skip {
			seen[d.Mailbox] = true
			out = append(out, d)
		}
	}
	for _, d := range out {
		if d.Status != nil {
			continue
		}
		err := l.do(ctx, func() (err error) {
			d.Status, err = l.Status(d.Mailbox, &imap.StatusOptions{UIDValidity: true}).Wait()
			return err
		})
		if err != nil && refusal(err) == nil {
			return nil, err
		}
	}
	return out, nil
}

// identities are the mailboxes' own, which survive a rename: UIDVALIDITY, where it is a time (RFC 9051 2.3.1.1 proposes that) and no other mailbox of the account has the same. The library cannot ask
// for MAILBOXID (RFC 8474).
func identities(all []*imap.ListData) map[string]string {
	const someTime = 500_000_000 // in 1985; what is counted is lower
	of := map[uint32]int{}
	for _, d := range all {
		if d.Status != nil {
			of[d.Status.UIDValidity]++
		}
	}
	out := map[string]string{}
	for _, d := range all {
		if d.Status != nil && d.Status.UIDValidity > someTime && of[d.Status.UIDValidity] == 1 {
			out[d.Mailbox] = fmt.Sprintf("uidvalidity %d", d.Status.UIDValidity)
		}
	}
	return out
}

// rolesOf says what mailboxes are for: as the server tells, else by their names. Each role is given once.
func rolesOf(n *naming, all []*imap.ListData) map[string]string {
	out, taken, names := map[string]string{}, map[string]bool{}, usual()
	give := func(mailbox, role string) {
		if role != "" && !taken[role] && out[mailbox] == "" {
			out[mailbox], taken[role] = role, true
		}
	}
	for _, d := range all {
		if strings.EqualFold(d.Mailbox, "INBOX") {
			give(d.Mailbox, "inbox")
		}
	}
	for _, d := range all {
		give(d.Mailbox, roleOf(d.Attrs))
	}
	for _, d := range all {
		give(d.Mailbox, names[strings.ToLower(n.shown(d.Mailbox))])
	}
	return out
}
