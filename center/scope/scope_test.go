package scope_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/center/scope"
	"tandem/engine"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/device"
	"tandem/partner/outgoing"
	"tandem/store"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// ask is one thing that a person asks of the hub about the things of a user.
type ask struct {
	method string // of center.Service
	do     func(ctx context.Context, s center.Service, user string, x things) (any, error)
}

// asks are all things that can be asked about something that has a name or number, so that somebody may name another's.
func asks() []ask {
	type C = context.Context
	type S = center.Service
	quiet := func(center.SyncNews) {}
	none := func(err error) (any, error) { return nil, err }
	return []ask{
		{"RemovePartner", func(c C, s S, u string, x things) (any, error) { return none(s.RemovePartner(c, x.partner)) }},
		{"CallPartner", func(c C, s S, u string, x things) (any, error) { return s.CallPartner(c, x.partner, "Called") }},
		{"SetPartner", func(c C, s S, u string, x things) (any, error) {
			return s.SetPartner(c, x.partner, map[string]string{})
		}},
		{"LookAt", func(c C, s S, u string, x things) (any, error) { return s.LookAt(c, center.Look{Place: x.partner}) }},
		{"AddItem", func(c C, s S, u string, x things) (any, error) {
			return s.AddItem(c, center.NewItem{Home: "contacts", Partner: x.partner, Sub: "y"})
		}},
		{"AddItem", func(c C, s S, u string, x things) (any, error) {
			return s.AddItem(c, center.NewItem{Home: "contacts", Partner: x.partner, User: u})
		}},
		{"FirstSync", func(c C, s S, u string, x things) (any, error) { return s.FirstSync(c, x.item) }},
		{"EnableItem", func(c C, s S, u string, x things) (any, error) { return none(s.EnableItem(c, x.item, true)) }},
		{"SetItem", func(c C, s S, u string, x things) (any, error) { return s.SetItem(c, x.item, nil) }},
		{"RemoveItem", func(c C, s S, u string, x things) (any, error) { return none(s.RemoveItem(c, x.item)) }},
		{"Status", func(c C, s S, u string, x things) (any, error) { return s.Status(c, []string{x.item}) }},
		{"Runs", func(c C, s S, u string, x things) (any, error) {
			return s.Runs(c, store.RunFilter{Item: x.item, Limit: 10})
		}},
		{"Sync", func(c C, s S, u string, x things) (any, error) {
			return none(s.Sync(c, []string{x.item}, center.SyncOptions{Preview: true}, quiet))
		}},
		{"Begin", func(c C, s S, u string, x things) (any, error) {
			return s.Begin(c, []string{x.item}, center.SyncOptions{})
		}},
		{"Stop", func(c C, s S, u string, x things) (any, error) { return s.Stop(c, []string{x.item}) }},
		{"FindHandler", func(c C, s S, u string, x things) (any, error) { return s.FindHandler(c, x.partner) }},
		{"OrderHandler", func(c C, s S, u string, x things) (any, error) {
			return s.OrderHandler(c, center.HandlerOrder{Handler: x.partner, Item: x.item, Do: handler.Disable})
		}},
		{"ItemRecords", func(c C, s S, u string, x things) (any, error) { return s.ItemRecords(c, x.item, 10) }},
		{"ItemRecord", func(c C, s S, u string, x things) (any, error) {
			r, err := s.ItemRecord(c, center.RecordQuery{Item: x.item, ID: "none"})
			if tandem.IsKind(err, tandem.NotFound) && strings.Contains(err.Error(), "the item has none") {
				err = nil // one's own item, which has no such record
			}
			return r, err
		}},
		{"Proposals", func(c C, s S, u string, x things) (any, error) { return s.Proposals(c, x.partner) }},
		{"CommitProposal", func(c C, s S, u string, x things) (any, error) {
			it, err := s.CommitProposal(c, center.Commitment{Partner: x.partner, Name: "nothing"})
			if u == "ben" && tandem.IsKind(err, tandem.NotFound) && strings.Contains(err.Error(), "not synced") {
				err = nil // one's own partner, which has nothing of that name
			}
			return it, err
		}},
		{"ForgetHandler", func(c C, s S, u string, x things) (any, error) { return none(s.ForgetHandler(c, x.partner)) }},
		{"ProgramConflicts", func(c C, s S, u string, x things) (any, error) { return s.ProgramConflicts(c, x.partner, "") }},
		{"StopHandler", func(c C, s S, u string, x things) (any, error) { return s.StopHandler(c, x.partner) }},
		{"FollowFolders", func(c C, s S, u string, x things) (any, error) {
			return none(s.FollowFolders(c, center.Follow{Partner: x.partner}))
		}},
		{"Folders", func(c C, s S, u string, x things) (any, error) { return s.Folders(c, x.partner) }},
		{"AnswerFolders", func(c C, s S, u string, x things) (any, error) { return none(s.AnswerFolders(c, x.partner, true)) }},
		{"SetFolders", func(c C, s S, u string, x things) (any, error) { return none(s.SetFolders(c, x.partner, "")) }},
		{"UnfollowFolders", func(c C, s S, u string, x things) (any, error) { return none(s.UnfollowFolders(c, x.partner)) }},
		{"Conflict", func(c C, s S, u string, x things) (any, error) {
			got, _, err := s.Conflict(c, x.conflict)
			return got, err
		}},
		{"Compare", func(c C, s S, u string, x things) (any, error) { return s.Compare(c, x.conflict) }},
		{"MergeFields", func(c C, s S, u string, x things) (any, error) {
			return s.MergeFields(c, center.FieldChoice{ID: x.conflict})
		}},
		{"Resolve", func(c C, s S, u string, x things) (any, error) {
			return s.Resolve(c, center.Resolution{ID: x.conflict, Take: "skip"})
		}},
		{"SetKindRule", func(c C, s S, u string, x things) (any, error) {
			return none(s.SetKindRule(c, center.KindRule{User: u, Kind: tandem.Contact, Policy: "newest"}))
		}},
		{"FindEvents", func(c C, s S, u string, x things) (any, error) {
			return s.FindEvents(c, center.EventFilter{Handler: x.partner})
		}},
		{"Decide", func(c C, s S, u string, x things) (any, error) { return none(s.Decide(c, x.conflict, "a", nil)) }},
		{"Undo", func(c C, s S, u string, x things) (any, error) { return s.Undo(c, x.session) }},
		{"Undo", func(c C, s S, u string, x things) (any, error) { return s.Undo(c, strings.TrimPrefix(x.session, "s")) }},
		{"Undo", func(c C, s S, u string, x things) (any, error) { return s.Undo(c, x.entry) }},
		{"Undo", func(c C, s S, u string, x things) (any, error) { return s.Undo(c, x.homeEntry) }},
		{"ListCollections", func(c C, s S, u string, x things) (any, error) { return s.ListCollections(c, u) }},
		{"AddCollection", func(c C, s S, u string, x things) (any, error) {
			return s.AddCollection(c, tandem.Collection{User: u, Name: "new", Kind: tandem.Contact})
		}},
		{"RenameCollection", func(c C, s S, u string, x things) (any, error) {
			return s.RenameCollection(c, x.collection, "contacts")
		}},
		{"RemoveCollection", func(c C, s S, u string, x things) (any, error) {
			return none(s.RemoveCollection(c, x.collection, true))
		}},
		{"ShareCollection", func(c C, s S, u string, x things) (any, error) {
			return s.ShareCollection(c, x.collection, "anna", true)
		}},
		{"UnshareCollection", func(c C, s S, u string, x things) (any, error) {
			return none(s.UnshareCollection(c, x.collection, "anna", 0))
		}},
		{"UnshareCollection", func(c C, s S, u string, x things) (any, error) {
			return none(s.UnshareCollection(c, x.collection, "", x.link))
		}},
		{"HideCollection", func(c C, s S, u string, x things) (any, error) {
			return none(s.HideCollection(c, x.collection, u, true))
		}},
		{"HideCollection", func(c C, s S, u string, x things) (any, error) {
			return none(s.HideCollection(c, x.collection, "", true))
		}},
		{"LinkCollection", func(c C, s S, u string, x things) (any, error) { return s.LinkCollection(c, x.collection, "l") }},
		{"SetUser", func(c C, s S, u string, x things) (any, error) {
			return none(s.SetUser(c, store.User{Name: u, Title: "T"}))
		}},
		{"SetPassword", func(c C, s S, u string, x things) (any, error) { return none(s.SetPassword(c, u, "another horse")) }},
		{"AddAppPassword", func(c C, s S, u string, x things) (any, error) { return s.AddAppPassword(c, u, "label") }},
		{"RevokeAppPassword", func(c C, s S, u string, x things) (any, error) { return none(s.RevokeAppPassword(c, u, "label")) }},
		{"BeginCodes", func(c C, s S, u string, x things) (any, error) { return s.BeginCodes(c, u, "") }},
		{"ConfirmCodes", func(c C, s S, u string, x things) (any, error) { return s.ConfirmCodes(c, u, "123456") }},
		{"NewRecoveryCodes", func(c C, s S, u string, x things) (any, error) { return s.NewRecoveryCodes(c, u) }},
		{"RenamePasskey", func(c C, s S, u string, x things) (any, error) { return none(s.RenamePasskey(c, u, x.passkey, "new")) }},
		{"RenamePasskey", func(c C, s S, u string, x things) (any, error) { return none(s.RenamePasskey(c, "", x.passkey, "new")) }},
		{"RemoveCodes", func(c C, s S, u string, x things) (any, error) { return none(s.RemoveCodes(c, u)) }},
		{"RemovePasskey", func(c C, s S, u string, x things) (any, error) { return none(s.RemovePasskey(c, u, x.passkey)) }},
		{"ListDevices", func(c C, s S, u string, x things) (any, error) { return s.ListDevices(c, u) }},
		{"FindDevice", func(c C, s S, u string, x things) (any, error) { return s.FindDevice(c, u, x.device) }},
		{"FindDevice", func(c C, s S, u string, x things) (any, error) { return s.FindDevice(c, "", x.device) }},
		{"OrderDevice", func(c C, s S, u string, x things) (any, error) {
			return s.OrderDevice(c, center.DeviceOrder{User: u, ID: x.device, Do: center.DeviceResync})
		}},
		{"OrderDevice", func(c C, s S, u string, x things) (any, error) {
			return s.OrderDevice(c, center.DeviceOrder{ID: x.device, Do: center.DeviceWipe})
		}},
		{"UnlockPassword", func(c C, s S, u string, x things) (any, error) { return s.UnlockPassword(c, u, x.device, "") }},
		{"UnlockPassword", func(c C, s S, u string, x things) (any, error) { return s.UnlockPassword(c, "", x.device, "") }},
		{"TraceDevice", func(c C, s S, u string, x things) (any, error) {
			return s.TraceDevice(c, center.TraceOrder{User: u, ID: x.device})
		}},
		{"TraceDevice", func(c C, s S, u string, x things) (any, error) {
			return s.TraceDevice(c, center.TraceOrder{ID: x.device, Off: true})
		}},
		{"DeviceTrace", func(c C, s S, u string, x things) (any, error) { return s.DeviceTrace(c, u, x.device) }},
		{"DevicePolicy", func(c C, s S, u string, x things) (any, error) { return s.DevicePolicy(c, device.Scope{User: u}) }},
		{"SetMailServer", func(c C, s S, u string, x things) (any, error) {
			return none(s.SetMailServer(c, u, outgoing.Account{Host: "mail.example.org", Port: 465, TLS: "tls"}, "p"))
		}},
		{"SetInvitations", func(c C, s S, u string, x things) (any, error) { return none(s.SetInvitations(c, u, "add")) }},
		{"SetAway", func(c C, s S, u string, x things) (any, error) { return none(s.SetAway(c, u, away.Settings{})) }},
		{"SetFilterServer", func(c C, s S, u string, x things) (any, error) {
			return none(s.SetFilterServer(c, u, sieve.Account{}, ""))
		}},
		{"Outgoing", func(c C, s S, u string, x things) (any, error) { return s.Outgoing(c, u, 10) }},
		{"RetryOutgoing", func(c C, s S, u string, x things) (any, error) { return none(s.RetryOutgoing(c, x.message)) }},
		{"AnswerDoubt", func(c C, s S, u string, x things) (any, error) {
			return none(s.AnswerDoubt(c, x.message, outgoing.DoubtAnswer{}))
		}},
		{"RemoveOutgoing", func(c C, s S, u string, x things) (any, error) { return none(s.RemoveOutgoing(c, x.message)) }},
		{"NotifySettings", func(c C, s S, u string, x things) (any, error) { return s.NotifySettings(c, u) }},
		{"SetNotify", func(c C, s S, u string, x things) (any, error) {
			return s.SetNotify(c, u, map[string]string{"mail": "on"})
		}},
		{"ListNotices", func(c C, s S, u string, x things) (any, error) { return s.ListNotices(c, u) }},
		{"TestNotify", func(c C, s S, u string, x things) (any, error) { return s.TestNotify(c, u) }},
		{"AddBrowser", func(c C, s S, u string, x things) (any, error) { return s.AddBrowser(c, u, subscription(u)) }},
		{"RemoveBrowser", func(c C, s S, u string, x things) (any, error) { return none(s.RemoveBrowser(c, "", x.browser)) }},
		{"RemoveBrowser", func(c C, s S, u string, x things) (any, error) { return none(s.RemoveBrowser(c, u, x.browser)) }},
		{"ListWebhooks", func(c C, s S, u string, x things) (any, error) { return s.ListWebhooks(c, u) }},
		{"AddWebhook", func(c C, s S, u string, x things) (any, error) {
			return s.AddWebhook(c, store.Hook{User: u, URL: "https://example.org/"})
		}},
		{"TestWebhook", func(c C, s S, u string, x things) (any, error) { return s.TestWebhook(c, x.webhook) }},
		{"SetWebhook", func(c C, s S, u string, x things) (any, error) {
			return s.SetWebhook(c, store.Hook{ID: x.webhook, URL: "https://example.org/"})
		}},
		{"RenewWebhook", func(c C, s S, u string, x things) (any, error) { return s.RenewWebhook(c, x.webhook) }},
		{"ListDeliveries", func(c C, s S, u string, x things) (any, error) { return s.ListDeliveries(c, x.webhook, 10) }},
		{"RetryDelivery", func(c C, s S, u string, x things) (any, error) {
			return none(s.RetryDelivery(c, x.webhook, x.delivery))
		}},
		{"RemoveWebhook", func(c C, s S, u string, x things) (any, error) { return none(s.RemoveWebhook(c, x.webhook)) }},
	}
}

