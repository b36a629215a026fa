package login

import (
	"context"
	"crypto/hmac"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/store"
)

// The paths of this package.
const (
	Path      = "/login"
	OutPath   = "/logout"
	FirstPath = "/welcome/" // and the code
)

// Register serves the pages of this package.
func (s *Service) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+Path, s.show)
	mux.HandleFunc("POST "+Path, s.logIn)
	mux.HandleFunc("POST "+keyBeginPath, s.answer(s.beginKey))
	mux.HandleFunc("POST "+keyPath, s.answer(s.takeKey))
	mux.HandleFunc("POST "+OutPath, s.logOut)
	mux.HandleFunc("GET "+FirstPath+"{code}", s.showFirst)
	mux.HandleFunc("POST "+FirstPath+"{code}", s.makeFirst)
}

// next is where to go after a log-in: a path of this hub, and nothing that a browser takes for another host.
func next(r *http.Request) string { return pathOf(r.FormValue("next")) }

func pathOf(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

func (s *Service) show(w http.ResponseWriter, r *http.Request) {
	if _, ok := From(r.Context()); ok {
		http.Redirect(w, r, next(r), http.StatusSeeOther)
		return
	}
	s.cfg.Show(w, r, http.StatusOK, View{Next: next(r), Insecure: !s.cfg.Secure(r), Passkeys: s.PasskeysWork(r)})
}

func (s *Service) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := View{Name: r.PostFormValue("name"), Next: next(r), Insecure: !s.cfg.Secure(r), Passkeys: s.PasskeysWork(r)}
	if v.Insecure {
		s.cfg.Show(w, r, http.StatusForbidden, v)
		return
	}
	remote := s.cfg.Remote(r)
	if ticket := r.PostFormValue("ticket"); ticket != "" {
		s.takeCode(w, r, v, ticket)
		return
	}
	e, err := s.cfg.Accounts.Enter(r.Context(), v.Name, r.PostFormValue("password"), remote)
	if err == nil && e.Login.Label != "" {
		err = &tandem.Error{Kind: tandem.Denied, Op: "log in", Err: errors.New("this is an app password; the page wants your own"), Remedy: "use your own password"}
	}
	if err != nil {
		s.turnAway(w, r, v, err)
		return
	}
	if e.Ticket != "" {
		v.Ticket = e.Ticket
		s.cfg.Show(w, r, http.StatusOK, v)
		return
	}
	s.comeIn(w, r, v, e.User)
}

// comeIn begins a visit and goes on to where the person wanted to go.
func (s *Service) comeIn(w http.ResponseWriter, r *http.Request, v View, u store.User) {
	if err := s.begin(w, r, u); err != nil {
		s.turnAway(w, r, v, err)
		return
	}
	http.Redirect(w, r, v.Next, http.StatusSeeOther)
}

// takeCode is the second step of a log-in: the code, under the ticket that the first one gave.
func (s *Service) takeCode(w http.ResponseWriter, r *http.Request, v View, ticket string) {
	u, left, err := s.cfg.Accounts.EnterCode(r.Context(), ticket, r.PostFormValue("code"), s.cfg.Remote(r))
	switch {
	case tandem.IsKind(err, tandem.Gone):
		v.Problem = "That took too long. Please log in again."
		s.cfg.Show(w, r, http.StatusUnauthorized, v)
		return
	case tandem.IsKind(err, tandem.Denied):
		v.Ticket, v.Problem = ticket, "The code is wrong, or was used already."
		s.refuse(r.Context(), v.Name, "web", s.cfg.Remote(r))
		s.cfg.Show(w, r, http.StatusUnauthorized, v)
		return
	case tandem.IsKind(err, tandem.Busy):
		v.Ticket = ticket
		s.turnAway(w, r, v, err)
		return
	case err != nil:
		s.turnAway(w, r, v, err)
		return
	}
	if left >= 0 {
		s.note(r.Context(), store.Event{User: u.Name, Item: "web:" + u.Name, Level: store.Warning, Text: u.Name + " used a recovery code; " + strconv.Itoa(left) + " are left",
			Remedy: "make new ones in the settings before none are left; if it was not you, choose another password"})
	}
	s.comeIn(w, r, v, u)
}

// turnAway says why somebody is not let in.
func (s *Service) turnAway(w http.ResponseWriter, r *http.Request, v View, err error) {
	var e *tandem.Error
	switch {
	case tandem.IsKind(err, tandem.Denied):
		v.Problem = "The name or the password is wrong. Small and capital letters differ; an administrator can set a new password."
		s.refuse(r.Context(), v.Name, "web", s.cfg.Remote(r))
		s.cfg.Show(w, r, http.StatusUnauthorized, v)
	case errors.As(err, &e) && e.Kind == tandem.Busy:
		v.Problem = "Too many wrong passwords came from here. Please try again in " + (time.Duration(e.Wait) * time.Second).String() + "."
		s.refuse(r.Context(), v.Name, "web", s.cfg.Remote(r))
		w.Header().Set("Retry-After", strconv.FormatInt(e.Wait, 10))
		s.cfg.Show(w, r, http.StatusTooManyRequests, v)
	default:
		s.cfg.Log.Error("log in", "err", err)
		v.Problem = "That did not work. The hub's log says why."
		s.cfg.Show(w, r, http.StatusInternalServerError, v)
	}
}

