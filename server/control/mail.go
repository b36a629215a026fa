package control

import (
	"context"
	"net/http"

	"tandem/center"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/imip"
	"tandem/partner/outgoing"
)

// The arguments of the methods about mail, as they travel.
type (
	mailServerArg struct {
		User     string
		Account  outgoing.Account
		Password string `json:",omitempty"`
	}
	outgoingArg struct {
		User  string
		Limit int
	}
	messageArg struct{ ID int64 }
	doubtArg   struct {
		ID     int64
		Answer outgoing.DoubtAnswer
	}
	invitationsArg struct {
		User string
		Mode imip.Mode
	}
	filterServerArg struct {
		User     string
		Account  sieve.Account
		Password string `json:",omitempty"`
	}
	awayArg struct {
		User     string
		Settings away.Settings
	}
	foldersArg struct {
		Partner string
		Restore bool `json:",omitempty"`
	}
)

func handleAccounts(mux *http.ServeMux, s center.Accounts) {
	handle(mux, "FollowFolders", func(ctx context.Context, f center.Follow) (nothing, error) { return nothing{}, s.FollowFolders(ctx, f) })
	handle(mux, "Folders", func(ctx context.Context, a foldersArg) ([]center.FolderStatus, error) {
		return s.Folders(ctx, a.Partner)
	})
	handle(mux, "AnswerFolders", func(ctx context.Context, a foldersArg) (nothing, error) {
		return nothing{}, s.AnswerFolders(ctx, a.Partner, a.Restore)
	})
	handle(mux, "UnfollowFolders", func(ctx context.Context, a foldersArg) (nothing, error) {
		return nothing{}, s.UnfollowFolders(ctx, a.Partner)
	})
}

// FollowFolders implements center.Service.
func (c *Client) FollowFolders(ctx context.Context, f center.Follow) error {
	return do(ctx, c, "FollowFolders", f)
}

// Folders implements center.Service.
func (c *Client) Folders(ctx context.Context, partner string) ([]center.FolderStatus, error) {
	return call[[]center.FolderStatus](ctx, c, "Folders", foldersArg{Partner: partner})
}

// AnswerFolders implements center.Service.
func (c *Client) AnswerFolders(ctx context.Context, partner string, restore bool) error {
	return do(ctx, c, "AnswerFolders", foldersArg{partner, restore})
}

// UnfollowFolders implements center.Service.
func (c *Client) UnfollowFolders(ctx context.Context, partner string) error {
	return do(ctx, c, "UnfollowFolders", foldersArg{Partner: partner})
}

func handleMail(mux *http.ServeMux, s center.Mail) {
	handle(mux, "SetMailServer", func(ctx context.Context, a mailServerArg) (nothing, error) {
		return nothing{}, s.SetMailServer(ctx, a.User, a.Account, a.Password)
	})
	handle(mux, "HubMail", func(ctx context.Context, _ nothing) (outgoing.Account, error) { return s.HubMail(ctx) })
	handle(mux, "SetHubMail", func(ctx context.Context, a mailServerArg) (nothing, error) {
		return nothing{}, s.SetHubMail(ctx, a.Account, a.Password)
	})
	handle(mux, "Outgoing", func(ctx context.Context, a outgoingArg) ([]outgoing.Listed, error) {
		return s.Outgoing(ctx, a.User, a.Limit)
	})
	handle(mux, "RetryOutgoing", func(ctx context.Context, a messageArg) (nothing, error) { return nothing{}, s.RetryOutgoing(ctx, a.ID) })
	handle(mux, "AnswerDoubt", func(ctx context.Context, a doubtArg) (nothing, error) {
		return nothing{}, s.AnswerDoubt(ctx, a.ID, a.Answer)
	})
	handle(mux, "RemoveOutgoing", func(ctx context.Context, a messageArg) (nothing, error) {
		return nothing{}, s.RemoveOutgoing(ctx, a.ID)
	})
	handle(mux, "SetInvitations", func(ctx context.Context, a invitationsArg) (nothing, error) {
		return nothing{}, s.SetInvitations(ctx, a.User, a.Mode)
	})
	handle(mux, "SetFilterServer", func(ctx context.Context, a filterServerArg) (nothing, error) {
		return nothing{}, s.SetFilterServer(ctx, a.User, a.Account, a.Password)
	})
	handle(mux, "SetAway", func(ctx context.Context, a awayArg) (nothing, error) {
		return nothing{}, s.SetAway(ctx, a.User, a.Settings)
	})
}

// SetFilterServer implements center.Service.
func (c *Client) SetFilterServer(ctx context.Context, user string, a sieve.Account, password string) error {
	return do(ctx, c, "SetFilterServer", filterServerArg{user, a, password})
}

// SetInvitations implements center.Service.
func (c *Client) SetInvitations(ctx context.Context, user string, m imip.Mode) error {
	return do(ctx, c, "SetInvitations", invitationsArg{user, m})
}

// SetAway implements center.Service.
func (c *Client) SetAway(ctx context.Context, user string, s away.Settings) error {
	return do(ctx, c, "SetAway", awayArg{user, s})
}

// SetMailServer implements center.Service.
func (c *Client) SetMailServer(ctx context.Context, user string, a outgoing.Account, password string) error {
	return do(ctx, c, "SetMailServer", mailServerArg{user, a, password})
}

// HubMail implements center.Service.
func (c *Client) HubMail(ctx context.Context) (outgoing.Account, error) {
	return call[outgoing.Account](ctx, c, "HubMail", nothing{})
}

// SetHubMail implements center.Service.
func (c *Client) SetHubMail(ctx context.Context, a outgoing.Account, password string) error {
	return do(ctx, c, "SetHubMail", mailServerArg{Account: a, Password: password})
}

// Outgoing implements center.Service.
func (c *Client) Outgoing(ctx context.Context, user string, limit int) ([]outgoing.Listed, error) {
	return call[[]outgoing.Listed](ctx, c, "Outgoing", outgoingArg{user, limit})
}

// RetryOutgoing implements center.Service.
func (c *Client) RetryOutgoing(ctx context.Context, id int64) error {
	return do(ctx, c, "RetryOutgoing", messageArg{id})
}

// AnswerDoubt implements center.Service.
func (c *Client) AnswerDoubt(ctx context.Context, id int64, a outgoing.DoubtAnswer) error {
	return do(ctx, c, "AnswerDoubt", doubtArg{id, a})
}

// RemoveOutgoing implements center.Service.
func (c *Client) RemoveOutgoing(ctx context.Context, id int64) error {
	return do(ctx, c, "RemoveOutgoing", messageArg{id})
}
