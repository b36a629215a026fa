// Package post_test drives meetings by mail and answers while away through the real doors: mail comes in over LMTP, goes out to an SMTP server, and phones sync
// over HTTPS.
package post_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/kind/mail"
	"tandem/partner/account"
	"tandem/partner/arrival"
	"tandem/partner/away"
	"tandem/partner/device"
	"tandem/partner/imip"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/schedule"
	"tandem/partner/seal"
	desktops "tandem/server/dav/all"
	"tandem/server/delivery"
	"tandem/server/eas/all"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sent is a message that reached the world.
type sent struct {
	from string
	to   []string
	text string
}

// sink is the submission server of all users.
type sink struct {
	mu   sync.Mutex
	got  []sent
	news chan struct{}
	null bool // refuses mail of nobody
}

type sinkSession struct {
	*sink
	m sent
}

func (s *sinkSession) Reset()        { s.m = sent{} }
func (s *sinkSession) Logout() error { return nil }
func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	if from == "" && s.null {
		return &smtp.SMTPError{Code: 553, Message: "log in as who you are"}
	}
	s.m.from = from
	return nil
}
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.m.to = append(s.m.to, to)
	return nil
}
func (s *sinkSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.m.text = string(b)
	s.mu.Lock()
	s.got = append(s.got, s.m)
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
	return err
}

func (s *sink) all() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// queue tells of its changes, of which the store gives no sign.
type queue struct {
	store.Queue
	news chan struct{} // a token after a change since it was last taken
}

func (q queue) ChangeOutgoing(ctx context.Context, id int64, change func(m *store.Outgoing) error) (store.Outgoing, error) {
	m, err := q.Queue.ChangeOutgoing(ctx, id, change)
	select {
	case q.news <- struct{}{}:
	default:
	}
	return m, err
}

// hub is a hub with ann and bob, who have phones.
type hub struct {
	testing.TB
	st       *store.Store
	kinds    map[tandem.Kind]kind.Handler
	accounts *account.Service
	devices  *device.Service
	boxes    *mailbox.Service
	out      *outgoing.Service
	meetings *schedule.Service
	srv      *httptest.Server
	lmtp     string
	sink     *sink
	queue    queue
	ahead    atomic.Int64 // seconds that the clock is ahead
	apps     map[string]string

	door *all.Door
	halt func() // ends what runs beside the doors
}

func (h *hub) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load()) * time.Second) }

func open(t testing.TB) *hub {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{TB: t, st: st, kinds: kinds.Kinds(), sink: &sink{news: make(chan struct{}, 1)}, apps: map[string]string{}, boxes: mailbox.New(st)}
	h.boxes.Now = h.now
	h.accounts, err = account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings,
		Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	h.must(err)
	h.devices = device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events})
	sealed, err := seal.Open(st.Secrets, t.TempDir())
	h.must(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h.queue = queue{Queue: st.Queue, news: make(chan struct{}, 1)}
	h.out = outgoing.New(outgoing.Service{Accounts: st.Accounts, Queue: h.queue, Blobs: st.Blobs, Boxes: h.boxes, Secrets: sealed, Name: "hub.test", Now: h.now, Log: log})
	h.meetings = schedule.New(st, h.kinds)
	h.meetings.Now, h.meetings.Outgoing = h.now, &imip.Sender{Post: h.out, Now: h.now}
	h.listen()
	h.start()
	for _, u := range []string{"ann", "bob"} {
		h.user(u)
	}
	t.Cleanup(func() {
		h.srv.Close()
		h.halt()
		h.must(st.Close())
	})
	return h
}

func (h *hub) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// listen opens the doors and the server of the world.
func (h *hub) listen() {
	out := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: h.sink}, nil }))
	out.ErrorLog = log.New(io.Discard, "", 0)
	in := delivery.New(delivery.Config{Boxes: h.boxes, Name: "hub.test", Now: h.now, Log: slog.New(complaints{h})})
	var done sync.WaitGroup
	var open []net.Listener
	serve := func(f func(net.Listener) error) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		h.must(err)
		open = append(open, l)
		done.Go(func() { _ = f(l) })
		return l.Addr().String()
	}
	world := serve(out.Serve)
	h.lmtp = serve(in.ServeLMTP)
	h.Cleanup(func() {
		out.Close()
		_ = open[0].Close() // Serve may not have come to it yet
		h.must(in.Shutdown(context.Background()))
		done.Wait()
	})
	h.out.Dial = func(ctx context.Context, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", world)
	}
	h.door = all.New(all.Config{Store: h.st, Kinds: h.kinds, Views: kinds.Views(), Accounts: h.accounts, Devices: h.devices, Meetings: h.meetings, Outgoing: h.out, Now: h.now})
	dav := desktops.New(desktops.Config{Store: h.st, Kinds: h.kinds, Accounts: h.accounts, Meetings: h.meetings, Base: func(r *http.Request) string { return "https://" + r.Host }, Now: h.now})
	h.srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/dav/") {
			dav.ServeHTTP(w, r)
			return
		}
		h.door.ServeHTTP(w, r)
	}))
	h.srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.srv.StartTLS()
}