// begin begins a visit of a user. What visit this browser had is over: its token may be known to somebody who planted it.
func (s *Service) begin(w http.ResponseWriter, r *http.Request, u store.User) error {
	return s.beginWith(w, r, u, "")
}

// beginWith is begin for the log: how says with what.
func (s *Service) beginWith(w http.ResponseWriter, r *http.Request, u store.User, how string) error {
	ctx := r.Context()
	if old, ok := From(ctx); ok && old.Visit.ID != 0 {
		if err := s.removeVisit(ctx, old.Visit.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
	}
	token, err := s.random()
	if err != nil {
		return err
	}
	proof, err := s.cfg.Accounts.Proof(ctx, u.Name)
	if err != nil {
		return err
	}
	now, agent, remote := s.cfg.Now(), r.UserAgent(), s.cfg.Remote(r)
	if len(agent) > 200 {
		agent = agent[:200]
	}
	v, err := s.cfg.Store.Visits.AddVisit(ctx, store.Visit{User: u.Name, Token: hashOf(token), Proof: proof, Agent: strings.ToValidUTF8(agent, "?"), From: remote,
		Added: now.Unix(), Used: now.Unix(), Until: now.Add(s.cfg.Life).Unix()})
	if err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(r, token, s.cfg.Life))
	s.note(ctx, store.Event{User: v.User, Item: "web:" + v.User, Text: strings.TrimSpace(v.User + " logged in from " + remote + " " + how)})
	return nil
}

