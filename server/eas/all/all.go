// Package all puts the phones' door together: it is the one list of the commands that are served.
package all

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/kind/sms"
	"tandem/partner/access"
	"tandem/partner/device"
	"tandem/partner/mailbox"
	door "tandem/server/eas"
	"tandem/server/eas/airsync"
	"tandem/server/eas/compose"
	"tandem/server/eas/folders"
	"tandem/server/eas/items"
	"tandem/server/eas/meeting"
	"tandem/server/eas/people"
	"tandem/server/eas/proto"
	"tandem/server/eas/provision"
	"tandem/server/eas/push"
	"tandem/store"
)

// Config is what the door stands on. Everything without a remark must be set.
type Config struct {
	Store    *store.Store
	Kinds    map[tandem.Kind]kind.Handler
	Views    map[tandem.Kind]eas.View
	Accounts door.Accounts
	Devices  *device.Service
	Outgoing compose.Sender                                           // sends mail; nil: none is sent
	Mail     func(u store.User) bool                                  // who can send or receive, so that phones show their folders before there is any mail; nil: who has a folder of mail
	Away     func()                                                   // told that somebody set what is answered while they are away; nil: nobody is
	Far      mailbox.Far                                              // finds and reads mail that windows of accounts keep out; nil: nobody does
	Meetings proto.Meetings                                           // nil: nobody is told of changes to meetings
	Language func(store.User) string                                  // the one that a user chose; nil or "": that of the phone
	Now      func() time.Time                                         // nil: time.Now
	Log      *slog.Logger                                             // nil: nowhere
	Trust    func(remote string) bool                                 // nil: no reverse proxy is believed
	Pings    push.Limits                                              // zero: the defaults
	Sync     airsync.Limits                                           // zero: the defaults
	Roots    *x509.CertPool                                           // for ValidateCert; nil: the system's
	Watch    []door.Watch                                             // told of requests and their answers
	Hold     func(user string, device int64, now time.Time) time.Time // the first instant at which a device may be told of news; nil: at once
	Agents   door.AgentRule                                           // zero: no device is blocked for changing its User-Agent

	Elsewhere func(*http.Request) string // the address a client is to use instead, "" for none; nil: none
}

// Door is the whole door. Phones wait for changes only between Start and its stop.
type Door struct {
	*door.Door
	Broker *push.Broker

	store  *store.Store
	always *mailbox.Always
	syncs  *airsync.Service
}

// New puts a door together.
func New(cfg Config) *Door {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	broker := push.NewBroker()
	broker.Hold = cfg.Hold
	st := cfg.Store
	hierarchy := &folders.Service{Home: st.Home, Access: &access.Service{Home: st.Home, Shares: st.Shares, Now: cfg.Now}, Devices: st.Devices, Views: cfg.Views,
		Within: map[tandem.Kind]eas.View{tandem.SMS: sms.View{}}, Mail: cfg.Mail}
	syncs := &airsync.Service{Home: st.Home, Lookup: st.Lookup, Listing: st.Listing, Texts: st.Texts, Devices: st.Devices, Events: st.Events, History: st.History, Blobs: st.Blobs,
		Folders: hierarchy, Kinds: cfg.Kinds, Views: cfg.Views, Meetings: cfg.Meetings, Broker: broker, Now: cfg.Now, Limits: cfg.Sync}
	always := &mailbox.Always{Boxes: mailbox.New(st), Lookup: st.Lookup, Log: cfg.Log}
	return &Door{Broker: broker, store: st, always: always, syncs: syncs, Door: door.New(door.Config{
		Accounts: cfg.Accounts, Devices: cfg.Devices, Waits: broker, Commands: commands(cfg, hierarchy, syncs, always), Zone: Zone, Language: cfg.Language, Events: events(st.Lookup), Now: cfg.Now, Log: cfg.Log, Trust: cfg.Trust, Watch: cfg.Watch, Agents: cfg.Agents, Elsewhere: cfg.Elsewhere,
	})}
}

// Start passes the store's wake-ups to waiting phones, and makes answers ahead, and moves conversations that are always moved, until stop is called or ctx is done.
func (d *Door) Start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	wakeups, mails := d.store.Home.Subscribe(ctx), d.store.Home.Subscribe(ctx)
	var done sync.WaitGroup
	done.Go(func() { d.Broker.Run(wakeups) })
	done.Go(func() { d.syncs.Ahead(ctx) })
	done.Go(func() { d.always.Run(ctx, mails) })
	return func() {
		cancel()
		done.Wait()
	}
}

