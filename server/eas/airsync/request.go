package airsync

import (
	"strconv"
	"time"

	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/server/eas/synckey"
	"tandem/wire/wbxml"
)

// The statuses of Sync, MS-ASCMD 2.2.3.177.17.
const (
	statusOK         = 1
	statusBadKey     = 3
	statusProtocol   = 4
	statusServer     = 5
	statusBadRecord  = 6
	statusConflict   = 7
	statusMissing    = 8
	statusFull       = 9
	statusHierarchy  = 12
	statusIncomplete = 13
	statusInterval   = 14
	statusTooMany    = 15
	statusRetry      = 16
	statusNoPart     = 164 // a BodyPartPreference of another type than HTML, MS-ASCON_R241
)

// Window sizes, MS-ASCMD 2.2.3.199.
const (
	defaultWindow = 100
	maxWindow     = 512
)

// The bounds of intervals, MS-ASCMD_R3227 to R3230.
const (
	minWait, maxWait           = 1, 59    // minutes
	minHeartbeat, maxHeartbeat = 60, 3540 // seconds
)

// request is a Sync request as read.
type request struct {
	collections []*wish
	partial     bool
	listed      bool          // it has a Collections element
	window      int           // for the whole answer
	wait        time.Duration // 0: none
}

// wish is what a request wants of one collection.
type wish struct {
	id       string
	key      string
	window   int
	silent   bool // GetChanges 0
	asked    bool // GetChanges 1
	options  []*wbxml.Element
	support  *wbxml.Element
	convs    bool // ConversationMode is there
	talks    bool // and it is on
	purge    bool // DeletesAsMoves 0: what is deleted does not go to the folder of deleted messages
	commands []*command
	digest   []byte // of the request, as far as it is about this collection
	implied  bool   // not in the request, but remembered
	bad      bool   // against the protocol: status 4
	texts    bool   // it is about the text messages in the folder, class SMS
	unwanted bool   // texts: the device does not want them any more
}

// command is one of a client's commands.
type command struct {
	op       byte // 'a', 'c', 'd' or 'f', as in synckey.Result
	client   string
	server   string
	class    string
	instance string
	send     bool           // email2:Send
	data     *wbxml.Element // ApplicationData; nil: none
}

// refusal is a status for the request as a whole, with the bound that it breaks.
type refusal struct{ status, limit int }

// read takes a Sync request apart. Whatever concerns one collection only is left to it.
func read(body *wbxml.Element, lim Limits) (*request, *refusal) {
	if body.Tag != wbxml.AirSyncSync {
		return nil, &refusal{status: statusProtocol}
	}
	req := &request{partial: body.Has(wbxml.AirSyncPartial), listed: body.Has(wbxml.AirSyncCollections), window: maxWindow}
	if ref := req.readWait(body); ref != nil {
		return nil, ref
	}
	if e := body.Child(wbxml.AirSyncWindowSize); e != nil {
		n, ok := windowSize(e)
		if !ok {
			return nil, &refusal{status: statusProtocol}
		}
		req.window = n
	}
	seen := map[string]bool{}
	for e := range body.Child(wbxml.AirSyncCollections).All(wbxml.AirSyncCollection) {
		w := readWish(e, lim)
		if w.id == "" || seen[w.id] { // MS-ASCMD_R4545
			return nil, &refusal{status: statusProtocol}
		}
		seen[w.id] = true
		if req.collections = append(req.collections, w); len(req.collections) > lim.Collections { // MS-ASCMD_R4464, R3231
			return nil, &refusal{status: statusTooMany, limit: lim.Collections}
		}
	}
	return req, nil
}

func (q *request) readWait(body *wbxml.Element) *refusal {
	wait, beat := body.Child(wbxml.AirSyncWait), body.Child(wbxml.AirSyncHeartbeatInterval)
	e, low, high, unit := wait, minWait, maxWait, time.Minute
	switch {
	case wait != nil && beat != nil: // MS-ASCMD_R3162, R4748
		return &refusal{status: statusProtocol}
	case beat != nil:
		e, low, high, unit = beat, minHeartbeat, maxHeartbeat, time.Second
	case wait == nil:
		return nil
	}
	n, err := strconv.Atoi(e.String())
	switch {
	case err != nil:
		return &refusal{status: statusProtocol}
	case n < low: // MS-ASCMD_R3227, R3229
		return &refusal{status: statusInterval, limit: low}
	case n > high: // MS-ASCMD_R3228, R3230
		return &refusal{status: statusInterval, limit: high}
	}
	q.wait = time.Duration(n) * unit
	return nil
}

