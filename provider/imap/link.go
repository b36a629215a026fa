package imap

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
)

// link is one connection, logged in. One caller has it at a time.
type link struct {
	*imapclient.Client
	a        *account
	wire     *wire
	deflater *deflater // below wire
	caps     imap.CapSet
	box      *box // open on it; nil: none
	old      bool // it was used before
	squeezed bool // it was asked to be compressed
	bad      atomic.Bool
}

// do asks something of the server: f returns when the answer is there. Silence and the end of ctx break the connection off, since nothing else ends a command.
func (l *link) do(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := l.begin(ctx)
	defer stop()
	return l.judge(ctx, f())
}

// begin is the part of do before the question; what it returns ends the wait.
func (l *link) begin(ctx context.Context) (stop func()) {
	end := context.AfterFunc(ctx, func() { l.wire.fail(context.Cause(ctx)) })
	l.wire.expect()
	return func() {
		l.wire.rest()
		end()
	}
}

// judge sorts out why a command failed.
func (l *link) judge(ctx context.Context, err error) error {
	var ours *tandem.Error
	switch {
	case err == nil, errors.As(err, &ours):
		return err
	case refusal(err) != nil && l.wire.why() == nil:
		return err
	}
	l.bad.Store(true)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if why := l.wire.why(); why != nil {
		err = why
	}
	return &lostError{err}
}

// broke ends a connection on which a body broke off: reading it gave an error. The library reads on behind it, and what is left of it once more when the command is closed, so that the first must be over before.
func (l *link) broke(err error) error {
	l.wire.fail(err)
	<-l.Closed()
	return &lostError{err}
}

func (l *link) broken() bool { return l.bad.Load() || l.wire.why() != nil }

func (l *link) close() {
	l.bad.Store(true)
	_ = l.Client.Close() // the connection is of no use any more, however that ends
}

// alive asks whether anybody is there.
func (l *link) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	return l.do(ctx, func() error { return l.Noop().Wait() }) == nil
}

// logout ends the connection politely, without waiting long for the answer.
func (l *link) logout() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.do(ctx, func() error { return l.Logout().Wait() }) // it is closed in any case
	l.close()
}

// open opens a mailbox, anew if it is open already: the numbers are those of now.
func (l *link) open(ctx context.Context, name string) (*box, error) {
	var data *imap.SelectData
	err := l.do(ctx, func() (err error) {
		data, err = l.selects(name).Wait()
		return err
	})
	return l.opened(name, data, err)
}

// selects asks for a mailbox to be opened.
func (l *link) selects(name string) *imapclient.SelectCommand {
	l.box = nil
	return l.Select(name, &imap.SelectOptions{CondStore: l.caps.Has(imap.CapCondStore)})
}

// opened reads what the server says of a mailbox that it was to open.
func (l *link) opened(name string, data *imap.SelectData, err error) (*box, error) {
	if err != nil {
		if no := refusal(err); no != nil && no.Code == "" && no.Type == imap.StatusResponseTypeNo {
			no.Code = imap.ResponseCodeNonExistent // most servers do not tell why in a way that programs can read
		}
		return nil, explain("open", name, err)
	}
	if data.UIDValidity == 0 {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "open", Thing: name, Err: errors.New("the server does not tell whether the numbers of messages are still good (UIDVALIDITY)")}
	}
	b := &box{name: name, validity: data.UIDValidity, next: data.UIDNext, count: data.NumMessages, modseq: data.HighestModSeq, at: time.Now()}
	if !l.caps.Has(imap.CapCondStore) {
		b.modseq = 0
	}
	b.flags = data.PermanentFlags
	if len(b.flags) == 0 {
		b.flags = data.Flags
	}
	for _, f := range b.flags {
		b.wild = b.wild || f == imap.FlagWildcard
	}
	l.box = b
	l.wire.holds(b.count)
	return b, nil
}