// start runs what runs beside the doors; halt ends it, so that a test sees what lasts.
func (h *hub) start() {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	stop := h.door.Start(ctx)
	done.Go(func() { h.out.Run(ctx) })
	watch := &arrival.Watcher{Home: h.st.Home, Texts: h.st.Texts, Accounts: h.st.Accounts, Props: h.st.Props, Now: h.now, Log: slog.New(complaints{h}),
		Handlers: handlers(h)}
	done.Go(func() { watch.Run(ctx) })
	h.halt = func() {
		cancel()
		stop()
		done.Wait()
	}
}

// complaints is a log in which nothing may stand.
type complaints struct{ h *hub }

func (complaints) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (c complaints) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	c.h.Errorf("log: %s", text)
	return nil
}
func (c complaints) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c complaints) WithGroup(string) slog.Handler      { return c }

func (h *hub) user(name string) {
	h.Helper()
	ctx := context.Background()
	_, err := h.accounts.Add(ctx, store.User{Name: name, Title: strings.ToUpper(name[:1]) + name[1:], Address: name + "@example.org"}, "correct horse "+name)
	h.must(err)
	h.apps[name], _, err = h.accounts.NewAppPassword(ctx, name, "phone")
	h.must(err)
	h.must(h.out.SetAccount(ctx, name, outgoing.Account{Host: "localhost", Port: 25, TLS: "none"}, ""))
	for _, role := range []mailbox.Role{mailbox.Inbox, mailbox.Trash} {
		_, err = h.boxes.Folder(ctx, name, role)
		h.must(err)
	}
}

// phone makes a phone that has its folders.
func (h *hub) phone(user, version, agent string) *easclient.Phone {
	h.Helper()
	p := easclient.NewPhone(&easclient.Client{HTTP: h.srv.Client(), Base: h.srv.URL, User: user, Password: h.apps[user], DeviceID: user + "phone", DeviceType: "phone",
		Agent: agent, Version: version})
	h.must(p.FolderSync(h.Context()))
	return p
}

// items brings a folder of a phone up to date and returns what is in it.
func (h *hub) items(p *easclient.Phone, typ int) map[string]*easclient.Item {
	h.Helper()
	f := p.FolderOf(typ)
	h.must(p.Sync(h.Context(), f))
	if p.Wipes+p.Twice+p.Unknown != 0 {
		h.Fatalf("%d wipes, %d twice, %d unknown", p.Wipes, p.Twice, p.Unknown)
	}
	return p.Stores[f].Items
}

// one is the only item.
func one(t testing.TB, items map[string]*easclient.Item) (string, *easclient.Item) {
	t.Helper()
	if len(items) != 1 {
		t.Fatalf("%d items", len(items))
	}
	for id, it := range items {
		return id, it
	}
	return "", nil
}

func text(it *easclient.Item, tag wbxml.Tag) string {
	return wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Get(tag)
}

// deliver delivers a message over LMTP.
func (h *hub) deliver(from, to, message string) {
	h.Helper()
	conn, err := net.Dial("tcp", h.lmtp)
	h.must(err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	h.must(c.Hello("mx.example.org"))
	h.must(c.Mail(from, nil))
	h.must(c.Rcpt(to, nil))
	w, err := c.Data()
	h.must(err)
	_, err = io.WriteString(w, message)
	h.must(err)
	_, err = w.CloseWithLMTPResponse()
	h.must(err)
	h.must(c.Quit())
}

// until waits until a condition holds that changes of the store, of the queue or mail that arrives bring about.
func (h *hub) until(what string, holds func() bool) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), time.Minute)
	defer cancel()
	wake := h.st.Home.Subscribe(ctx)
	logged := h.st.Events.Subscribe(ctx)
	for !holds() {
		select {
		case <-wake:
		case <-logged:
		case <-h.sink.news:
		case <-h.queue.news:
		case <-ctx.Done():
			h.Fatalf("%s: never", what)
		}
	}
}