// forAdmins are the methods that only administrators may use, whatever they name.
func forAdmins() []ask {
	type C = context.Context
	type S = center.Service
	none := func(err error) (any, error) { return nil, err }
	return []ask{
		{"AddPartner", func(c C, s S, u string, x things) (any, error) { return s.AddPartner(c, "", "new", "mem:anna") }},
		{"AddItem", func(c C, s S, u string, x things) (any, error) {
			return s.AddItem(c, center.NewItem{Home: "contacts", Partner: "mem:anna"})
		}},
		{"LookAt", func(c C, s S, u string, x things) (any, error) { return s.LookAt(c, center.Look{Place: "mem:anna"}) }},
		{"LookAt", func(c C, s S, u string, x things) (any, error) {
			return s.LookAt(c, center.Look{Place: x.partner, Password: "p", Keep: true})
		}},
		{"SyncPlaces", func(c C, s S, u string, x things) (any, error) {
			return none(s.SyncPlaces(c, center.Places{A: "mem:anna", B: "mem:ben", Rules: engine.Rules{}}, center.SyncOptions{Preview: true}, func(center.SyncNews) {}))
		}},
		{"AddUser", func(c C, s S, u string, x things) (any, error) {
			return s.AddUser(c, store.User{Name: "zoe"}, "correct horse")
		}},
		{"RemoveUser", func(c C, s S, u string, x things) (any, error) { return none(s.RemoveUser(c, "nobody", true)) }},
		{"SetKindRule", func(c C, s S, u string, x things) (any, error) {
			return none(s.SetKindRule(c, center.KindRule{User: center.Everybody, Kind: tandem.Contact, Policy: "newest"}))
		}},
		{"SetAdmin", func(c C, s S, u string, x things) (any, error) { return none(s.SetAdmin(c, "ben", true)) }},
		{"DeviceRules", func(c C, s S, u string, x things) (any, error) { return s.DeviceRules(c) }},
		{"AddDeviceRule", func(c C, s S, u string, x things) (any, error) {
			return s.AddDeviceRule(c, device.Rule{Access: store.Held}, 0)
		}},
		{"RemoveDeviceRule", func(c C, s S, u string, x things) (any, error) { return s.RemoveDeviceRule(c, 1) }},
		{"DevicePolicy", func(c C, s S, u string, x things) (any, error) { return s.DevicePolicy(c, device.Scope{}) }},
		{"SetDevicePolicy", func(c C, s S, u string, x things) (any, error) {
			return s.SetDevicePolicy(c, device.Scope{User: "ben"}, map[string]string{"DevicePasswordEnabled": "1"})
		}},
		{"SetBoundsOf", func(c C, s S, u string, x things) (any, error) { return none(s.SetBoundsOf(c, u, nil)) }},
		{"SetMemberBounds", func(c C, s S, u string, x things) (any, error) { return none(s.SetMemberBounds(c, center.Bounds{})) }},
		{"HubMail", func(c C, s S, u string, x things) (any, error) { return s.HubMail(c) }},
		{"SetHubMail", func(c C, s S, u string, x things) (any, error) {
			return none(s.SetHubMail(c, outgoing.Account{Host: "localhost", Port: 25, TLS: "none", From: "hub@example.org"}, ""))
		}},
		{"Repair", func(c C, s S, u string, x things) (any, error) { return s.Repair(c, false) }},
		{"Bundle", func(c C, s S, u string, x things) (any, error) { return s.Bundle(c) }},
		{"Verify", func(c C, s S, u string, x things) (any, error) { return none(s.Verify(c, func(store.Verified) {})) }},
		{"RotateSecrets", func(c C, s S, u string, x things) (any, error) { return s.RotateSecrets(c) }},
		{"SetPrivateWebhooks", func(c C, s S, u string, x things) (any, error) { return none(s.SetPrivateWebhooks(c, true)) }},
	}
}

