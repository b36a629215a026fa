package progress

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tandem"
)

// Board shows the sessions that are going on. Its methods may be called concurrently; none of them waits for a sync.
type Board struct {
	mu       sync.Mutex // guards what follows, and all sessions
	sessions map[int64]*Session
	order    []int64
	last     int64
}

// NewBoard makes a board without sessions.
func NewBoard() *Board { return &Board{sessions: map[int64]*Session{}} }

// Begin describes a new session.
type Begin struct {
	Handler string // whose items they are; "": nobody's
	Who     string // where it was begun: "hub", "cli", the name of a program
	Items   []string
	Names   map[string]string // of items, where the name is not the id

	// Stop is called when somebody asks to stop an item of the session, or with "" all of them. nil: the reporter learns of it from answers only. Alone says that it cannot be asked at all.
	Stop  func(item string)
	Alone bool

	// Silence is how long the reporter may say nothing before the session is taken for dead, 0: for ever. OnEnd is called when the
	// session is over, with how it ended; the session is off the board then.
	Silence time.Duration
	OnEnd   func(End)
}

// End is how a session ended.
type End struct {
	ID      int64
	Handler string
	Who     string
	Rows    map[string]Row
	Dead    bool // its reporter fell silent
}

// Session is one run over items as its reporter tells of it. ISyncMgrSyncCallback
type Session struct {
	board *Board
	id    int64
	begin Begin
	rows  map[string]Row
	order []string
	text  string
	all   bool            // asked to stop altogether
	items map[string]bool // asked to stop
	fresh []string        // items that joined from outside and were not told yet
	quiet map[string]bool // items that nobody sees
	ended bool
	timer *time.Timer
}

// Open begins a session. ISyncMgrSessionCreator::CreateSession
func (b *Board) Open(n Begin) (*Session, error) {
	if n.Handler != "" {
		if err := CheckID("handler", n.Handler); err != nil {
			return nil, err
		}
	}
	if err := CheckName("reporter", n.Who); err != nil {
		return nil, err
	}
	for _, it := range n.Items {
		if err := CheckID("item", it); err != nil {
			return nil, err
		}
	}
	for _, name := range n.Names {
		if err := CheckName("item", name); err != nil {
			return nil, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	s := &Session{board: b, id: b.last, begin: n, rows: map[string]Row{}, items: map[string]bool{}, quiet: map[string]bool{}}
	for _, it := range n.Items {
		s.joinLocked(it)
	}
	b.sessions[s.id] = s
	b.order = append(b.order, s.id)
	if n.Silence > 0 {
		s.timer = time.AfterFunc(n.Silence, func() { s.end(true) })
	}
	return s, nil
}

// Session finds one that is going on. NotFound
func (b *Board) Session(id int64) (*Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.sessions[id]; s != nil {
		return s, nil
	}
	return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find session", Thing: fmt.Sprint(id), Err: errors.New("it is over, or never was"), Remedy: "begin another one"}
}

// ID is the session's number on the board.
func (s *Session) ID() int64 { return s.id }

func (s *Session) joinLocked(item string) bool {
	if _, ok := s.rows[item]; ok {
		return false
	}
	s.rows[item] = Row{}
	s.order = append(s.order, item)
	return true
}

// heardLocked is called whenever the reporter says something.
func (s *Session) heardLocked() error {
	if s.ended {
		return &tandem.Error{Kind: tandem.Gone, Op: "report to session", Thing: fmt.Sprint(s.id), Err: errors.New("it is over"), Remedy: "begin another one"}
	}
	if s.timer != nil {
		s.timer.Reset(s.begin.Silence)
	}
	return nil
}

// Report tells how far an item is, and is answered whether to go on. ISyncMgrSyncCallback::ReportProgress
func (s *Session) Report(rep Report) (Answer, error) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if err := s.heardLocked(); err != nil {
		return CancelAll, err
	}
	row, ok := s.rows[rep.Item]
	if !ok {
		return GoOn, &tandem.Error{Kind: tandem.NotFound, Op: "report progress of", Thing: rep.Item, Err: errors.New("it is not in the session"), Remedy: "add it to the session first"}
	}
	next, err := row.Next(rep)
	s.rows[rep.Item] = next
	return s.answerLocked(rep.Item), err
}

// SetText tells what goes on with the handler as a whole. ISyncMgrSyncCallback::SetHandlerProgressText
func (s *Session) SetText(text string) (Answer, error) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if err := s.heardLocked(); err != nil {
		return CancelAll, err
	}
	s.text = Cut(text, MaxText)
	return s.answerLocked(""), nil
}

// CanContinue answers whether to go on, without a report. ISyncMgrSyncCallback::CanContinue
func (s *Session) CanContinue(item string) Answer {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if s.heardLocked() != nil {
		return CancelAll
	}
	return s.answerLocked(item)
}

func (s *Session) answerLocked(item string) Answer {
	switch {
	case s.all:
		return CancelAll
	case s.items[item]:
		return CancelItem
	}
	return GoOn
}

// Add lets the reporter take another item into its session. ISyncMgrSyncCallback::AddItemToSession
func (s *Session) Add(item string) error {
	if err := CheckID("item", item); err != nil {
		return err
	}
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if err := s.heardLocked(); err != nil {
		return err
	}
	s.joinLocked(item)
	return nil
}

// Hide keeps an item of the session from being seen, and Reveal ends that.
func (s *Session) Hide(item string) { s.see(item, true) }

