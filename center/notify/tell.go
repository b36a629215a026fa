package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"tandem/center/explain"
	"tandem/center/when"
	"tandem/store"
)

// tell tells a user what is due, and returns how long nothing will be, 0: for as long as nothing changes.
func (s *Service) tell(ctx context.Context, u store.User, users []store.User, open []store.Notice, group *sync.WaitGroup) (time.Duration, error) {
	set := Read(u, users)
	s.mu.Lock()
	last := s.last[u.Name]
	s.mu.Unlock()
	due, wait := dueNow(set, open, last, s.cfg.Now(), zoneOf(u), s.cfg.Times.Gather)
	if len(due) == 0 {
		return wait, nil
	}
	ready := s.ready(ctx, u, set)
	if len(ready) == 0 {
		return 0, nil // nobody hears it; it is told when somebody does
	}
	now := s.cfg.Now().Unix()
	c := store.NoticeChange{When: now}
	for _, n := range due {
		c.Telling = append(c.Telling, n.ID)
	}
	// First written down, then told: a hub that dies in between knows what may not have arrived, and goes on by the channels that bear being told twice.
	if err := s.cfg.Notices.ChangeNotices(ctx, c); err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.last[u.Name] = now
	s.mu.Unlock()
	s.sendAll(ctx, ready, u, s.Message(due, set.Language), c.Telling, group)
	_, wait = dueNow(set, slices.DeleteFunc(slices.Clone(open), func(n store.Notice) bool { return slices.Contains(c.Telling, n.ID) }), now, s.cfg.Now(), zoneOf(u), s.cfg.Times.Gather)
	return wait, nil
}

// zoneOf is a user's time zone.
func zoneOf(u store.User) *time.Location {
	if name := u.Props.Get("zone"); name != "" {
		if z, err := time.LoadLocation(name); err == nil {
			return z
		}
	}
	return time.Local
}

// dueNow says what a user is to be told now, or else how long nothing will be due.
func dueNow(set Settings, open []store.Notice, last int64, now time.Time, zone *time.Location, gather time.Duration) (due []store.Notice, wait time.Duration) {
	var first time.Time // when the first of those that wait is ripe
	for _, n := range open {
		last = max(last, n.Told, -n.Told)
		if n.Told != 0 || !set.Sorts[n.Sort] {
			continue
		}
		ripe := time.Unix(n.Since, 0).Add(gather)
		if mends(n) {
			ripe = time.Unix(n.Since, 0).Add(max(gather, set.After))
		}
		if !ripe.After(now) {
			due = append(due, n)
		} else if first.IsZero() || ripe.Before(first) {
			first = ripe
		}
	}
	if len(due) == 0 {
		if first.IsZero() {
			return nil, 0
		}
		return nil, first.Sub(now)
	}
	if next := time.Unix(last, 0).Add(set.Every); last != 0 && next.After(now) {
		return nil, next.Sub(now)
	}
	if d := set.plan.Decide(now, zone, when.State{}); !d.Go {
		return nil, max(time.Second, d.Until.Sub(now))
	}
	return due, 0
}

// mends reports whether a cause may go away without anybody doing anything.
func mends(n store.Notice) bool {
	if n.Sort != Problem || n.Code == "" {
		return false
	}
	t, err := explain.Find(n.Code)
	return err == nil && t.Again
}

func (s *Service) ready(ctx context.Context, u store.User, set Settings) (list []Channel) {
	for _, ch := range s.cfg.Channels {
		if ok, _ := ch.Ready(ctx, u, set); ok {
			list = append(list, ch)
		}
	}
	return list
}

// tries is how often a channel is tried for one message.
const tries = 3

// sendAll tells a user by channels, and writes down that it is over.
func (s *Service) sendAll(ctx context.Context, ready []Channel, u store.User, m Message, about []int64, group *sync.WaitGroup) {
	group.Go(func() {
		var mine sync.WaitGroup
		for _, ch := range ready {
			mine.Go(func() { s.send(ctx, ch, u, m) })
		}
		mine.Wait()
		if ctx.Err() != nil {
			return // what did not arrive is told when the hub starts
		}
		if err := s.cfg.Notices.ChangeNotices(ctx, store.NoticeChange{Told: about, When: s.cfg.Now().Unix()}); err != nil && ctx.Err() == nil {
			s.cfg.Log.Error("cannot write down what people were told", "user", u.Name, "error", err)
		}
	})
}