// lists are the methods that list without naming anything.
func lists() []ask {
	type C = context.Context
	type S = center.Service
	return []ask{
		{"ListPartners", func(c C, s S, u string, x things) (any, error) { return s.ListPartners(c) }},
		{"KindRules", func(c C, s S, u string, x things) (any, error) { return s.KindRules(c) }},
		{"ListItems", func(c C, s S, u string, x things) (any, error) { return s.ListItems(c) }},
		{"ListHandlers", func(c C, s S, u string, x things) (any, error) { return s.ListHandlers(c, center.HandlerFilter{}) }},
		{"Status", func(c C, s S, u string, x things) (any, error) { return s.Status(c, nil) }},
		{"ByHand", func(c C, s S, u string, x things) (any, error) { return s.ByHand(c) }},
		{"Runs", func(c C, s S, u string, x things) (any, error) { return s.Runs(c, store.RunFilter{}) }},
		{"Log", func(c C, s S, u string, x things) (any, error) { return s.Log(c, 0, "", 0) }},
		{"Log", func(c C, s S, u string, x things) (any, error) { return s.Log(c, -100, "", 0) }},
		{"Log", func(c C, s S, u string, x things) (any, error) { return s.Log(c, 0, x.item, 0) }},
		{"FindEvents", func(c C, s S, u string, x things) (any, error) { return s.FindEvents(c, center.EventFilter{}) }},
		{"FindEvents", func(c C, s S, u string, x things) (any, error) {
			return s.FindEvents(c, center.EventFilter{EventFilter: store.EventFilter{Newest: true, Limit: 100}})
		}},
		{"FollowLog", func(c C, s S, u string, x things) (any, error) {
			var all []store.Event
			c, stop := context.WithCancel(c)
			defer stop()
			err := s.FollowLog(c, -1000, "", func(e store.Event) {
				if all = append(all, e); e.Text == "secret of ben" || e.Text == "secret of anna" {
					stop()
				}
			})
			return all, err
		}},
		{"Collections", func(c C, s S, u string, x things) (any, error) { return s.Collections(c) }},
		{"ListCollections", func(c C, s S, u string, x things) (any, error) { return s.ListCollections(c, "") }},
		{"Checks", func(c C, s S, u string, x things) (any, error) { return s.Checks(c, "") }},
		{"Conflicts", func(c C, s S, u string, x things) (any, error) { return s.Conflicts(c, false) }},
		{"History", func(c C, s S, u string, x things) (any, error) { return s.History(c, store.PastFilter{}) }},
		{"History", func(c C, s S, u string, x things) (any, error) {
			return s.History(c, store.PastFilter{Of: &store.PastOf{Collections: []int64{x.collection}}})
		}},
		{"ListUsers", func(c C, s S, u string, x things) (any, error) { return s.ListUsers(c) }},
		{"ListDevices", func(c C, s S, u string, x things) (any, error) { return s.ListDevices(c, "") }},
		{"Outgoing", func(c C, s S, u string, x things) (any, error) { return s.Outgoing(c, "", 0) }},
		{"NotifySettings", func(c C, s S, u string, x things) (any, error) {
			set, err := s.NotifySettings(c, "")
			set.Key = "" // drawn by lot: it may spell a name
			return set, err
		}},
		{"ListNotices", func(c C, s S, u string, x things) (any, error) { return s.ListNotices(c, "") }},
		{"ListWebhooks", func(c C, s S, u string, x things) (any, error) { return s.ListWebhooks(c, "") }},
	}
}