// Decided has a device that waits hear of what was decided about it: one that is held, blocked or to be wiped is not left waiting, and is given nothing more.
func (d *Door) Decided(dev store.Device) {
	if dev.Access != store.Allowed || dev.Wipe == store.WipeAsked {
		d.Broker.Recall(dev.User, dev.Number)
	}
}

// PolicyChanged has a device that waits ask again: it is told that there is a policy to accept, and given nothing more before it has. MS-ASPROV 3.1.5.1
func (d *Door) PolicyChanged(dev store.Device) { d.Broker.Recall(dev.User, dev.Number) }

// LockedOut has all devices of a user log in again, because a password of the user's is good no longer.
func (d *Door) LockedOut(user string) { d.Broker.Recall(user, 0) }

// commands are all commands that are served. What is not in this list is not advertised.
func commands(cfg Config, hierarchy *folders.Service, syncs *airsync.Service, always *mailbox.Always) map[string]proto.Command {
	st := cfg.Store
	pings := &push.Service{Devices: st.Devices, Folders: hierarchy, Pending: syncs.Pending, Beside: syncs.Beside, Holds: syncs.Broker.Holds, Limits: cfg.Pings}
	fetches := &items.Service{Home: st.Home, Lookup: st.Lookup, Texts: st.Texts, Folders: hierarchy, Always: always, Far: cfg.Far, Meetings: cfg.Meetings}
	invitations := &meeting.Service{Home: st.Home, Lookup: st.Lookup, Events: st.Events, Folders: hierarchy, Kind: cfg.Kinds[tandem.Event],
		Meetings: cfg.Meetings, Boxes: mailbox.New(st)}
	policies := &provision.Service{Devices: cfg.Devices}
	persons := &people.Service{Accounts: st.Accounts, Devices: st.Devices, Home: st.Home, Lookup: st.Lookup, Texts: st.Texts, Folders: hierarchy, Contacts: cfg.Views[tandem.Contact], Views: cfg.Views, Far: cfg.Far,
		Info: cfg.Devices.SetInfo, Recovery: recovery(cfg.Devices), KeepPassword: cfg.Devices.KeepPassword, Away: cfg.Away, Zone: Zone, Roots: cfg.Roots}
	all := map[string]proto.Command{
		"FolderCreate":      hierarchy.FolderCreate,
		"FolderDelete":      hierarchy.FolderDelete,
		"FolderSync":        hierarchy.FolderSync,
		"FolderUpdate":      hierarchy.FolderUpdate,
		"Find":              persons.Find,
		"GetAttachment":     fetches.GetAttachment,
		"GetHierarchy":      hierarchy.GetHierarchy,
		"GetItemEstimate":   syncs.GetItemEstimate,
		"ItemOperations":    fetches.ItemOperations,
		"MeetingResponse":   invitations.MeetingResponse,
		"MoveItems":         syncs.MoveItems,
		"Ping":              pings.Ping,
		"Provision":         policies.Provision,
		"ResolveRecipients": persons.ResolveRecipients,
		"Search":            persons.Search,
		"Settings":          persons.Settings,
		"Sync":              syncs.Sync,
		"ValidateCert":      persons.ValidateCert,
	}
	if cfg.Outgoing != nil {
		mails := &compose.Service{Home: st.Home, Lookup: st.Lookup, Folders: hierarchy, Sender: cfg.Outgoing, Far: cfg.Far, Now: cfg.Now}
		syncs.Drafts = mails
		all["SendMail"], all["SmartForward"], all["SmartReply"] = mails.SendMail, mails.SmartForward, mails.SmartReply
	}
	return all
}

// Zone is a user's time zone: the one set for the user, else the system's.
func Zone(u store.User) *time.Location {
	if name := u.Props.Get("zone"); name != "" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	return time.Local
}

// eventMost is the size in bytes of the largest event that is read for what an invitation says of it.
const eventMost = 4 << 20

// events finds events of users by their UIDs.
func events(lookup store.Lookup) func(ctx context.Context, user, uid string) []byte {
	return func(ctx context.Context, user, uid string) []byte {
		for rec, err := range lookup.ByUID(ctx, user, tandem.Event, uid) {
			if err != nil || rec.Body == nil {
				return nil
			}
			body, err := tandem.ReadBody(rec.Body, eventMost)
			if err != nil {
				return nil // what an invitation is to it is a help, and not worth an error
			}
			return body
		}
		return nil
	}
}

// recovery reports whether the policy of a device lets it leave a password by which it can be unlocked.
func recovery(devices *device.Service) func(context.Context, store.Device) (bool, error) {
	return func(ctx context.Context, d store.Device) (bool, error) {
		p, err := devices.PolicyFor(ctx, d.User, d.ID)
		return p["PasswordRecoveryEnabled"] == "1", err
	}
}