// Reveal makes a hidden item seen.
func (s *Session) Reveal(item string) { s.see(item, false) }

func (s *Session) see(item string, quiet bool) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if delete(s.quiet, item); quiet {
		s.quiet[item] = true
	}
}

// Row is where an item is.
func (s *Session) Row(item string) (Row, bool) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	r, ok := s.rows[item]
	return r, ok
}

// Offer hands an item to a session that is going on; the reporter learns of it by Additional. It is false if the session is over, or has the item
// already.
func (s *Session) Offer(item string) bool {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if s.ended || s.all || CheckID("item", item) != nil || !s.joinLocked(item) {
		return false
	}
	s.fresh = append(s.fresh, item)
	return true
}

// Offer hands an item to a session of a handler that is going on; see Session.Offer.
func (b *Board) Offer(handler, item string) bool {
	b.mu.Lock()
	var of []*Session
	for _, id := range b.order {
		if s := b.sessions[id]; s.begin.Handler == handler {
			of = append(of, s)
		}
	}
	b.mu.Unlock()
	for _, s := range of {
		if s.Offer(item) {
			return true
		}
	}
	return false
}

// Additional tells the items that were handed to the session since it was last asked. ISyncMgrSyncCallback::QueryForAdditionalItems
func (s *Session) Additional() ([]string, error) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if err := s.heardLocked(); err != nil {
		return nil, err
	}
	out := s.fresh
	s.fresh = nil
	return out, nil
}

// Close ends the session. Items of which nobody said how they ended have failed.
func (s *Session) Close() { s.end(false) }

func (s *Session) end(dead bool) {
	s.board.mu.Lock()
	if s.ended {
		s.board.mu.Unlock()
		return
	}
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
	}
	why := "it ended without saying how"
	if dead {
		why = "nothing more was heard of it"
	}
	for item, row := range s.rows {
		if row.Status.Going() {
			s.rows[item] = Row{Status: Failed, Text: why}
		}
	}
	delete(s.board.sessions, s.id)
	s.board.order = slices.DeleteFunc(s.board.order, func(id int64) bool { return id == s.id })
	end := End{ID: s.id, Handler: s.begin.Handler, Who: s.begin.Who, Rows: s.rows, Dead: dead}
	s.board.mu.Unlock()
	if s.begin.OnEnd != nil {
		s.begin.OnEnd(end)
	}
}

// StopItem asks every session to leave an item; it tells how many there were.
func (b *Board) StopItem(item string) int {
	return b.stop(func(s *Session) (string, bool) {
		row, ok := s.rows[item]
		if !ok || row.Status.Over() {
			return "", false
		}
		s.items[item] = true
		return item, true
	})
}

// StopHandler asks every session of a handler to stop.
func (b *Board) StopHandler(handler string) int {
	return b.stop(func(s *Session) (string, bool) {
		if s.begin.Handler != handler {
			return "", false
		}
		s.all = true
		return "", true
	})
}

// StopAll asks every session to stop.
func (b *Board) StopAll() int {
	return b.stop(func(s *Session) (string, bool) {
		s.all = true
		return "", true
	})
}

func (b *Board) stop(pick func(*Session) (item string, ok bool)) int {
	var calls []func()
	b.mu.Lock()
	n := 0
	for _, id := range b.order {
		s := b.sessions[id]
		if s.begin.Alone {
			continue
		}
		item, ok := pick(s)
		if !ok {
			continue
		}
		n++
		if stop := s.begin.Stop; stop != nil {
			calls = append(calls, func() { stop(item) })
		}
	}
	b.mu.Unlock()
	for _, f := range calls {
		f()
	}
	return n
}

// SessionState is a session as it stands.
type SessionState struct {
	ID       int64     `json:"id"`
	Handler  string    `json:"handler,omitempty"`
	Who      string    `json:"who"`
	Text     string    `json:"text,omitempty"`
	Stopping bool      `json:"stopping,omitempty"` // somebody asked it to stop
	Items    []ItemRow `json:"items"`
}

// ItemRow is an item as it stands.
type ItemRow struct {
	Item     string `json:"item"`
	Name     string `json:"name,omitempty"` // where it is not the id
	Stopping bool   `json:"stopping,omitempty"`
	Row
}

// State is all that is going on.
type State struct {
	Sessions []SessionState `json:"sessions"`
	Items    []ItemRow      `json:"items"` // each once, however many sessions it is in
}

// State tells what is going on.
func (b *Board) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := State{Sessions: make([]SessionState, 0, len(b.order)), Items: []ItemRow{}}
	rows := map[string][]Row{}
	at := map[string]int{}
	for _, id := range b.order {
		s := b.sessions[id]
		one := SessionState{ID: s.id, Handler: s.begin.Handler, Who: s.begin.Who, Text: s.text, Stopping: s.all, Items: make([]ItemRow, 0, len(s.order))}
		for _, it := range s.order {
			if s.quiet[it] {
				continue
			}
			r := ItemRow{Item: it, Name: s.begin.Names[it], Stopping: s.all || s.items[it], Row: s.rows[it]}
			one.Items = append(one.Items, r)
			if i, ok := at[it]; ok {
				out.Items[i].Stopping = out.Items[i].Stopping || r.Stopping
			} else {
				at[it] = len(out.Items)
				out.Items = append(out.Items, r)
			}
			rows[it] = append(rows[it], r.Row)
		}
		out.Sessions = append(out.Sessions, one)
	}
	for it, i := range at {
		out.Items[i].Row = Combine(rows[it])
	}
	return out
}
