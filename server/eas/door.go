// Package eas is the Exchange ActiveSync front door: it reads requests off HTTP, lets users and devices in, and passes commands to the
// packages below it. MS-ASHTTP.
//
// The door keeps no state that matters: what a device knows is in the store, and any process with the same store may answer the next request.
package eas

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/server/eas/proto"
	"tandem/server/listen"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Path is where clients look for the door.
const Path = "/Microsoft-Server-ActiveSync"

// Accounts let users in.
type Accounts interface {
	// VerifyBasic checks an Authorization header that came from a network address. Denied: wrong or missing, or right and not for the use (account.Beyond); Busy: too many attempts, with Wait.
	VerifyBasic(ctx context.Context, header, remote string, use account.Use) (store.User, error)
}

// Devices let devices in.
type Devices interface {
	// Meet records that a device was seen and returns how it stands; Number is 0 for one that only tries the account.
	Meet(ctx context.Context, user string, s device.Sighting) (store.Device, error)
	// Provisioned reports whether the device obeys the policy in force for it, given the key it sent. A device for which no policy is set does.
	Provisioned(ctx context.Context, d store.Device, key uint32) (bool, error)
}

// Waits has answers come when there is something to answer; push.Broker does.
type Waits interface {
	// Await waits for an answer, or for ctx to be done.
	Await(ctx context.Context, w *proto.Waiting) (*proto.Response, error)
	// Later calls done with the answer when there is one, unless cancel is called before.
	Later(ctx context.Context, w *proto.Waiting, done func(*proto.Response, error)) (cancel func())
}

// Config is what a door stands on. Everything without a remark must be set.
type Config struct {
	Accounts Accounts
	Devices  Devices
	Waits    Waits
	Events   func(ctx context.Context, user, uid string) []byte // the user's event with a UID, nil for none; nil: nobody knows
	Commands map[string]proto.Command                           // what is served, by name
	Zone     func(user store.User) *time.Location               // nil: the system's
	Language func(user store.User) string                       // the one that a user chose, "" for none; nil: nobody chose any
	Now      func() time.Time                                   // nil: time.Now
	Log      *slog.Logger                                       // nil: nowhere
	// Elsewhere is the address that a client is to use from now on, "https://sync.example.org", and "" if it is right here; nil: everybody is.
	Elsewhere func(*http.Request) string
	// Trust tells of a reverse proxy whose X-Forwarded-For is believed; nil: none is.
	Trust func(remote string) bool
	// Bodies is how many bytes the bodies of requests may take while they are answered, all in all; a user's a third of it. 0: 144 MiB.
	Bodies int64
	Watch  []Watch   // told of requests and their answers, in this order
	Agents AgentRule // for devices that change their User-Agent; zero: none is blocked for that
}

// Door is the front door; an http.Handler for Path.
type Door struct {
	cfg      Config
	commands string // the list for MS-ASProtocolCommands
	room     room
	agents   agents
}