// windowSize reads a WindowSize: 0 and what is above the limit mean the limit. MS-ASCMD_R4768
func windowSize(e *wbxml.Element) (int, bool) {
	n, err := strconv.Atoi(e.String())
	if err != nil || n < 0 {
		return 0, false
	}
	if n == 0 || n > maxWindow {
		n = maxWindow
	}
	return n, true
}

func readWish(e *wbxml.Element, lim Limits) *wish {
	w := &wish{id: e.Get(wbxml.AirSyncCollectionId), key: e.Get(wbxml.AirSyncSyncKey), window: defaultWindow, support: e.Child(wbxml.AirSyncSupported),
		digest: digest(e), purge: e.Get(wbxml.AirSyncDeletesAsMoves) == "0"}
	w.bad = !w.conversations(e) || w.key == ""
	if size := e.Child(wbxml.AirSyncWindowSize); size != nil {
		n, ok := windowSize(size)
		w.window, w.bad = n, w.bad || !ok
	}
	if get := e.Child(wbxml.AirSyncGetChanges); get != nil { // MS-ASCMD_R3125 to R3127
		w.silent = get.String() == "0"
		w.asked = !w.silent
	}
	for o := range e.All(wbxml.AirSyncOptions) {
		w.options = append(w.options, o)
	}
	for cmds := range e.All(wbxml.AirSyncCommands) {
		for _, c := range cmds.Children {
			one := readCommand(c)
			if one == nil {
				w.bad = true
				continue
			}
			w.commands = append(w.commands, one)
		}
	}
	w.bad = w.bad || len(w.commands) > lim.Commands // MS-ASCMD_R5659
	return w
}

// conversations reads ConversationMode, and reports whether its value is one. MS-ASCON_R116, R261, R343
func (w *wish) conversations(e *wbxml.Element) bool {
	mode := e.Child(wbxml.AirSyncConversationMode)
	if w.convs = mode != nil; !w.convs {
		return true
	}
	on, err := eas.ParseBool(mode.String())
	w.talks = on
	return err == nil
}

// readCommand reads a command; nil if it names nothing.
func readCommand(e *wbxml.Element) *command {
	c := &command{client: e.Get(wbxml.AirSyncClientId), server: e.Get(wbxml.AirSyncServerId), class: e.Get(wbxml.AirSyncClass),
		instance: e.Get(wbxml.AirSyncBaseInstanceId), send: e.Has(wbxml.Email2Send), data: e.Child(wbxml.AirSyncApplicationData)}
	name := c.server
	switch e.Tag {
	case wbxml.AirSyncAdd:
		c.op, name = 'a', c.client
	case wbxml.AirSyncChange:
		c.op = 'c'
	case wbxml.AirSyncDelete:
		c.op = 'd'
	case wbxml.AirSyncFetch:
		c.op = 'f'
	default:
		return nil
	}
	if name == "" || len(name) > synckey.MaxLen {
		return nil
	}
	return c
}

// readOptions reads the Options for a class. MS-ASCMD 2.2.3.125.6
func readOptions(list []*wbxml.Element, class string) (o synckey.Options, ok bool) {
	seen := false
	for _, e := range list {
		c := e.Get(wbxml.AirSyncClass)
		if c == classSMS && class == "Email" { // text messages are in folders of mail, and have options of their own
			continue
		}
		if c != "" && c != class || seen { // MS-ASCMD_R930, R935
			return o, false
		}
		seen = true
		if f := e.Child(wbxml.AirSyncFilterType); f != nil {
			n, err := strconv.Atoi(f.String())
			if err != nil || n < 0 || n > 8 {
				return o, false
			}
			o.Filter = n
		}
		switch e.Get(wbxml.AirSyncConflict) { // MS-ASCMD 2.2.3.34
		case "", "1":
		case "0":
			o.Clients = true
		default:
			return o, false
		}
		if !proto.SoundBodies(e) { // MS-ASAIRS_R348 to R351
			return o, false
		}
		o.Bodies, o.Part, o.MIME = proto.MIMETruncation(e, proto.BodyPreferences(e)), proto.PartPreference(e), proto.MIMESupport(e)
	}
	return o, true
}