func (s *Service) logOut(w http.ResponseWriter, r *http.Request) {
	if p, ok := From(r.Context()); ok && p.Visit.ID != 0 {
		if err := s.removeVisit(r.Context(), p.Visit.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			s.cfg.Log.Error("log out", "err", err)
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
	}
	http.SetCookie(w, s.cookie(r, "", 0))
	http.Redirect(w, r, Path, http.StatusSeeOther)
}

// Visits lists the browsers in which a person is logged in, newest first; those that are over are left out.
func (s *Service) Visits(ctx context.Context, p Person) ([]store.Visit, error) {
	list, err := s.cfg.Store.Visits.Visits(ctx, p.User.Name)
	if err != nil {
		return nil, err
	}
	proof, err := s.cfg.Accounts.Proof(ctx, p.User.Name)
	if err != nil {
		return nil, nobodyIsThere(err)
	}
	now := s.cfg.Now().Unix()
	out := []store.Visit{}
	for _, v := range list {
		if v.Until > now && now-v.Used < int64(s.cfg.Idle/time.Second) && v.Proof == proof {
			out = append(out, v)
		}
	}
	return out, nil
}

func nobodyIsThere(err error) error {
	if tandem.IsKind(err, tandem.NotFound) {
		return nil
	}
	return err
}

// EndVisit ends one of a person's own visits; others' do not exist.
func (s *Service) EndVisit(ctx context.Context, p Person, id int64) error {
	list, err := s.cfg.Store.Visits.Visits(ctx, p.User.Name)
	if err != nil {
		return err
	}
	for _, v := range list {
		if v.ID == id {
			return s.removeVisit(ctx, id)
		}
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "end visit", Thing: strconv.FormatInt(id, 10)}
}

// Renew begins the visit anew after its person changed their password, which ended it and all others.
func (s *Service) Renew(w http.ResponseWriter, r *http.Request) error {
	p, ok := From(r.Context())
	if !ok || p.Visit.ID == 0 {
		return nil
	}
	return s.begin(w, r, p.User)
}

// Check reports whether a password is a person's own, with the back-off against guessing. Denied.
func (s *Service) Check(r *http.Request, p Person, password string) error {
	err := s.cfg.Accounts.CheckOwn(r.Context(), p.User.Name, password, s.cfg.Remote(r))
	if tandem.IsKind(err, tandem.Denied) {
		err = &tandem.Error{Kind: tandem.Denied, Op: "check password", Err: errors.New("this is not your own password"), Remedy: "type the password with which you log in to these pages"}
	}
	return err
}

// note writes to the log. That it fails must not keep anybody out.
func (s *Service) note(ctx context.Context, e store.Event) {
	e.When = s.cfg.Now().Unix()
	if err := s.cfg.Store.Events.Add(context.WithoutCancel(ctx), e); err != nil {
		s.cfg.Log.Error("cannot write to the results log", "err", err)
	}
}

// refusals bounds how many lines of the log strangers can write.
type refusals struct {
	mu     sync.Mutex // guards what follows
	minute int64
	count  int
}

// perMinute is how many refused log-ins are noted a minute.
const perMinute = 30

func (f *refusals) may(now int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m := now / 60; m != f.minute {
		f.minute, f.count = m, 0
	}
	f.count++
	return f.count <= perMinute
}

// refuse notes that somebody was turned away. What they called themselves is told if there is such a user, for people type passwords into the wrong field.
func (s *Service) refuse(ctx context.Context, name, door, remote string) {
	if !s.refused.may(s.cfg.Now().Unix()) {
		return
	}
	e := store.Event{Item: door + ":", Level: store.Warning, Text: "a log-in from " + remote + " was refused", Remedy: "if it was not you, choose a password that nobody can guess"}
	if u, err := s.cfg.Accounts.Find(ctx, name); name != "" && err == nil {
		e.User, e.Text = u.Name, "a log-in as "+u.Name+" from "+remote+" was refused"
	}
	s.note(ctx, e)
}

// FirstLink makes the path of the one-time set-up link, or "" if somebody can log in already. It holds until somebody used it, or can log in otherwise.
func (s *Service) FirstLink(ctx context.Context) (string, error) {
	_, needed, err := s.firstUser(ctx)
	if err != nil || !needed {
		return "", err
	}
	code, err := s.random()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = code
	return FirstPath + code, nil
}

// firstUser reports whether nobody can log in. The user that a hub makes for its first sync item gets a password then, and no other one is made.
func (s *Service) firstUser(ctx context.Context) (u store.User, needed bool, err error) {
	users, err := s.cfg.Accounts.Users(ctx)
	if err != nil {
		return u, false, err
	}
	for _, u := range users {
		logins, err := s.cfg.Accounts.Logins(ctx, u.Name)
		if err != nil {
			return u, false, err
		}
		if len(logins) > 0 {
			return u, false, nil
		}
	}
	switch len(users) {
	case 0:
		return u, true, nil
	case 1:
		return users[0], true, nil
	}
	return u, false, nil
}

// isFirst reports whether a request knows the set-up link, and whose password it is to set.
func (s *Service) isFirst(r *http.Request) (u store.User, ok bool, err error) {
	s.mu.Lock()
	code := s.first
	s.mu.Unlock()
	if code == "" || !hmac.Equal([]byte(code), []byte(r.PathValue("code"))) {
		return u, false, nil
	}
	return s.firstUser(r.Context())
}

func (s *Service) showFirst(w http.ResponseWriter, r *http.Request) {
	u, ok, err := s.isFirst(r)
	s.answerFirst(w, r, u, ok, err)
}

// answerFirst shows the form for the first administrator, or that the link is of no use.
func (s *Service) answerFirst(w http.ResponseWriter, r *http.Request, u store.User, ok bool, err error) {
	switch {
	case err != nil:
		s.cfg.Log.Error("set-up link", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	case !ok:
		s.cfg.Show(w, r, http.StatusNotFound, View{Next: "/", Problem: "This link was used, or is of an earlier start of the hub.", Insecure: !s.cfg.Secure(r)})
	default:
		s.cfg.Show(w, r, http.StatusOK, View{First: true, Name: u.Name, Fixed: u.Name != "", Insecure: !s.cfg.Secure(r)})
	}
}

func (s *Service) makeFirst(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	u, ok, err := s.isFirst(r)
	if err != nil || !ok {
		s.answerFirst(w, r, u, ok, err)
		return
	}
	v := View{First: true, Name: u.Name, Fixed: u.Name != "", Insecure: !s.cfg.Secure(r)}
	if v.Insecure {
		s.cfg.Show(w, r, http.StatusForbidden, v)
		return
	}
	if !v.Fixed {
		v.Name = r.PostFormValue("name")
	}
	u, err = s.setUp(r, v)
	var e *tandem.Error
	switch {
	case errors.As(err, &e) && e.Kind != tandem.Internal && e.Err != nil:
		v.Refused = err
		s.cfg.Show(w, r, http.StatusBadRequest, v)
		return
	case err == nil:
		err = s.begin(w, r, u)
	}
	if err != nil {
		s.turnAway(w, r, View{Next: "/"}, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// setUp makes the first administrator. Two who use the link at once make one: the second finds it used.
func (s *Service) setUp(r *http.Request, v View) (store.User, error) {
	ctx, password := r.Context(), r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		return store.User{}, &tandem.Error{Kind: tandem.Invalid, Op: "add user", Thing: v.Name, Err: errors.New("the two passwords differ"), Remedy: "type the same twice"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first != r.PathValue("code") {
		return store.User{}, &tandem.Error{Kind: tandem.Gone, Op: "add user", Thing: v.Name, Err: errors.New("this link was used"), Remedy: "log in, or ask for another one"}
	}
	u := store.User{Name: v.Name, Title: r.PostFormValue("title")}
	var err error
	if v.Fixed {
		if err = s.cfg.Hub.SetPassword(ctx, u.Name, password); err == nil {
			err = s.cfg.Hub.SetAdmin(ctx, u.Name, true)
		}
	} else {
		u, err = s.cfg.Hub.AddUser(ctx, u, password)
	}
	if err != nil {
		return u, err
	}
	s.first = ""
	s.note(ctx, store.Event{User: u.Name, Item: "web:" + u.Name, Text: u.Name + " was made the first administrator, from " + s.cfg.Remote(r)})
	return s.cfg.Store.Accounts.User(ctx, u.Name)
}
