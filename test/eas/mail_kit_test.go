package eas_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/recipients"
	"tandem/partner/seal"
	"tandem/store"
	"tandem/test/easclient"
)

// postHouse is a house whose users ann and bob have mail.
type postHouse struct {
	*house
	boxes *mailbox.Service
}

// noon is when mail arrives, and the older the more hours before.
var noon = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

func newPostHouse(t testing.TB) *postHouse {
	t.Helper()
	p := &postHouse{house: newHouse(t)}
	p.boxes = mailbox.New(p.st)
	secrets, err := seal.Open(p.st.Secrets, t.TempDir())
	p.must(err)
	p.out = outgoing.New(outgoing.Service{Accounts: p.st.Accounts, Queue: p.st.Queue, Blobs: p.st.Blobs, Boxes: p.boxes, Secrets: secrets, Wrote: (&recipients.Service{Home: p.st.Home}).Wrote})
	p.open()
	p.user("bob")
	for _, u := range []string{"ann", "bob"} {
		for _, role := range []mailbox.Role{mailbox.Inbox, mailbox.Drafts, mailbox.Sent, mailbox.Trash} {
			p.box(u, role)
		}
	}
	return p
}

// box is a user's folder of a role.
func (p *postHouse) box(user string, role mailbox.Role) tandem.Collection {
	p.Helper()
	c, err := p.boxes.Folder(context.Background(), user, role)
	p.must(err)
	return c
}

// folder is a folder of ann's own, made if there is none of this name.
func (p *postHouse) folder(name string) tandem.Collection {
	p.Helper()
	c, err := p.st.Home.PutCollection(context.Background(), tandem.Collection{User: "ann", Kind: tandem.Mail, Name: name})
	p.must(err)
	return c
}

// arrive puts a message into a folder, received so many hours before noon.
func (p *postHouse) arrive(c tandem.Collection, hours int, text string) tandem.ID {
	p.Helper()
	id, err := p.boxes.Put(context.Background(), c, mailbox.Message{Body: tandem.Bytes(text), Flags: mail.Flags{Received: noon.Add(-time.Duration(hours) * time.Hour).Unix()}})
	p.must(err)
	return id
}

// server is the ServerId of a record.
func (p *postHouse) server(c tandem.Collection, id tandem.ID) string {
	p.Helper()
	for rec, err := range p.st.Home.Get(context.Background(), c.ID, []tandem.ID{id}) {
		p.must(err)
		return serverIDOf(c, rec)
	}
	p.Fatalf("%s is not in %s", id, c.Name)
	return ""
}

// live are the messages of a folder with their bodies, the oldest first.
func (p *postHouse) live(c tandem.Collection) (out []store.HomeRecord) {
	p.Helper()
	recs, _, err := p.st.Home.Since(context.Background(), c.ID, 0, 0)
	p.must(err)
	for _, r := range recs {
		for rec, err := range p.st.Home.Get(context.Background(), c.ID, []tandem.ID{r.ID}) {
			p.must(err)
			out = append(out, rec)
		}
	}
	return out
}

// texts are the bodies of a folder.
func (p *postHouse) texts(c tandem.Collection) (out []string) {
	p.Helper()
	for _, rec := range p.live(c) {
		out = append(out, p.body(rec))
	}
	return out
}

// subjects are those of the messages in an answer, in its order.
func subjects(answer string) string {
	var out []string
	for _, m := range regexp.MustCompile(`[{ ]Subject=([^ }]*)`).FindAllStringSubmatch(answer, -1) {
		out = append(out, m[1])
	}
	return strings.Join(out, " ")
}

// letterOf is a small message.
func letterOf(subject, from, to, text string, header ...string) string {
	return "From: " + from + "\r\nTo: " + to + "\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@x>\r\nDate: Wed, 20 May 2026 10:00:00 +0000\r\n" + strings.Join(append(header, ""), "\r\n") +
		"\r\n" + text + "\r\n"
}

// search searches the mailbox.
func (p *postHouse) search(c *easclient.Client, query, options string) string {
	p.Helper()
	return p.do(c, "Search", "<Search><Store><Name>Mailbox</Name><Query><And>"+query+"</And></Query><Options>"+options+"</Options></Store></Search>")
}

// find finds in the mailbox.
func (p *postHouse) find(c *easclient.Client, query, more, rng string) string {
	p.Helper()
	return p.do(c, "Find", "<Find><SearchId>1</SearchId><ExecuteSearch><MailBoxSearchCriterion><Query><FreeText>"+query+"</FreeText>"+more+"</Query><Options><Range>"+rng+"</Range><DeepTraversal/></Options></MailBoxSearchCriterion></ExecuteSearch></Find>")
}
