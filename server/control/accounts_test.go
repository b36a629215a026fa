package control

import (
	"context"
	"slices"
	"testing"

	"tandem"
	"tandem/center"
)

// accountsService is a service that answers for accounts only.
type accountsService struct {
	center.Service
	asked []string
}

func (s *accountsService) FollowFolders(_ context.Context, f center.Follow) error {
	s.asked = append(s.asked, "follow "+f.Partner+" "+f.User+" "+f.Under)
	return nil
}

func (s *accountsService) Folders(_ context.Context, partner string) ([]center.FolderStatus, error) {
	if partner != "work" {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "find account", Thing: partner}
	}
	return []center.FolderStatus{{Path: "A/B", Home: "A/B", Role: "sent", Item: "work-a", Held: "waits"}}, nil
}

func (s *accountsService) AnswerFolders(_ context.Context, partner string, restore bool) error {
	s.asked = append(s.asked, map[bool]string{true: "restore ", false: "approve "}[restore]+partner)
	return nil
}

func (s *accountsService) UnfollowFolders(_ context.Context, partner string) error {
	s.asked = append(s.asked, "stop "+partner)
	return nil
}

func TestAccountsOverTheSocket(t *testing.T) {
	s := &accountsService{}
	c, stop := serve(t, &hub{Service: s}, t.TempDir())
	ctx := t.Context()
	for name, err := range map[string]error{
		"follow":  c.FollowFolders(ctx, center.Follow{Partner: "work", User: "anna", Under: "w"}),
		"approve": c.AnswerFolders(ctx, "work", false),
		"restore": c.AnswerFolders(ctx, "work", true),
		"stop":    c.UnfollowFolders(ctx, "work"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	slices.Sort(s.asked)
	if want := []string{"approve work", "follow work anna w", "restore work", "stop work"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked %q, want %q", s.asked, want)
	}
	list, err := c.Folders(ctx, "work")
	if want := (center.FolderStatus{Path: "A/B", Home: "A/B", Role: "sent", Item: "work-a", Held: "waits"}); err != nil || len(list) != 1 || list[0] != want {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := c.Folders(ctx, "none"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("no account: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
