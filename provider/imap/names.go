package imap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// naming is how the server writes names of mailboxes.
type naming struct {
	delim  rune   // between the names of folders within folders; 0: there are none
	prefix string // what the names of the person's own folders begin with, "INBOX." or ""
	others []string
}

// naming asks how mailboxes are named. RFC 2342
func (l *link) naming(ctx context.Context) (*naming, error) {
	n := &naming{}
	if l.caps.Has(imap.CapNamespace) {
		var data *imap.NamespaceData
		err := l.do(ctx, func() (err error) {
			data, err = l.Namespace().Wait()
			return err
		})
		if err != nil && refusal(err) == nil {
			return nil, err
		}
		if err == nil {
			n.take(data)
		}
	}
	if n.delim != 0 {
		return n, nil
	}
	var all []*imap.ListData
	err := l.do(ctx, func() (err error) {
		all, err = l.List("", "", nil).Collect()
		return err
	})
	if err != nil && refusal(err) == nil {
		return nil, err
	}
	for _, d := range all {
		n.delim = d.Delim
	}
	return n, nil
}

// take reads the server's answer; nil: it gave none.
func (n *naming) take(data *imap.NamespaceData) {
	if data == nil {
		return
	}
	if len(data.Personal) > 0 {
		n.prefix, n.delim = data.Personal[0].Prefix, data.Personal[0].Delim
	}
	for _, list := range [][]imap.NamespaceDescriptor{data.Other, data.Shared} {
		for _, d := range list {
			if d.Prefix != "" {
				n.others = append(n.others, d.Prefix)
			}
		}
	}
}

// join is the server's name of a mailbox.
func (n *naming) join(path []string) (string, error) {
	bad := func(name, why string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "name folder", Thing: name, Err: errors.New(why), Remedy: "choose another name"}
	}
	if len(path) > 1 && n.delim == 0 {
		return "", bad(strings.Join(path, "/"), "the server has no folders within folders")
	}
	for _, p := range path {
		switch {
		case p == "":
			return "", bad(strings.Join(path, "/"), "a name is empty")
		case n.delim != 0 && strings.ContainsRune(p, n.delim):
			return "", bad(p, fmt.Sprintf("a name there cannot hold %q", n.delim))
		case strings.ContainsAny(p, "\x00\r\n"):
			return "", bad(p, "it holds a character that no folder can have there")
		}
	}
	if len(path) > 0 && strings.EqualFold(path[0], "INBOX") {
		path = append([]string{"INBOX"}, path[1:]...)
	}
	return strings.Join(path, string(n.delim)), nil
}

// split takes the server's name of a mailbox apart.
func (n *naming) split(name string) []string {
	if n.delim == 0 {
		return []string{name}
	}
	return strings.Split(name, string(n.delim))
}

// shown is the path of a mailbox as people see it: without what all names begin with.
func (n *naming) shown(name string) string {
	if rest, ok := strings.CutPrefix(name, n.prefix); ok && rest != "" && !strings.EqualFold(name, "INBOX") {
		name = rest
	}
	parts := n.split(name)
	for i, p := range parts {
		parts[i] = strings.NewReplacer("%", "%25", "/", "%2F").Replace(p)
	}
	return strings.Join(parts, "/")
}

// hidden is the server's name of a path as people see it.
func (n *naming) hidden(path string) (string, error) {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("%2F", "/", "%2f", "/", "%25", "%").Replace(p)
	}
	name, err := n.join(parts)
	if err != nil || strings.EqualFold(name, "INBOX") || strings.HasPrefix(name, n.prefix) {
		return name, err
	}
	return n.prefix + name, nil
}

// foreign tells whether a mailbox belongs to somebody else.
func (n *naming) foreign(name string) bool {
	for _, o := range n.others {
		if strings.HasPrefix(name, o) || name+string(n.delim) == o {
			return true
		}
	}
	return false
}

// roleOf reads what a mailbox is for. RFC 6154 2
func roleOf(attrs []imap.MailboxAttr) string {
	for _, a := range attrs {
		switch strings.ToLower(string(a)) {
		case `\sent`:
			return "sent"
		case `\drafts`:
			return "drafts"
		case `\trash`:
			return "trash"
		case `\junk`:
			return "junk"
		case `\archive`:
			return "archive"
		}
	}
	return ""
}

// view tells whether a mailbox only shows what lies in others. RFC 6154 2
func view(attrs []imap.MailboxAttr) bool {
	for _, a := range attrs {
		switch strings.ToLower(string(a)) {
		case `\all`, `\flagged`, `\important`:
			return true
		}
	}
	return false
}

// usual are names that folders of a role have where the server does not tell roles, in lower case.
func usual() map[string]string {
	out := map[string]string{}
	for role, names := range map[string]string{
		"sent":    "sent,sent items,sent messages,sent mail,sent-mail,gesendet,gesendete objekte,gesendete elemente,envoyés,messages envoyés,enviados,posta inviata,verzonden",
		"drafts":  "drafts,draft,entwürfe,brouillons,borradores,bozze,concepten",
		"trash":   "trash,deleted items,deleted messages,deleted,papierkorb,gelöschte elemente,gelöschte objekte,corbeille,papelera,cestino,prullenbak",
		"junk":    "junk,spam,junk e-mail,junk email,junk mail,bulk mail,spamverdacht,courrier indésirable,correo no deseado,posta indesiderata",
		"archive": "archive,archives,archiv,archivio,archivo,archief",
	} {
		for name := range strings.SplitSeq(names, ",") {
			out[name] = role
		}
	}
	return out
}