// New makes a door.
func New(cfg Config) *Door {
	if cfg.Zone == nil {
		cfg.Zone = func(store.User) *time.Location { return time.Local }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Bodies == 0 {
		cfg.Bodies = roomAll
	}
	names := make([]string, 0, len(cfg.Commands))
	for name := range cfg.Commands {
		names = append(names, name)
	}
	slices.Sort(names)
	return &Door{cfg: cfg, commands: strings.Join(names, ","), room: room{most: cfg.Bodies}}
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	common(h)
	switch r.Method {
	case http.MethodOptions, http.MethodPost:
		switch to := d.elsewhere(r); {
		case to != "": // before anybody logs in: Autodiscover tells the address to everybody, too. MS-ASHTTP 3.1.5.2.2
			h.Set("X-MS-Location", to+Path)
			h.Set("Content-Length", "0")
			w.WriteHeader(http.StatusUnavailableForLegalReasons) // Redirect, as ActiveSync has it
		case r.Method == http.MethodOptions:
			d.options(w, r)
		default:
			d.post(w, r)
		}
	case http.MethodGet, http.MethodHead: // what a person's browser or a check of the address sends
		if _, ok := d.user(w, r); ok {
			h.Set("Allow", "OPTIONS, POST")
			http.Error(w, "this address is for phones and mail programs: give it to an Exchange account", http.StatusMethodNotAllowed)
		}
	default:
		http.Error(w, "not implemented", http.StatusNotImplemented) // MS-ASHTTP_R187
	}
}

func (d *Door) elsewhere(r *http.Request) string {
	if d.cfg.Elsewhere == nil {
		return ""
	}
	return d.cfg.Elsewhere(r)
}

// common are the headers of every answer.
func common(h http.Header) {
	h.Set("MS-Server-ActiveSync", "15.2")
	h.Set("Cache-Control", "private")
	h.Set("X-Accel-Buffering", "no") // a proxy that collects answers would hold up push
}

// options tells what is served. MS-ASHTTP 2.2.3, 2.2.4. Some clients ask before they log in: what it says is no secret.
func (d *Door) options(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		if _, ok := d.user(w, r); !ok {
			return
		}
	}
	q, err := readQuery(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.advertise(w.Header(), store.Device{Type: q.deviceType, Agent: r.UserAgent()})
	w.Header().Set("Public", "OPTIONS,POST")
	w.Header().Set("Allow", "OPTIONS,POST")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

func (d *Door) advertise(h http.Header, dev store.Device) {
	h.Set("MS-ASProtocolVersions", header(offered(dev)))
	h.Set("MS-ASProtocolCommands", d.commands)
}

// user lets a user in, or answers the request.
func (d *Door) user(w http.ResponseWriter, r *http.Request) (store.User, bool) {
	u, err := d.cfg.Accounts.VerifyBasic(r.Context(), r.Header.Get("Authorization"), d.Remote(r), account.Use{Doors: []account.Door{account.Phones}, Writes: true})
	switch {
	case err == nil:
		return u, true
	case account.Beyond(err):
		d.cfg.Log.Warn("an app password was used for what it is not for", "door", "phones", "remote", d.Remote(r), "err", err)
		http.Error(w, "this password is not for phones", http.StatusForbidden)
	case tandem.IsKind(err, tandem.Denied), tandem.IsKind(err, tandem.NotFound), tandem.IsKind(err, tandem.Invalid):
		w.Header().Set("WWW-Authenticate", `Basic realm="Tandem", charset="UTF-8"`)
		http.Error(w, "unauthorized", http.StatusUnauthorized)
	default:
		d.fail(w, r, "log in", err)
	}
	return u, false
}

// Remote is the network address of the client, without port; behind a trusted proxy, what that saw.
func (d *Door) Remote(r *http.Request) string { return listen.Remote(r, d.cfg.Trust) }

// fail answers a request that could not be served through no fault of the client.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to hear
	}
	code, wait := failure(err)
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	if code == http.StatusInternalServerError {
		d.cfg.Log.Error("phone request failed", "what", what, "query", r.URL.RawQuery, "agent", r.UserAgent(), "err", err)
	}
	http.Error(w, http.StatusText(code), code)
}

// failure is the code that an error is answered with, and after how many seconds the device is to come again, 0: as it likes.
func failure(err error) (code int, wait int64) {
	var e *tandem.Error
	if errors.As(err, &e) {
		wait = e.Wait
	}
	switch tandem.KindOf(err) {
	case tandem.Transient, tandem.Busy, tandem.Changed:
		return http.StatusServiceUnavailable, max(wait, 5)
	case tandem.NotFound: // something was removed while the request was served: the user, the device or a folder
		return http.StatusServiceUnavailable, 5
	case tandem.Invalid:
		return http.StatusBadRequest, 0 // MS-ASHTTP_R188
	case tandem.TooLarge:
		return http.StatusRequestEntityTooLarge, 0
	case tandem.Full:
		return http.StatusInsufficientStorage, 0 // MS-ASHTTP_R192
	}
	return http.StatusInternalServerError, 0
}

// since are the versions from which on commands are served that not all versions have. MS-ASCMD 2.2.1.2
var since = map[string]eas.Version{"Find": eas.V161}

// until are the versions up to which commands are served that later ones do not have. MS-ASCMD_R6049
var until = map[string]eas.Version{"GetHierarchy": eas.V121}