// resume tells again, when the hub starts, what it was telling when it ended: the same message of the same causes, under the same key, by those channels of which
// a message that arrives twice is seen once. By the others it is not told again, since it may have been seen.
func (s *Service) resume(ctx context.Context, group *sync.WaitGroup) error {
	open, err := s.cfg.Notices.Notices(ctx, "")
	if err != nil {
		return err
	}
	users, err := s.cfg.Accounts.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		began := map[int64][]store.Notice{} // by when it was begun to tell them
		for _, n := range open {
			if n.User == u.Name && n.Told < 0 {
				began[n.Told] = append(began[n.Told], n)
			}
		}
		set := Read(u, users)
		ready := slices.DeleteFunc(s.ready(ctx, u, set), func(ch Channel) bool { return !ch.Twice() })
		for _, at := range slices.Sorted(maps.Keys(began)) {
			var about []int64
			for _, n := range began[at] {
				about = append(about, n.ID)
			}
			s.sendAll(ctx, ready, u, s.Message(began[at], set.Language), about, group)
		}
	}
	return nil
}

// send tells a user by one channel.
func (s *Service) send(ctx context.Context, ch Channel, u store.User, m Message) {
	wait := s.cfg.Times.Retry
	for n := 1; ; n++ {
		err := ch.Send(ctx, u, m)
		if err == nil || ctx.Err() != nil {
			return
		}
		if n == tries {
			s.cfg.Log.Warn("a notification was not delivered", "channel", ch.Name(), "user", u.Name, "error", err)
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		wait *= 2
	}
}

// maxLines is how many causes a message lists.
const maxLines = 50

// The words of messages, which Config.Say knows.
const (
	openWord  = "Open"
	footWords = "Each of these is told once. What you are told, and when, is set at the command line with `tandem notify set`, or on the page under Settings."
	testTitle = "This is a test"
	testWords = "Tandem tells you so when something needs you."
)

// Message makes one message of what is due, in one of Languages.
func (s *Service) Message(due []store.Notice, language string) Message {
	say := func(text string) string { return s.cfg.Say(language, text) }
	m := Message{Key: "notify/" + strconv.FormatInt(due[0].ID, 10), Open: say(openWord), Foot: say(footWords)}
	sorts := map[string]int{}
	for _, n := range due {
		m.About = append(m.About, n.ID)
		sorts[n.Sort]++
		if len(m.Lines) < maxLines {
			line := say(n.Title)
			if n.Text != "" {
				line += ": " + say(n.Text)
			}
			m.Lines = append(m.Lines, line)
		}
	}
	if more := len(due) - maxLines; more > 0 {
		m.Lines = append(m.Lines, say(fmt.Sprintf("and %d more", more)))
	}
	if len(due) == 1 {
		m.Title, m.Text, m.Link = say(due[0].Title), say(due[0].Text), due[0].Link
		return m
	}
	m.Title, m.Link = say(fmt.Sprintf("%d things need you", len(due))), "/"
	for _, w := range []struct{ sort, one, many string }{{Problem, "problem", "problems"}, {Conflict, "conflict", "conflicts"}, {Question, "question", "questions"}, {Device, "device waits", "devices wait"}} {
		if n := sorts[w.sort]; n > 0 {
			if m.Text != "" {
				m.Text += ", "
			}
			word := w.many
			if n == 1 {
				word = w.one
			}
			m.Text += say(strconv.Itoa(n) + " " + word)
		}
	}
	if sorts[Conflict]+sorts[Question] == len(due) {
		m.Link = "/conflicts"
	}
	return m
}

// Sent is what became of a trial.
type Sent struct {
	Channel string `json:"channel"`
	Done    bool   `json:"done"`
	Why     string `json:"why,omitempty" doc:"why not"`
}

// Test tells a user something by each channel, and what became of it. It is not held up by quiet hours.
func (s *Service) Test(ctx context.Context, user string) ([]Sent, error) {
	u, err := s.cfg.Accounts.User(ctx, user)
	if err != nil {
		return nil, err
	}
	users, err := s.cfg.Accounts.Users(ctx)
	if err != nil {
		return nil, err
	}
	set := Read(u, users)
	m := Message{Key: "notify/test/" + strconv.FormatInt(s.cfg.Now().UnixNano(), 10), Title: s.cfg.Say(set.Language, testTitle), Text: s.cfg.Say(set.Language, testWords), Link: "/settings",
		Open: s.cfg.Say(set.Language, openWord), Foot: s.cfg.Say(set.Language, footWords)}
	m.Lines = []string{m.Text}
	out := []Sent{}
	for _, ch := range s.cfg.Channels {
		x := Sent{Channel: ch.Name()}
		if x.Done, x.Why = ch.Ready(ctx, u, set); x.Done {
			if err := ch.Send(ctx, u, m); err != nil {
				x.Done, x.Why = false, err.Error()
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// Ways are the channels, and whether each can tell a user something now.
func (s *Service) Ways(ctx context.Context, u store.User, users []store.User) []Sent {
	set := Read(u, users)
	out := []Sent{}
	for _, ch := range s.cfg.Channels {
		ok, why := ch.Ready(ctx, u, set)
		out = append(out, Sent{Channel: ch.Name(), Done: ok, Why: why})
	}
	return out
}
