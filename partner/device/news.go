package device

import (
	"context"
	"maps"

	"tandem/store"
)

// newsValue is the setting that says when devices are told of news, by their numbers.
const newsValue = "device news"

// News is when a device is told of news, as it was set; "" is at once. What it means is not looked at here.
func (s *Service) News(ctx context.Context, number int64) (string, error) {
	s.news.Lock()
	defer s.news.Unlock()
	if err := s.loadNews(ctx); err != nil {
		return "", err
	}
	return s.newsOf[number], nil
}

// loadNews reads what is set, the first time. s.news is held.
func (s *Service) loadNews(ctx context.Context) error {
	if s.newsOf != nil {
		return nil
	}
	set := map[int64]string{}
	if err := s.read(ctx, newsValue, &set); err != nil {
		return err
	}
	s.newsOf = set
	return nil
}

// SetNews sets when a device is told of news. It is for the device as it is known now: one that was removed and comes again is told at once.
func (s *Service) SetNews(ctx context.Context, user, id, text, by string) (store.Device, error) {
	d, err := s.cfg.Devices.Device(ctx, user, id)
	if err != nil {
		return d, err
	}
	if err := s.putNews(ctx, d.Number, text); err != nil {
		return d, err
	}
	s.cfg.Policy(d) // one that waits asks again, and waits by what is set now
	what := text
	if what == "" {
		what = "at once"
	}
	return d, s.log(ctx, d, store.Info, "", "is told of news: %s, asked by %s", what, by)
}

func (s *Service) putNews(ctx context.Context, number int64, text string) error {
	s.news.Lock()
	defer s.news.Unlock()
	if err := s.loadNews(ctx); err != nil {
		return err
	}
	if s.newsOf[number] == text {
		return nil
	}
	set := maps.Clone(s.newsOf)
	if set[number] = text; text == "" {
		delete(set, number)
	}
	if err := s.write(ctx, newsValue, set); err != nil {
		return err
	}
	s.newsOf = set
	return nil
}