// elsewhere are methods with tests of their own.
var elsewhere = []string{"KeepSecret", "SecretNames", "MemberBounds", "BoundsOf", "Follow", "Secret", "Questions", "AnswerQuestion", "ClearEvents", "Result", "Progress", "OpenSession", "ReportSession", "CloseSession"}

// TestAllMethodsAreAsked holds the tables here to center.Service.
func TestAllMethodsAreAsked(t *testing.T) {
	asked := map[string]bool{}
	for _, list := range [][]ask{asks(), forAdmins(), lists()} {
		for _, a := range list {
			asked[a.method] = true
		}
	}
	for _, m := range elsewhere {
		asked[m] = true
	}
	service := reflect.TypeFor[center.Service]()
	for i := range service.NumMethod() {
		if name := service.Method(i).Name; !asked[name] {
			t.Errorf("nothing here asks %s", name)
		}
	}
}

// TestOthersThingsDoNotExist asks ben's questions about anna's things: the answer is that they are not there.
func TestOthersThingsDoNotExist(t *testing.T) {
	w := newWorld(t)
	ben := w.as("ben")
	for i, a := range asks() {
		got, err := a.do(t.Context(), ben, "anna", w.things["anna"])
		if !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("%d %s of another's: %+v, %v", i, a.method, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "ben-") {
			t.Errorf("%d %s: the error names what is there: %v", i, a.method, err)
		}
	}
}

