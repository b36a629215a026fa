package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"tandem"
	"tandem/center"
	"tandem/provider"
	"tandem/store"
)

// maxRequest bounds a request in bytes; the largest holds a version of a record written by hand.
const maxRequest = 128 << 20

// Serve answers on l until ctx is done, then lets what is under way end, for at most two seconds. It closes l.
func Serve(ctx context.Context, l net.Listener, s center.Service, version string) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	srv := &http.Server{Handler: routes(s, version), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return base }}
	stopped := make(chan struct{})
	over, end := context.WithCancel(ctx)
	defer end()
	go func() {
		defer close(stopped)
		<-over.Done()
		cancel() // runs end within two seconds and tell how far they came
		stop, release := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer release()
		if srv.Shutdown(stop) != nil {
			srv.Close()
		}
	}()
	err := srv.Serve(l)
	end()
	<-stopped
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func routes(s center.Service, version string) http.Handler {
	mux := http.NewServeMux()
	handle(mux, "Hello", func(context.Context, nothing) (greeting, error) {
		return greeting{Process: os.Getpid(), Version: version}, nil
	})
	handlePartners(mux, s)
	handleItems(mux, s)
	handleInbox(mux, s)
	handleAbout(mux, s)
	handleUsers(mux, s)
	handlePhones(mux, s)
	handleMail(mux, s)
	handleAccounts(mux, s)
	handleSecrets(mux, s)
	handleNotices(mux, s)
	handleWebhooks(mux, s)
	handleMembers(mux, s)
	handleSharing(mux, s)
	handleCenter(mux, s)
	handleDiagnostics(mux, s)
	stream(mux, "Sync", func(ctx context.Context, a syncArg, tell func(center.SyncNews)) error {
		return s.Sync(ctx, a.Names, a.Options, tell)
	})
	stream(mux, "SyncPlaces", func(ctx context.Context, a placesArg, tell func(center.SyncNews)) error {
		return s.SyncPlaces(ctx, a.Places, a.Options, tell)
	})
	handle(mux, "Begin", func(ctx context.Context, a syncArg) ([]center.Begun, error) { return s.Begin(ctx, a.Names, a.Options) })
	handle(mux, "Stop", func(ctx context.Context, a namesArg) ([]string, error) { return s.Stop(ctx, a.Names) })
	lines(mux, "Follow", func(ctx context.Context, _ nothing, send func(line)) error {
		return s.Follow(ctx, func(n center.News) { send(line{Heard: &n}) })
	})
	return mux
}

func handlePartners(mux *http.ServeMux, s center.Partners) {
	handle(mux, "AddPartner", func(ctx context.Context, a partnerArg) (store.Partner, error) {
		return s.AddPartner(ctx, a.User, a.Name, a.Place)
	})
	handle(mux, "LookAt", func(ctx context.Context, l center.Look) ([]provider.Found, error) { return s.LookAt(ctx, l) })
	handle(mux, "ListPartners", func(ctx context.Context, _ nothing) ([]store.Partner, error) { return s.ListPartners(ctx) })
	handle(mux, "CallPartner", func(ctx context.Context, a labelArg) (store.Partner, error) {
		return s.CallPartner(ctx, a.Name, a.Label)
	})
	handle(mux, "SetPartner", func(ctx context.Context, a setArg) (store.Partner, error) { return s.SetPartner(ctx, a.Name, a.Set) })
	handle(mux, "RemovePartner", func(ctx context.Context, a nameArg) (nothing, error) {
		return nothing{}, s.RemovePartner(ctx, a.Name)
	})
}

func handleItems(mux *http.ServeMux, s center.Items) {
	handle(mux, "AddItem", func(ctx context.Context, a center.NewItem) (store.Item, error) { return s.AddItem(ctx, a) })
	handle(mux, "FirstSync", func(ctx context.Context, a nameArg) (center.First, error) { return s.FirstSync(ctx, a.Name) })
	handle(mux, "ListItems", func(ctx context.Context, _ nothing) ([]store.Item, error) { return s.ListItems(ctx) })
	handle(mux, "EnableItem", func(ctx context.Context, a enableArg) (nothing, error) {
		return nothing{}, s.EnableItem(ctx, a.Name, a.On)
	})
	handle(mux, "SetItem", func(ctx context.Context, a setArg) (store.Item, error) { return s.SetItem(ctx, a.Name, a.Set) })
	handle(mux, "RemoveItem", func(ctx context.Context, a nameArg) (nothing, error) {
		return nothing{}, s.RemoveItem(ctx, a.Name)
	})
}