// post serves one command.
func (d *Door) post(w http.ResponseWriter, r *http.Request) {
	began := d.cfg.Now()
	user, ok := d.user(w, r)
	if !ok {
		return
	}
	q, err := readQuery(r)
	version, known := parseVersion(q.version)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case q.command == "" || q.deviceID == "":
		http.Error(w, "the request names no command or no device", http.StatusBadRequest)
		return
	case !known:
		http.Error(w, "protocol version "+strconv.Quote(q.version)+" is not served", http.StatusBadRequest)
		return
	}
	run := d.cfg.Commands[q.command]
	last, ends := until[q.command]
	if run == nil || version < since[q.command] || ends && version > last {
		http.Error(w, "command "+strconv.Quote(q.command)+" is not served", http.StatusNotImplemented) // MS-ASHTTP_R186
		return
	}
	req := &proto.Request{Command: q.command, User: user, Version: version, CollectionID: q.collectionID, ItemID: q.itemID, LongID: q.longID,
		AttachmentName: q.attachmentName, Occurrence: q.occurrence, SaveInSent: q.saveInSent, Multipart: q.multipart}
	at := &place{room: &d.room, user: user.Name}
	defer at.leave()
	status, err := d.body(w, r, req, at)
	switch {
	case tandem.IsKind(err, tandem.Busy):
		d.fail(w, r, q.command, err)
		return
	case tandem.IsKind(err, tandem.TooLarge):
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil: // the client went away while it was sending, or what it sent breaks off
		http.Error(w, "the request is cut short", http.StatusBadRequest)
		return
	}
	seen := d.watch(r, q, req, status, began)
	resp, err := d.admitted(r.Context(), w, r, q, req, status, run)
	if err == nil && resp.Waiting != nil {
		at.leave()
		seen.waits()
		if d.park(w, r, q, resp.Waiting, seen) {
			return
		}
		resp, err = d.cfg.Waits.Await(r.Context(), resp.Waiting)
	}
	if r.Context().Err() == nil {
		seen.answered(resp, err)
	}
	if err != nil {
		d.fail(w, r, q.command, err)
		return
	}
	if err := d.send(w, acceptsGzip(r), q.multipart, resp); err != nil && r.Context().Err() == nil {
		d.cfg.Log.Warn("answer not sent", "command", q.command, "device", req.Device.ID, "err", err)
	}
}

// admitted runs a command if the device may. status is not 0 if the body made no sense.
func (d *Door) admitted(ctx context.Context, w http.ResponseWriter, r *http.Request, q query, req *proto.Request, status int, run proto.Command) (resp *proto.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = tandem.Errorf(tandem.Internal, "panic: %v\n%s", p, debug.Stack())
		}
	}()
	req.Device, err = d.cfg.Devices.Meet(ctx, req.User.Name, device.Sighting{ID: q.deviceID, Type: q.deviceType, Agent: r.UserAgent(), Address: d.Remote(r), Protocol: req.Version.String()})
	if err != nil {
		return nil, err
	}
	dev := req.Device
	if dev.Access == store.Blocked || dev.Access == store.Held {
		w.Header().Set("X-Tandem-Reason", clean(dev.Reason))
		return refuse(req.Command, req.Version, statusBlocked), nil
	}
	if blocked, anew := d.agents.see(d.cfg.Agents, agentOf{dev.User, dev.ID}, r.UserAgent(), d.cfg.Now()); blocked && dev.Number != 0 {
		if anew {
			d.cfg.Log.Warn("device blocked: it changes its User-Agent too often", "user", dev.User, "device", dev.ID, "agent", r.UserAgent(), "for", d.cfg.Agents.Block)
		}
		w.Header().Set("X-Tandem-Reason", "the device changes its User-Agent too often")
		return refuse(req.Command, req.Version, statusBlocked), nil
	}
	if status != 0 {
		return refuse(req.Command, req.Version, status), nil
	}
	wipe := dev.Wipe == store.WipeAsked || dev.Wipe == store.WipeSent || dev.Wipe == store.WipeFail
	if wipe && dev.WipeAccount && req.Version < eas.V161 {
		// It does not know how to wipe the account alone (MS-ASPROV 2.2.2.1), and must not wipe more; nothing is given to it any longer.
		return refuse(req.Command, req.Version, statusBlocked), nil
	}
	if req.Command != "Provision" {
		if wipe {
			return refuse(req.Command, req.Version, statusRemoteWipe), nil
		}
		fine, err := d.cfg.Devices.Provisioned(ctx, dev, q.policyKey)
		switch {
		case err != nil:
			return nil, err
		case !fine && q.policyKey != 0 && q.policyKey != dev.PolicyKey:
			return refuse(req.Command, req.Version, statusInvalidPolicyKey), nil
		case !fine && q.policyKey != 0:
			return refuse(req.Command, req.Version, statusPolicyRefresh), nil
		case !fine:
			return refuse(req.Command, req.Version, statusNotProvisioned), nil
		}
	}
	req.Options = d.viewOptions(ctx, req)
	if req.Command == "FolderSync" && req.Body.Get(wbxml.FolderHierarchySyncKey) == "0" { // MS-ASHTTP_R1104
		d.advertise(w.Header(), dev)
		w.Header().Set("X-MS-RP", w.Header().Get("MS-ASProtocolVersions"))
	}
	return run(ctx, req)
}