// TestMissingAndOthersReadAlike compares the answers about what is another's and about what nobody has.
func TestMissingAndOthersReadAlike(t *testing.T) {
	w := newWorld(t)
	ben, anna := w.as("ben"), w.things["anna"]
	nobody := things{partner: "zzzz-partner", item: "zzzz-item", collection: 991, link: 992, conflict: 993, session: "s994", entry: "h995", homeEntry: "h996", device: "ZZZZPHONE", message: 997, browser: 981, webhook: 982, delivery: 983, passkey: 998}
	plain := strings.NewReplacer(anna.partner, "P", nobody.partner, "P", anna.item, "I", nobody.item, "I", anna.device, "D", nobody.device, "D", "anna", "U", "nobody", "U",
		"991", "N", "993", "N", "994", "N", "995", "N", "996", "N", "997", "N", "998", "N", "981", "N", "982", "N", "983", "N")
	number := func(s string, x things) string {
		for _, n := range []string{itoa(x.collection), itoa(x.conflict), x.session[1:], x.entry[1:], x.homeEntry[1:], itoa(x.message), itoa(x.passkey), itoa(x.browser), itoa(x.webhook)} {
			if strings.Contains(s, " "+n+":") || strings.Contains(s, "s"+n+":") || strings.Contains(s, "h"+n+":") {
				return strings.NewReplacer(" "+n+":", " N:", "s"+n+":", "sN:", "h"+n+":", "hN:").Replace(s)
			}
		}
		return s
	}
	for i, a := range asks() {
		_, err := a.do(t.Context(), ben, "anna", anna)
		_, err2 := a.do(t.Context(), ben, "nobody", nobody)
		if err == nil || err2 == nil {
			t.Errorf("%d %s: %v, %v", i, a.method, err, err2)
			continue
		}
		if one, two := plain.Replace(number(err.Error(), anna)), plain.Replace(err2.Error()); one != two {
			t.Errorf("%d %s tells another's from what is not there:\n%s\n%s", i, a.method, one, two)
		}
	}
}

