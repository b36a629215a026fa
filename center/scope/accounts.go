package scope

import (
	"context"
	"slices"

	"tandem/center"
	"tandem/store"
)

// FollowFolders implements center.Service: for oneself, with a partner of one's own.
func (s *Scope) FollowFolders(ctx context.Context, f center.Follow) error {
	if f.User != "" && !s.mine(f.User) {
		return missing("user", f.User)
	}
	f.User = s.who.User
	if err := s.partner(ctx, f.Partner); err != nil {
		return err
	}
	err := s.cfg.Hub.FollowFolders(ctx, f)
	if err == nil {
		s.audit(ctx, s.who.User, "has the folders of %s followed", f.Partner)
	}
	return err
}

// account checks that a partner's folders are kept in step with one's own: an account has items of its user.
func (s *Scope) account(ctx context.Context, partner string) error {
	if err := s.partner(ctx, partner); err != nil {
		return err
	}
	items, err := s.ListItems(ctx)
	if err == nil && !slices.ContainsFunc(items, func(it store.Item) bool { return it.Partner == partner && it.Mode == store.OfAccount }) {
		err = missing("account", partner)
	}
	return err
}

// Folders implements center.Service.
func (s *Scope) Folders(ctx context.Context, partner string) ([]center.FolderStatus, error) {
	if err := s.account(ctx, partner); err != nil {
		return nil, err
	}
	return s.cfg.Hub.Folders(ctx, partner)
}

// AnswerFolders implements center.Service.
func (s *Scope) AnswerFolders(ctx context.Context, partner string, restore bool) error {
	if err := s.account(ctx, partner); err != nil {
		return err
	}
	return s.cfg.Hub.AnswerFolders(ctx, partner, restore)
}

// SetFolders implements center.Service.
func (s *Scope) SetFolders(ctx context.Context, partner, when string) error {
	if err := s.mayConnect("change account", when); err != nil {
		return err
	}
	if err := s.account(ctx, partner); err != nil {
		return err
	}
	return s.cfg.Hub.SetFolders(ctx, partner, when)
}

// UnfollowFolders implements center.Service.
func (s *Scope) UnfollowFolders(ctx context.Context, partner string) error {
	if err := s.account(ctx, partner); err != nil {
		return err
	}
	err := s.cfg.Hub.UnfollowFolders(ctx, partner)
	if err == nil {
		s.audit(ctx, s.who.User, "has the folders of %s followed no longer", partner)
	}
	return err
}