// first opens a mailbox on a connection on which nothing was asked before. How mailboxes are named is asked in the same breath, where the name does not hang on it.
func (l *link) first(ctx context.Context, path []string) (*naming, *box, error) {
	if len(path) > 1 || !l.caps.Has(imap.CapNamespace) {
		n, err := l.naming(ctx)
		if err != nil {
			return nil, nil, err
		}
		name, err := n.join(path)
		if err != nil {
			return nil, nil, err
		}
		b, err := l.open(ctx, name)
		return n, b, err
	}
	name, err := (&naming{}).join(path)
	if err != nil {
		return nil, nil, err
	}
	n := &naming{}
	var data *imap.SelectData
	err = l.do(ctx, func() error {
		names, box := l.Namespace(), l.selects(name)
		spaces, err := names.Wait()
		if err != nil && refusal(err) == nil {
			return err
		}
		n.take(spaces)
		data, err = box.Wait()
		return err
	})
	if err == nil {
		if n.delim == 0 {
			if n, err = l.naming(ctx); err != nil {
				return nil, nil, err
			}
		}
		_, err = n.join(path)
	}
	b, err := l.opened(name, data, err)
	return n, b, err
}

// search asks for UIDs.
func (l *link) search(ctx context.Context, c *imap.SearchCriteria) (uids, error) {
	var opt *imap.SearchOptions
	if l.caps.Has(imap.CapESearch) {
		opt = &imap.SearchOptions{ReturnAll: true}
	}
	var data *imap.SearchData
	err := l.do(ctx, func() (err error) {
		data, err = l.UIDSearch(c, opt).Wait()
		return err
	})
	if err != nil {
		return nil, err
	}
	found, err := fromSet(data.All)
	if err == nil && found.size() > int64(max(l.known(), 1<<20))*2 {
		err = fmt.Errorf("the server finds %d messages in a mailbox of %d", found.size(), l.known())
	}
	if err != nil {
		l.bad.Store(true)
		return nil, &lostError{err}
	}
	return found, nil
}

// known is how many messages are in the open mailbox, as far as the server told.
func (l *link) known() uint32 {
	if m := l.Mailbox(); m != nil {
		return m.NumMessages
	}
	return 0
}

// message is what a server tells of a message.
type message struct {
	uid imap.UID
	state
	has struct{ flags, date, size bool } // which of them were in the answer
	id  string                           // Message-ID, where asked for
}

// whole tells whether everything that is always asked for was in the answer. What another client did to the message is told in between, without the rest,
// and the library takes it for the answer.
func (m *message) whole() bool { return m.uid != 0 && m.has.flags && m.has.date && m.has.size }

// take reads one item of an answer.
func (m *message) take(item imapclient.FetchItemData) {
	switch x := item.(type) {
	case imapclient.FetchItemDataUID:
		m.uid = x.UID
	case imapclient.FetchItemDataFlags:
		m.flags, m.has.flags = x.Flags, true
	case imapclient.FetchItemDataInternalDate:
		m.date, m.has.date = x.Time.Unix(), true
	case imapclient.FetchItemDataRFC822Size:
		m.size, m.has.size = x.Size, true
	case imapclient.FetchItemDataModSeq:
		m.modseq = x.ModSeq
	}
}

// plain is what is always asked for.
func plain() *imap.FetchOptions {
	return &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true}
}

// states asks how messages are now. What is not in the result is not there.
func (l *link) states(ctx context.Context, of uids, withModseq bool) (map[imap.UID]*message, error) {
	out := make(map[imap.UID]*message, of.size())
	for try := 0; len(of) > 0 && try < 3; try++ {
		opt := plain()
		opt.ModSeq = withModseq
		var torn uids
		err := l.do(ctx, func() error {
			cmd := l.Client.Fetch(of.set(), opt)
			defer cmd.Close()
			for data := cmd.Next(); data != nil; data = cmd.Next() {
				m := &message{}
				for item := data.Next(); item != nil; item = data.Next() {
					m.take(item)
				}
				switch {
				case m.whole() && (m.modseq != 0 || !withModseq):
					out[m.uid] = m
				case m.uid != 0:
					torn.add(m.uid)
				}
			}
			return cmd.Close()
		})
		if err != nil {
			return nil, err
		}
		of = torn
	}
	if len(of) > 0 {
		return nil, &tandem.Error{Kind: tandem.Transient, Op: "look at", Thing: l.box.name, Err: fmt.Errorf("the server leaves out what it was asked for of %s", of)}
	}
	return out, nil
}