// viewOptions fills in what views depend on for a request.
func (d *Door) viewOptions(ctx context.Context, req *proto.Request) eas.Options {
	o := eas.Options{Version: req.Version, Name: req.User.Title, Address: req.User.Address, Zone: d.cfg.Zone(req.User), Now: d.cfg.Now().Unix(),
		Language: req.Device.Info["language"], Quirks: limitOf(req.Device.Type, req.Device.Agent).quirks}
	if d.cfg.Language != nil {
		o.Language = cmp.Or(d.cfg.Language(req.User), o.Language)
	}
	if o.Address == "" {
		o.Address = req.User.Name
	}
	if o.Name == "" {
		o.Name = req.User.Name
	}
	if d.cfg.Events != nil {
		o.Event = func(uid string) []byte { return d.cfg.Events(ctx, req.User.Name, uid) }
	}
	return o
}

// clean makes a text fit for a header.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, s)
}

// maxBody is the size in bytes of the largest request, compressed or not.
const maxBody = 48 << 20

// bodyTime is how long a request may take to arrive.
const bodyTime = 3 * time.Minute

// body reads the request's body, which takes its place until it is answered. The status is not 0 if it makes no sense.
func (d *Door) body(w http.ResponseWriter, r *http.Request, req *proto.Request, at *place) (status int, err error) {
	rc := http.NewResponseController(w) // errors: a writer without deadlines, as in tests, needs none
	_ = rc.SetReadDeadline(time.Now().Add(bodyTime))
	defer func() { _ = rc.SetReadDeadline(time.Time{}) }()
	in := io.Reader(http.MaxBytesReader(w, r.Body, maxBody))
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(in)
		if err != nil {
			return statusInvalidContent, nil
		}
		in = z
	}
	data, err := io.ReadAll(io.LimitReader(at.reader(in), maxBody+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), len(data) > maxBody:
		return 0, &tandem.Error{Kind: tandem.TooLarge, Op: "read request", Thing: req.Command}
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return statusInvalidContent, nil
	case err != nil:
		return 0, err
	case len(data) == 0:
		return 0, nil
	}
	switch typ, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); typ {
	case "message/rfc822":
		req.Raw = data
		return 0, nil
	case "", "application/vnd.ms-sync.wbxml", "application/vnd.ms-sync", "application/octet-stream":
	default:
		return statusInvalidContent, nil
	}
	var notes []wbxml.Note
	if req.Body, notes, err = wbxml.Unmarshal(data, wbxml.Limits{Bytes: maxBody}); err != nil {
		d.cfg.Log.Warn("phone sent what is no WBXML", "command", req.Command, "user", req.User.Name, "err", err)
		return statusInvalidWBXML, nil
	}
	if len(notes) > 0 {
		d.cfg.Log.Debug("passed over", "command", req.Command, "user", req.User.Name, "notes", notes)
	}
	return 0, nil
}