// TestListsShowOnesOwn checks that nothing of another user is in any list. Administrators see people, devices, and the health of all.
func TestListsShowOnesOwn(t *testing.T) {
	w := newWorld(t)
	for _, user := range []string{"anna", "ben"} {
		other := map[string]string{"anna": "ben", "ben": "anna"}[user]
		for i, a := range lists() {
			got, err := a.do(t.Context(), w.as(user, func(p *scope.Who) { p.Admin = false }), user, w.things[user])
			if err != nil {
				t.Errorf("%d %s of %s: %v", i, a.method, user, err)
				continue
			}
			text, err := json.Marshal(got)
			w.must(err)
			low := strings.ToLower(string(text))
			if strings.Contains(low, other) {
				t.Errorf("%d %s shows %s what is %s's: %s", i, a.method, user, other, text)
			}
			if !strings.Contains(low, user) && a.method != "ByHand" && a.method != "Checks" {
				t.Errorf("%d %s does not show %s their own: %s", i, a.method, user, text)
			}
		}
	}
}

// TestAdminsSeeNoRecords checks what an administrator sees of others: people, devices and health, and nothing else.
func TestAdminsSeeNoRecords(t *testing.T) {
	w := newWorld(t)
	anna := w.as("anna")
	sees := map[string]bool{"ListUsers": true, "ListDevices": true, "ListHandlers": true, "Checks": true}
	for i, a := range lists() {
		got, err := a.do(t.Context(), anna, "anna", w.things["anna"])
		w.must(err)
		text, err := json.Marshal(got)
		w.must(err)
		if has := strings.Contains(strings.ToLower(string(text)), "ben"); has != sees[a.method] {
			t.Errorf("%d %s: shows what is ben's: %v; %s", i, a.method, has, text)
		}
	}
	may := map[string]bool{"SetUser": true, "SetPassword": true, "AddAppPassword": true, "RevokeAppPassword": true, "RemoveCodes": true, "RemovePasskey": true, "ListDevices": true, "FindDevice": true, "OrderDevice": true, "TraceDevice": true, "DeviceTrace": true,
		"DevicePolicy": true, "UnlockPassword": true, "SetMailServer": true, "SetInvitations": true, "SetAway": true, "SetFilterServer": true}
	for i, a := range asks() {
		_, err := a.do(t.Context(), anna, "ben", w.things["ben"])
		if refused := tandem.IsKind(err, tandem.NotFound) || tandem.IsKind(err, tandem.Denied); refused == may[a.method] {
			t.Errorf("%d %s about ben's: %v", i, a.method, err)
		}
	}
}

