package control

import (
	"context"
	"testing"

	"tandem"
	"tandem/center"
)

// followed is a service that tells news.
type followed struct {
	center.Service
	began []string
}

func (f *followed) Follow(ctx context.Context, tell func(center.News)) error {
	tell(center.News{What: center.MissedNews})
	tell(center.News{What: center.StartedNews, Item: "one", User: "anna"})
	<-ctx.Done()
	return nil
}

func (f *followed) Begin(_ context.Context, names []string, opt center.SyncOptions) ([]center.Begun, error) {
	f.began = append(f.began, names...)
	if opt.IfIdle {
		return []center.Begun{{Item: names[0], State: center.Ignored}}, nil
	}
	return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find sync item", Thing: names[0]}
}

func (f *followed) Stop(_ context.Context, names []string) ([]string, error) { return names, nil }

func (f *followed) SetAdmin(_ context.Context, name string, on bool) error {
	if name == "anna" && on {
		return nil
	}
	return &tandem.Error{Kind: tandem.Busy, Op: "change rights", Thing: name}
}

// TestFollowSurvivesTheWay hears news over the socket, and begins and stops runs over it.
func TestFollowSurvivesTheWay(t *testing.T) {
	f := &followed{}
	c, stop := serve(t, &hub{Service: f}, t.TempDir())
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	heard, ended := make(chan center.News, 10), make(chan error, 1)
	go func() { ended <- c.Follow(ctx, func(n center.News) { heard <- n }) }()
	if n := <-heard; n.What != center.MissedNews {
		t.Errorf("first %+v", n)
	}
	if n := <-heard; n.What != center.StartedNews || n.Item != "one" || n.User != "anna" {
		t.Errorf("then %+v", n)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
	ctx = t.Context()
	if list, err := c.Begin(ctx, []string{"one"}, center.SyncOptions{IfIdle: true}); err != nil || len(list) != 1 || list[0].State != center.Ignored {
		t.Errorf("begin: %+v, %v", list, err)
	}
	if _, err := c.Begin(ctx, []string{"two"}, center.SyncOptions{}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("begin what is not there: %v", err)
	}
	if list, err := c.Stop(ctx, []string{"one"}); err != nil || len(list) != 1 || list[0] != "one" {
		t.Errorf("stop: %q, %v", list, err)
	}
	if err := c.SetAdmin(ctx, "anna", true); err != nil {
		t.Errorf("admin: %v", err)
	}
	if err := c.SetAdmin(ctx, "anna", false); !tandem.IsKind(err, tandem.Busy) {
		t.Errorf("the last admin: %v", err)
	}
}
