package login

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"tandem/partner/account"
	"tandem/store"
)

// again is how often it is looked whether somebody who follows a stream is still let in, where nothing tells.
const again = 15 * time.Second

// ends tells those who wait that visits ended. Its zero value is ready.
type ends struct {
	mu   sync.Mutex // guards over
	over chan struct{}
}

// next is closed when the next visit ends.
func (e *ends) next() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over == nil {
		e.over = make(chan struct{})
	}
	return e.over
}

func (e *ends) tell() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over != nil {
		close(e.over)
		e.over = nil
	}
}

// removeVisit ends a visit, and with it the streams that it has open.
func (s *Service) removeVisit(ctx context.Context, id int64) error {
	defer s.ends.tell()
	return s.cfg.Store.Visits.RemoveVisit(ctx, id)
}

// While passes on requests that last, such as streams, each with a context that ends when its person is let in no longer: the visit was ended from anywhere or is over, its
// password was changed or the app password revoked, the person was removed, or has other rights than before. That a visit ends in this process is seen at once, all else
// within Config.Again.
func (s *Service) While(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := From(r.Context())
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		var watching sync.WaitGroup
		defer watching.Wait()
		defer cancel()
		watching.Go(func() {
			defer cancel()
			s.watch(ctx, p)
		})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// watch returns when a person is let in no longer, or ctx is done.
func (s *Service) watch(ctx context.Context, p Person) {
	tick := time.NewTicker(s.cfg.Again)
	defer tick.Stop()
	for {
		over := s.ends.next() // before the look, so that nothing comes between
		// Where it cannot be told the stream ends, too: whoever is let in comes back.
		if !s.isIn(ctx, p) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-over:
		case <-tick.C:
		}
	}
}

// isIn reports whether a person would be let in again, with the same rights. That it is asked is no use of a visit.
func (s *Service) isIn(ctx context.Context, p Person) bool {
	u, err := s.cfg.Store.Accounts.User(ctx, p.User.Name)
	if err != nil || p.Admin != (account.IsAdmin(u) && !p.App) {
		return false
	}
	if p.App {
		list, err := s.cfg.Store.Logins.Logins(ctx, u.Name)
		return err == nil && slices.ContainsFunc(list, func(l store.Login) bool { return l.ID == p.login })
	}
	proof, err := s.cfg.Accounts.Proof(ctx, u.Name)
	if err != nil || proof != p.proof {
		return false
	}
	if p.Visit.ID == 0 {
		return true
	}
	v, err := s.cfg.Store.Visits.Visit(ctx, p.Visit.Token)
	now := s.cfg.Now().Unix()
	return err == nil && v.ID == p.Visit.ID && v.Until > now && now-v.Used < int64(s.cfg.Idle/time.Second)
}