// TestForAdmins checks what only administrators may do.
func TestForAdmins(t *testing.T) {
	w := newWorld(t)
	before, err := json.Marshal(must(w.hub.ListUsers(t.Context()))(t))
	w.must(err)
	for i, a := range forAdmins() {
		if _, err := a.do(t.Context(), w.as("ben"), "ben", w.things["ben"]); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("%d %s by ben: %v", i, a.method, err)
		}
		app := w.as("anna", func(p *scope.Who) { p.App = true })
		if _, err := a.do(t.Context(), app, "anna", w.things["anna"]); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("%d %s with an app password: %v", i, a.method, err)
		}
	}
	after, err := json.Marshal(must(w.hub.ListUsers(t.Context()))(t))
	w.must(err)
	if string(before) != string(after) {
		t.Errorf("something was done: %s, then %s", before, after)
	}
	for i, a := range forAdmins() {
		if _, err := a.do(t.Context(), w.as("anna"), "anna", w.things["anna"]); tandem.IsKind(err, tandem.Denied) {
			t.Errorf("%d %s by anna: %v", i, a.method, err)
		}
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestOnesOwn checks that everybody may do with their own what can be done.
func TestOnesOwn(t *testing.T) {
	for i, a := range asks() {
		if strings.HasSuffix(a.method, "Folders") { // of accounts; see TestAccounts
			continue
		}
		if a.method == "HideCollection" || a.method == "AddItem" || a.method == "SetPartner" { // one's own cannot be hidden; the pair is there already; see TestSetPartner
			continue
		}
		w := newWorld(t)
		_, err := a.do(t.Context(), w.as("ben"), "ben", w.things["ben"])
		if tandem.IsKind(err, tandem.Denied) || tandem.IsKind(err, tandem.NotFound) && a.method != "UnshareCollection" && a.method != "RevokeAppPassword" && a.method != "ConfirmCodes" {
			t.Errorf("%d %s of one's own: %v", i, a.method, err)
		}
	}
}

// TestAppPasswordsLookAndSync checks what an app password is not for.
func TestAppPasswordsLookAndSync(t *testing.T) {
	w := newWorld(t)
	app := w.as("ben", func(p *scope.Who) { p.App = true })
	not := map[string]bool{"SetUser": true, "SetPassword": true, "AddAppPassword": true, "RevokeAppPassword": true, "OrderDevice": true, "UnlockPassword": true, "TraceDevice": true, "SetMailServer": true, "SetInvitations": true, "SetAway": true, "SetFilterServer": true,
		"ForgetHandler": true, "SetPartner": true, "CallPartner": true, "BeginCodes": true, "ConfirmCodes": true, "RemoveCodes": true, "NewRecoveryCodes": true, "RenamePasskey": true, "RemovePasskey": true, "NotifySettings": true, "SetNotify": true, "TestNotify": true, "AddBrowser": true, "RemoveBrowser": true, "AddWebhook": true, "SetWebhook": true,
		"RemoveWebhook": true, "RenewWebhook": true, "TestWebhook": true, "ListDeliveries": true, "RetryDelivery": true}
	for i, a := range asks() {
		if _, err := a.do(t.Context(), app, "ben", w.things["ben"]); tandem.IsKind(err, tandem.Denied) != not[a.method] {
			t.Errorf("%d %s: %v", i, a.method, err)
		}
	}
}

// TestNobodyWithoutItemsRunsAll checks that no item of one's own does not come to mean everybody's.
func TestNobodyWithoutItemsRunsAll(t *testing.T) {
	w := newWorld(t)
	if _, err := w.hub.AddUser(t.Context(), store.User{Name: "zoe"}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	zoe := w.as("zoe")
	if _, err := zoe.Begin(t.Context(), nil, center.SyncOptions{}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("begin: %v", err)
	}
	if err := zoe.Sync(t.Context(), nil, center.SyncOptions{}, func(n center.SyncNews) { t.Errorf("ran %s", n.Item) }); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("sync: %v", err)
	}
	if list, err := zoe.Stop(t.Context(), nil); err != nil || len(list) != 0 {
		t.Errorf("stop: %v, %v", list, err)
	}
	if list, err := zoe.Status(t.Context(), nil); err != nil || len(list) != 0 {
		t.Errorf("status: %v, %v", list, err)
	}
}

// TestPlacesOfTheHub checks that nobody reaches another's collection by naming it as a place.
func TestPlacesOfTheHub(t *testing.T) {
	w := newWorld(t)
	anna := w.as("anna")
	for _, place := range []string{"home:ben/contacts", "HOME:ben/contacts", " home:contacts"} {
		if _, err := anna.LookAt(t.Context(), center.Look{Place: place}); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("look at %q: %v", place, err)
		}
		if _, err := anna.AddPartner(t.Context(), "", "p", place); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("partner %q: %v", place, err)
		}
		if _, err := anna.AddItem(t.Context(), center.NewItem{Home: "contacts", Partner: place}); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("item with %q: %v", place, err)
		}
		if err := anna.SyncPlaces(t.Context(), center.Places{A: "mem:anna", B: place}, center.SyncOptions{}, nil); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("sync with %q: %v", place, err)
		}
	}
	if _, err := anna.Secret(t.Context(), "any"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("secret: %v", err)
	}
}

// TestHeldDevices checks that nobody lets in a device of their own that was turned away.
func TestHeldDevices(t *testing.T) {
	w := newWorld(t)
	ben, id := w.as("ben"), w.things["ben"].device
	order := func(s *scope.Scope, do string) error {
		_, err := s.OrderDevice(t.Context(), center.DeviceOrder{ID: id, Do: do})
		return err
	}
	for _, do := range []string{center.DeviceAllow, center.DeviceHold, center.DeviceVersion} {
		if err := order(ben, do); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("%s: %v", do, err)
		}
	}
	w.must(order(ben, center.DeviceBlock))
	if err := order(ben, center.DeviceRemove); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("remove: %v", err)
	}
	w.must(order(w.as("anna"), center.DeviceAllow))
	w.must(order(ben, center.DeviceRemove))
}