// bodies are the bodies of a user's records of a kind.
func (h *hub) bodies(user string, k tandem.Kind) (out []string) {
	h.Helper()
	ctx := context.Background()
	list, err := h.st.Home.Collections(ctx, user)
	h.must(err)
	for _, c := range list {
		if c.Kind != k {
			continue
		}
		recs, _, err := h.st.Home.Since(ctx, c.ID, 0, 0)
		h.must(err)
		for _, r := range recs {
			if r.Deleted {
				continue
			}
			for rec, err := range h.st.Home.Get(ctx, c.ID, []tandem.ID{r.ID}) {
				h.must(err)
				b, err := tandem.ReadBody(rec.Body, 1<<26)
				h.must(err)
				out = append(out, strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n ", ""), "\r\n", "\n"))
			}
		}
	}
	return out
}

// event is the only event of a user, "" if there is none.
func (h *hub) event(user string) string {
	h.Helper()
	all := h.bodies(user, tandem.Event)
	if len(all) > 1 {
		h.Fatalf("%s has %d events", user, len(all))
	}
	return strings.Join(all, "")
}

// put writes an event into a user's calendar as a door does.
func (h *hub) put(user, body string) {
	h.Helper()
	ctx := context.Background()
	u, err := h.st.Accounts.User(ctx, user)
	h.must(err)
	c, err := h.meetings.DefaultCalendar(ctx, u)
	h.must(err)
	body = crlf(body)
	ch := schedule.Change{Collection: c, New: []byte(body)}
	w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: "meeting.ics"}}
	for rec, err := range h.st.Home.Get(ctx, c.ID, []tandem.ID{"meeting.ics"}) {
		h.must(err)
		ch.Old, err = tandem.ReadBody(rec.Body, 1<<20)
		h.must(err)
		w.Op, w.If = tandem.Update, rec.Version
	}
	if body == "" {
		ch.New, w.Op = nil, tandem.Delete
	}
	plan, err := h.meetings.Write(ctx, ch)
	h.must(err)
	if w.Op != tandem.Delete {
		info, err := h.kinds[tandem.Event].Inspect(plan.Body)
		h.must(err)
		w.Digest, w.Index, w.Record.UID, w.Record.Body = info.Digest, info.Index, info.Index.UID, tandem.Bytes(plan.Body)
	}
	out, err := h.st.Home.Write(ctx, c.ID, store.Author{User: user}, []store.HomeWrite{w})
	h.must(err)
	if out[0].Status != tandem.Applied {
		h.Fatalf("%+v", out[0])
	}
	h.must(h.meetings.Deliver(ctx, plan))
}

func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// calendarPart is the calendar object of a message that was sent, and the type of the part that it was in.
func calendarPart(t testing.TB, m sent) (ics, method string) {
	t.Helper()
	body := tandem.Bytes(m.text)
	e, _, _, err := mail.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Calendar(body)
	if err != nil || data == nil {
		t.Fatalf("no calendar part: %v\n%s", err, m.text)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n ", ""), "\r\n", "\n"), e.Method
}

// letter is a message about a meeting as Gmail and Exchange send it.
func letter(from, to, method, ics string, headers ...string) string {
	return crlf(fmt.Sprintf("From: %s\nTo: %s\nSubject: a meeting\nDate: %s\nMessage-ID: <%d@elsewhere.org>\n%sMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"+
		"--b\nContent-Type: text/plain\n\nYou are invited.\n--b\nContent-Type: text/calendar; charset=UTF-8; method=%s\nContent-Transfer-Encoding: base64\n\n%s\n--b--\n",
		from, to, time.Now().Format(time.RFC1123Z), count.Add(1), strings.Join(headers, ""), method, folded(base64.StdEncoding.EncodeToString([]byte(crlf(ics))))))
}

func folded(s string) string {
	var b strings.Builder
	for part := range slices.Chunk([]byte(s), 76) {
		b.WriteString(string(part) + "\n")
	}
	return b.String()
}

var count atomic.Int64 // makes ids of messages different

// calendar is a calendar object of one event's components.
func calendar(method string, components ...string) string {
	return "BEGIN:VCALENDAR\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\nVERSION:2.0\nMETHOD:" + method + "\n" + strings.Join(components, "") + "END:VCALENDAR\n"
}

// vevent is an event u1 of Zoe's, who is elsewhere.
func vevent(sequence int, stamp string, lines ...string) string {
	return fmt.Sprintf("BEGIN:VEVENT\nUID:u1@elsewhere.org\nSEQUENCE:%d\nDTSTAMP:2030%sT000000Z\n%s\nORGANIZER;CN=Zoe:mailto:zoe@elsewhere.org\nEND:VEVENT\n", sequence, stamp, strings.Join(lines, "\n"))
}

const (
	at10   = "DTSTART:20300304T100000Z\nDTEND:20300304T110000Z\nSUMMARY:Talk"
	at14   = "DTSTART:20300304T140000Z\nDTEND:20300304T150000Z\nSUMMARY:Talk"
	ann    = "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Ann:mailto:Ann@Example.org"
	zoe    = "ATTENDEE;PARTSTAT=ACCEPTED;CN=Zoe:mailto:zoe@elsewhere.org"
	weekly = "RRULE:FREQ=WEEKLY;COUNT=5"
)

// handlers are told of mail as the program has them told.
func handlers(h *hub) []arrival.Handler {
	return []arrival.Handler{&imip.Reader{Calendars: h.meetings, Events: h.st.Events},
		&away.Responder{Post: h.out, Users: h.boxes, Lookup: h.st.Lookup, Now: h.now, Log: slog.New(complaints{h})}}
}
