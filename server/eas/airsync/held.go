package airsync

import (
	"context"

	"tandem"
	"tandem/server/eas/proto"
)

// held reports whether a request waits for news and asks for nothing else, of a device that is not to be told of any now. What came before it is held then as what comes
// while it waits. (inventory AS-86)
func (s *Service) held(ctx context.Context, r *proto.Request, req *request) (bool, error) {
	if req.wait == 0 || !s.Broker.Holds(r.User.Name, r.Device.Number) {
		return false, nil
	}
	for _, w := range req.collections {
		if only, err := s.onlyNews(ctx, r, w); err != nil || !only {
			return false, err
		}
	}
	return true, nil
}

// onlyNews reports whether a device asks for no more of a collection than what is new: it has all of its last answer, sends nothing, and wants it as before.
func (s *Service) onlyNews(ctx context.Context, r *proto.Request, w *wish) (bool, error) {
	if w.bad || len(w.commands) > 0 {
		return false, nil
	}
	mails, texts, err := s.both(ctx, r, w)
	if err != nil {
		return false, err
	}
	for _, one := range []*wish{mails, texts} {
		if one == nil {
			continue
		}
		p := &part{s: s, r: r, w: one}
		if err := p.find(ctx); tandem.IsKind(err, tandem.NotFound) { // which is said at once
			return false, nil
		} else if err != nil {
			return false, err
		}
		if err := p.load(ctx); err != nil || p.st == nil || p.st.Now == nil {
			return false, err
		}
		now, filter := p.st.Now, p.st.Options.Filter
		if one.key != now.Key || now.More || len(now.Reverts) > 0 || p.st.Look || !p.remember() || p.st.Options.Filter != filter {
			return false, nil
		}
	}
	return true, nil
}