// TestAudit checks that decisions about rights are in the log, for whom they concern and for administrators.
func TestAudit(t *testing.T) {
	w := newWorld(t)
	anna, ben := w.as("anna"), w.as("ben")
	w.must(anna.SetAdmin(t.Context(), "ben", true))
	w.must(anna.SetAdmin(t.Context(), "ben", false))
	_, err := ben.AddAppPassword(t.Context(), "", "tool")
	w.must(err)
	w.must(anna.SetPassword(t.Context(), "ben", "another horse"))
	for _, s := range []*scope.Scope{anna, ben} {
		events, err := s.Log(t.Context(), 0, "", 0)
		w.must(err)
		var all []string
		for _, e := range events {
			all = append(all, e.Text)
		}
		text := strings.Join(all, "\n")
		for _, want := range []string{"anna made ben an administrator", "anna took the rights of an administrator from ben", `ben added the app password "tool" for ben`, "anna set the password of ben"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not see %q in:\n%s", s.Who().User, want, text)
			}
		}
	}
}

// TestFollowTellsOnesOwn checks that news are told to those whom they concern.
func TestFollowTellsOnesOwn(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	heard := make(chan center.News, 100)
	ended := make(chan error, 1)
	go func() { ended <- w.as("ben").Follow(ctx, func(n center.News) { heard <- n }) }()
	if n := <-heard; n.What != center.MissedNews {
		t.Fatalf("first: %+v", n)
	}
	w.sync("anna-item")
	w.sync("ben-item")
	for {
		n := <-heard
		if n.Item != "ben-item" || n.User != "ben" {
			t.Errorf("ben is told %+v", n)
		}
		if n.What == center.EndedNews {
			break
		}
	}
	stop()
	w.must(<-ended)
}

// TestCommandsAreTheMachines: nobody sets a command through the web, and only administrators read one.
func TestCommandsAreTheMachines(t *testing.T) {
	w := newWorld(t)
	for _, user := range []string{"anna", "ben"} {
		item := w.things[user].item
		for _, key := range center.CommandKeys() {
			if _, err := w.as(user).SetItem(t.Context(), item, map[string]string{"guard": "off", key: "touch /tmp/x"}); !tandem.IsKind(err, tandem.Denied) {
				t.Errorf("%s sets %s: %v", user, key, err)
			}
		}
		_, err := w.hub.SetItem(t.Context(), item, map[string]string{"before": "secret --token=x"})
		w.must(err)
		list, err := w.as(user).ListItems(t.Context())
		w.must(err)
		stand, err := w.as(user).Status(t.Context(), nil)
		w.must(err)
		it, err := w.as(user).SetItem(t.Context(), item, map[string]string{"policy": "newest"})
		w.must(err)
		text, err := json.Marshal([]any{list, stand, it, center.CommandsText(it)})
		w.must(err)
		if sees := strings.Contains(string(text), "token"); sees != (user == "anna") || !strings.Contains(string(text), "secret") && !strings.Contains(string(text), "owner of the machine") {
			t.Errorf("%s reads %s", user, text)
		}
		kept, err := w.hub.ListItems(t.Context())
		w.must(err)
		for _, it := range kept {
			if it.Name == item && it.Commands != `{"before":"secret --token=x"}` {
				t.Errorf("what is kept became %s", it.Commands)
			}
		}
	}
}

// TestSM13ConnectionsAreTheMachines: only administrators have connections of the hub's computer brought up.
func TestSM13ConnectionsAreTheMachines(t *testing.T) {
	w := newWorld(t)
	const text = "at 02:30; connect Office VPN"
	for user, want := range map[string]bool{"anna": true, "ben": false} {
		s, x := w.as(user), w.things[user]
		for name, f := range map[string]func() error{
			"set when": func() error { _, err := s.SetItem(t.Context(), x.item, map[string]string{"when": text}); return err },
			"set schedule": func() error {
				_, err := s.SetItem(t.Context(), x.item, map[string]string{"schedule": text})
				return err
			},
			"add": func() error {
				_, err := s.AddItem(t.Context(), center.NewItem{Home: "more", Partner: x.partner, When: text})
				return err
			},
			"commit": func() error {
				_, err := s.CommitProposal(t.Context(), center.Commitment{Partner: x.partner, Name: "nothing", When: text})
				return err
			},
			"account": func() error { return s.SetFolders(t.Context(), x.partner, text) },
		} {
			if err := f(); tandem.IsKind(err, tandem.Denied) == want {
				t.Errorf("%s, %s: %v", user, name, err)
			}
		}
	}
}