func handleInbox(mux *http.ServeMux, s center.Inbox) {
	handle(mux, "Conflicts", func(ctx context.Context, a openArg) ([]store.Conflict, error) { return s.Conflicts(ctx, a.Open) })
	handle(mux, "Conflict", func(ctx context.Context, a idArg) (conflictAnswer, error) {
		c, texts, err := s.Conflict(ctx, a.ID)
		out := conflictAnswer{Conflict: c}
		for _, t := range texts {
			out.Bodies = append(out.Bodies, []byte(t))
		}
		return out, err
	})
	handle(mux, "Decide", func(ctx context.Context, a decideArg) (nothing, error) {
		return nothing{}, s.Decide(ctx, a.ID, a.Decision, a.Body)
	})
	handle(mux, "History", func(ctx context.Context, f store.PastFilter) ([]store.Past, error) { return s.History(ctx, f) })
	handle(mux, "Undo", func(ctx context.Context, a nameArg) ([]center.UndoResult, error) { return s.Undo(ctx, a.Name) })
}

func handleAbout(mux *http.ServeMux, s center.About) {
	handle(mux, "Status", func(ctx context.Context, a namesArg) ([]center.ItemStatus, error) { return s.Status(ctx, a.Names) })
	handle(mux, "ByHand", func(ctx context.Context, _ nothing) ([]center.PlacesStatus, error) { return s.ByHand(ctx) })
	handle(mux, "Runs", s.Runs)
	handle(mux, "Log", func(ctx context.Context, a listArg) ([]store.Event, error) {
		return s.Log(ctx, a.After, a.Item, a.Limit)
	})
	stream(mux, "FollowLog", func(ctx context.Context, a listArg, tell func(center.SyncNews)) error {
		return s.FollowLog(ctx, a.After, a.Item, func(e store.Event) { tell(center.SyncNews{Item: e.Item, Event: &e}) })
	})
	handle(mux, "Collections", func(ctx context.Context, _ nothing) ([]tandem.Collection, error) { return s.Collections(ctx) })
	handle(mux, "Checks", func(ctx context.Context, a nameArg) ([]center.Check, error) { return s.Checks(ctx, a.Name) })
}

// handle serves one method that answers once.
func handle[Arg, Answer any](mux *http.ServeMux, name string, f func(context.Context, Arg) (Answer, error)) {
	mux.HandleFunc("POST /v1/"+name, func(w http.ResponseWriter, r *http.Request) {
		arg, ok := read[Arg](w, r)
		if !ok {
			return
		}
		answer, err := f(r.Context(), arg)
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// An error here means that the asker is gone.
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// stream serves one method that answers with a line per message about runs.
func stream[Arg any](mux *http.ServeMux, name string, f func(context.Context, Arg, func(center.SyncNews)) error) {
	lines(mux, name, func(ctx context.Context, arg Arg, send func(line)) error {
		return f(ctx, arg, func(n center.SyncNews) { send(line{News: &n}) })
	})
}

// lines serves one method that answers with a line per message.
func lines[Arg any](mux *http.ServeMux, name string, f func(context.Context, Arg, func(line)) error) {
	mux.HandleFunc("POST /v1/"+name, func(w http.ResponseWriter, r *http.Request) {
		arg, ok := read[Arg](w, r)
		if !ok {
			return
		}
		w.Header().Set("Content-Type", "application/jsonl")
		ctl, enc := http.NewResponseController(w), json.NewEncoder(w)
		var mu sync.Mutex // news may come from several runs
		send := func(l line) {
			mu.Lock()
			defer mu.Unlock()
			// An error here means that the asker is gone, which ends r's context and so the run.
			if enc.Encode(l) == nil {
				_ = ctl.Flush()
			}
		}
		if err := ctl.Flush(); err != nil {
			return
		}
		err := f(r.Context(), arg, send)
		send(line{Done: true, Error: center.FailureOf(err)})
	})
}

func read[Arg any](w http.ResponseWriter, r *http.Request) (Arg, bool) {
	var arg Arg
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(&arg); err != nil {
		fail(w, &tandem.Error{Kind: tandem.Invalid, Op: "read request", Err: err, Remedy: "use the same version of tandem on both ends"})
		return arg, false
	}
	return arg, true
}

// fail answers with an error and the HTTP status of its kind.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch tandem.KindOf(err) {
	case tandem.NotFound, tandem.Gone:
		status = http.StatusNotFound
	case tandem.Invalid, tandem.TooNew:
		status = http.StatusBadRequest
	case tandem.Exists, tandem.Changed, tandem.Busy, tandem.Held:
		status = http.StatusConflict
	case tandem.Denied:
		status = http.StatusForbidden
	case tandem.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case tandem.Full:
		status = http.StatusInsufficientStorage
	case tandem.Transient, tandem.Unreadable:
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(failure{Error: center.FailureOf(err)}) // an error here means that the asker is gone
}
