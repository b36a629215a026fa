package mailbox

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
)

// alwaysProp is the property of a user that holds which conversations are always moved.
const alwaysProp = "conversations"

// alwaysMost is how many conversations a user can have moved; the rule that was made first goes first.
const alwaysMost = 200

// messagesMost is how many messages of a conversation are moved at a time.
const messagesMost = 1000

// rule says that a conversation is always moved: its messages of today, and those that come. MS-ASCON 3.2.5.3.2
type rule struct {
	Conversation string `json:"c"`
	To           int64  `json:"to"` // a collection
}

// Always moves conversations. Every message is moved once: one that its owner puts elsewhere stays there.
type Always struct {
	Boxes  *Service
	Lookup store.Lookup
	Log    *slog.Logger // nil: nowhere

	one    sync.Mutex             // held by who moves: several here would only be in each other's way
	looked func(store.HomeRecord) // nil, but in tests: called before a message is moved as it was looked at
}

func rules(u store.User) (list []rule) {
	if json.Unmarshal([]byte(u.Props.Get(alwaysProp)), &list) != nil {
		return nil // none, or of another program
	}
	return list
}

// Set makes a rule, which is durable then, and moves what there is of the conversation. One to the inbox ends the rule. A conversation
// without messages is NotFound, and nothing is set.
func (a *Always) Set(ctx context.Context, user string, conversation []byte, to tandem.Collection, who store.Author) error {
	if there, err := a.messages(ctx, user, hex.EncodeToString(conversation)); err != nil {
		return err
	} else if len(there) == 0 {
		return &tandem.Error{Kind: tandem.NotFound, Op: "move conversation", Thing: hex.EncodeToString(conversation)}
	}
	u, err := a.Boxes.Accounts.User(ctx, user)
	if err != nil {
		return err
	}
	r := rule{Conversation: hex.EncodeToString(conversation), To: to.ID}
	list := slices.DeleteFunc(rules(u), func(have rule) bool { return have.Conversation == r.Conversation })
	if RoleOf(to) != Inbox {
		list = append(list, r)
	}
	list = list[max(0, len(list)-alwaysMost):]
	text := ""
	if len(list) > 0 {
		b, err := json.Marshal(list)
		if err != nil {
			return &tandem.Error{Op: "save rule", Thing: user, Err: err}
		}
		text = string(b)
	}
	if err := a.Boxes.Accounts.SetProps(ctx, user, map[string]string{alwaysProp: text}); err != nil {
		return err
	}
	return a.apply(ctx, user, r, true, who)
}

// Apply moves what came since into the folders where its conversations go.
func (a *Always) Apply(ctx context.Context, user string) error {
	u, err := a.Boxes.Accounts.User(ctx, user)
	if err != nil {
		return err
	}
	for _, r := range rules(u) {
		if err := a.apply(ctx, user, r, false, store.Author{User: user, Via: "conversation"}); err != nil {
			return err
		}
	}
	return nil
}

// messages are the messages of a conversation, of all folders.
func (a *Always) messages(ctx context.Context, user, conversation string) (out []store.HomeRecord, err error) {
	id, err := hex.DecodeString(conversation)
	if err != nil {
		return nil, nil
	}
	for rec, err := range a.Lookup.Match(ctx, user, tandem.Mail, mail.ConversationKey(id), messagesMost) {
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

// apply moves the messages of a conversation from all folders but that of sent mail, and what is still being written. again: also those that were moved before.
func (a *Always) apply(ctx context.Context, user string, r rule, again bool, who store.Author) error {
	a.one.Lock()
	defer a.one.Unlock()
	found, err := a.messages(ctx, user, r.Conversation)
	if err != nil || len(found) == 0 {
		return err
	}
	numbers := make([]int64, len(found))
	for i, rec := range found {
		numbers[i] = rec.Number
	}
	all, err := a.Boxes.Home.Collections(ctx, user)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(c tandem.Collection) bool { return c.ID == r.To && c.Kind == tandem.Mail })
	if at < 0 {
		return nil // the folder is gone; so is what the rule can do
	}
	for _, c := range all {
		if c.Kind != tandem.Mail || c.ID == r.To || RoleOf(c) == Sent || RoleOf(c) == Drafts || RoleOf(c) == Outbox {
			continue
		}
		for rec, err := range a.Lookup.ByNumber(ctx, c.ID, numbers) {
			if err != nil {
				return err
			}
			if rec.Deleted || mail.FlagsOf(rec.Attrs).Draft {
				continue
			}
			if err := a.move(ctx, c, all[at], rec, r, again, who); err != nil {
				return err
			}
		}
	}
	return nil
}

// movesMost is how often a message is tried that somebody changes meanwhile.
const movesMost = 5

// move moves a message into its new folder as it was looked at: in one transaction, so that wherever a hub dies, and however several on one store are interleaved,
// there is one of it. A message that changed since is looked at again.
func (a *Always) move(ctx context.Context, from, to tandem.Collection, rec store.HomeRecord, r rule, again bool, who store.Author) error {
	marker := tandem.Marker(fmt.Sprintf("always/%s/%s", r.Conversation, rec.Digest)) // the first move of a message is remembered by what it holds
	if _, err := a.Boxes.Home.Find(ctx, to.ID, marker); err == nil {
		if !again {
			return nil // its owner put it back, or deleted it
		}
		marker = tandem.Marker(fmt.Sprintf("always/%s/%d/%d", r.Conversation, rec.Number, rec.Seq))
	} else if !tandem.IsKind(err, tandem.NotFound) {
		return err
	}
	for range movesMost {
		if a.looked != nil {
			a.looked(rec)
		}
		_, err := a.Boxes.Put(ctx, to, Message{Body: rec.Body, Flags: mail.FlagsOf(rec.Attrs), Marker: marker, Author: who, Number: rec.Number, Seq: rec.Seq, Take: true})
		if !tandem.IsKind(err, tandem.Changed) {
			return err
		}
		now, there, err := a.still(ctx, from.ID, rec.Number)
		if err != nil || !there || now.Seq == rec.Seq {
			return err // another moved it
		}
		rec = now
	}
	return nil // it stays where it is, and is looked at again when it changes
}

// still reads a message again.
func (a *Always) still(ctx context.Context, collection, number int64) (store.HomeRecord, bool, error) {
	for rec, err := range a.Lookup.ByNumber(ctx, collection, []int64{number}) {
		return rec, err == nil && !rec.Deleted, err
	}
	return store.HomeRecord{}, false, nil
}

// Run applies the rules of everybody, and then those of each user whose folders change, until wakeups ends.
func (a *Always) Run(ctx context.Context, wakeups <-chan store.Wakeup) {
	log := a.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	users, err := a.Boxes.Accounts.Users(ctx)
	if err != nil && ctx.Err() == nil {
		log.Error("rules of conversations not read", "err", err)
	}
	for _, u := range users {
		if len(rules(u)) > 0 {
			a.report(ctx, log, u.Name)
		}
	}
	for w := range wakeups {
		if !w.Listed {
			a.report(ctx, log, w.User)
		}
	}
}

func (a *Always) report(ctx context.Context, log *slog.Logger, user string) {
	if err := a.Apply(ctx, user); err != nil && ctx.Err() == nil && !tandem.IsKind(err, tandem.NotFound) {
		log.Error("conversation not moved", "user", user, "err", err)
	}
}
