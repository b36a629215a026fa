package center

import (
	"context"

	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/imip"
	"tandem/partner/outgoing"
)

// Mail is the part of Service about mail on its way out.
type Mail interface {
	// SetMailServer says through which server a user's mail goes out; an empty password leaves the one that is kept. Invalid.
	SetMailServer(ctx context.Context, user string, a outgoing.Account, password string) error
	// HubMail is the server that the hub's own messages go through for users who have none; its host is empty if none was named.
	HubMail(ctx context.Context) (outgoing.Account, error)
	// SetHubMail names it; an empty password leaves the one that is kept for that host. Without a host there is none any more. Invalid.
	SetHubMail(ctx context.Context, a outgoing.Account, password string) error
	// Outgoing lists mail on its way out, the newest first; user "": of all users. With limit 0 it lists all, and does not look into them for what they say of themselves.
	Outgoing(ctx context.Context, user string, limit int) ([]outgoing.Listed, error)
	// RetryOutgoing tries a message now that waits or was given up. Invalid: it was sent.
	RetryOutgoing(ctx context.Context, id int64) error
	// AnswerDoubt says what becomes of recipients of whom nobody knows whether they have a message: it is sent to them again, or they count as reached. Invalid, NotFound.
	AnswerDoubt(ctx context.Context, id int64, a outgoing.DoubtAnswer) error
	RemoveOutgoing(ctx context.Context, id int64) error
	// SetInvitations says what becomes of invitations that reach a user by mail. Invalid, NotFound.
	SetInvitations(ctx context.Context, user string, m imip.Mode) error
	// SetAway says what is answered while a user is away. Invalid, NotFound.
	SetAway(ctx context.Context, user string, s away.Settings) error
	// SetFilterServer names the server that answers while a user is away, by ManageSieve, after it was reached; an empty password leaves the one that is kept. Without a
	// host none does. Invalid, Denied, NotFound.
	SetFilterServer(ctx context.Context, user string, a sieve.Account, password string) error
}

// SetMailServer implements Service.
func (h *Hub) SetMailServer(ctx context.Context, user string, a outgoing.Account, password string) error {
	if _, err := h.cfg.Store.Accounts.User(ctx, user); err != nil {
		return err
	}
	return h.cfg.Outgoing.SetAccount(ctx, user, a, password)
}

// HubMail implements Service.
func (h *Hub) HubMail(ctx context.Context) (outgoing.Account, error) {
	a, _, err := h.cfg.Outgoing.HubAccount(ctx)
	return a, err
}

// SetHubMail implements Service.
func (h *Hub) SetHubMail(ctx context.Context, a outgoing.Account, password string) error {
	return h.cfg.Outgoing.SetHubAccount(ctx, a, password)
}

// Outgoing implements Service.
func (h *Hub) Outgoing(ctx context.Context, user string, limit int) ([]outgoing.Listed, error) {
	if err := h.knows(ctx, user); err != nil {
		return nil, err
	}
	return h.cfg.Outgoing.Listed(ctx, user, limit)
}

// RetryOutgoing implements Service.
func (h *Hub) RetryOutgoing(ctx context.Context, id int64) error {
	return h.cfg.Outgoing.Retry(ctx, id)
}

// AnswerDoubt implements Service.
func (h *Hub) AnswerDoubt(ctx context.Context, id int64, a outgoing.DoubtAnswer) error {
	return h.cfg.Outgoing.AnswerDoubt(ctx, id, a)
}

// RemoveOutgoing implements Service.
func (h *Hub) RemoveOutgoing(ctx context.Context, id int64) error {
	return h.cfg.Outgoing.Remove(ctx, id)
}

// SetInvitations implements Service.
func (h *Hub) SetInvitations(ctx context.Context, user string, m imip.Mode) error {
	if err := m.Check(); err != nil {
		return err
	}
	return h.cfg.Store.Accounts.SetProps(ctx, user, map[string]string{imip.ModeProp: string(m)})
}

// SetAway implements Service.
func (h *Hub) SetAway(ctx context.Context, user string, s away.Settings) error {
	err := away.Save(ctx, h.cfg.Store.Accounts, user, s, h.now())
	if err == nil && h.cfg.Filters != nil {
		err = h.cfg.Filters.Tell(ctx, user)
	}
	return err
}

// SetFilterServer implements Service.
func (h *Hub) SetFilterServer(ctx context.Context, user string, a sieve.Account, password string) error {
	if a.Host == "" {
		return h.cfg.Filters.RemoveAccount(ctx, user)
	}
	return h.cfg.Filters.SetAccount(ctx, user, a, password)
}
