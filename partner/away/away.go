// Package away answers mail of people while a user is away: once each in a week, never to programs, lists, or the user's own, and with marks by which other
// programs know that a program answered. RFC 3834, RFC 5230
package away

import (
	"context"
	"encoding/json"
	"errors"

	"tandem"
	"tandem/store"
)

// Prop is the property of a user in which the answer while away is kept, as JSON of Settings.
const Prop = "oof"

// The states. MS-ASCMD 2.2.3.124
const (
	Off     = 0
	On      = 1
	Between = 2 // Start and End
)

// Settings are what is answered while a user is away.
type Settings struct {
	State    int              `json:"state"`
	Start    int64            `json:"start,omitempty"` // Unix seconds, with Between
	End      int64            `json:"end,omitempty"`
	Since    int64            `json:"since,omitempty"`    // with On: when it was turned on
	Messages map[string]Reply `json:"messages,omitempty"` // by audience
}

// Reply is the answer to one audience.
type Reply struct {
	Enabled bool   `json:"enabled"`
	Text    string `json:"text,omitempty"`
	Type    string `json:"type,omitempty"` // "Text" or "HTML"
}

// The audiences. MS-ASCMD 2.2.3.122
const (
	Internal = "internal" // users of the hub, and of its domains
	Known    = "known"    // others who are among the user's contacts
	Unknown  = "unknown"  // everybody else
)

// Audiences are all audiences, from near to far.
func Audiences() []string { return []string{Internal, Known, Unknown} }

// Of are the settings of a user.
func Of(u store.User) (s Settings) {
	if text := u.Props.Get(Prop); text != "" && json.Unmarshal([]byte(text), &s) != nil {
		s = Settings{} // of another version of this program
	}
	if s.Messages == nil {
		s.Messages = map[string]Reply{}
	}
	return s
}

// MaxReply is the size in bytes of the longest answer that is kept.
const MaxReply = 128 << 10

// Check reports settings that make no sense. Invalid.
func (s Settings) Check() error {
	fail := func(why, remedy string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "set answer while away", Err: errors.New(why), Remedy: remedy}
	}
	switch {
	case s.State < Off || s.State > Between:
		return fail("there is no such state", "turn it on, off, or on between two times")
	case s.State == Between && s.End <= s.Start:
		return fail("it ends before it begins", "give a later end")
	}
	for _, r := range s.Messages {
		if len(r.Text) > MaxReply {
			return fail("the answer is too long", "shorten it")
		}
	}
	return nil
}

// Active tells whether the user is away at a moment, and since when.
func (s Settings) Active(now int64) (since int64, ok bool) {
	switch s.State {
	case On:
		return s.Since, true
	case Between:
		return s.Start, s.Start <= now && now < s.End
	}
	return 0, false
}

// Save keeps the settings of a user. Invalid, NotFound.
func Save(ctx context.Context, accounts store.Accounts, user string, s Settings, now int64) error {
	if err := s.Check(); err != nil {
		return err
	}
	u, err := accounts.User(ctx, user)
	if err != nil {
		return err
	}
	switch was := Of(u); {
	case s.State != On:
		s.Since = 0
	case was.State == On:
		s.Since = was.Since
	default:
		s.Since = now
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return accounts.SetProps(ctx, u.Name, map[string]string{Prop: string(text)})
}
