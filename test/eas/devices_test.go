package eas_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/device"
	"tandem/store"
	"tandem/test/easclient"
	"tandem/test/easkit"
	"tandem/wire/wbxml"
)

// patience is how long a request may wait that is to be ended; phones wait for many minutes.
const patience = time.Minute

// hang sends a request that waits, and returns its answer once the hub knows that it does.
func (h *house) hang(c *easclient.Client, command, request string) <-chan string {
	h.Helper()
	doc, err := wbxml.FromXML(strings.NewReader(request))
	h.must(err)
	out := make(chan string, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		switch a, err := c.Do(ctx, command, doc); {
		case err != nil:
			out <- err.Error()
		case a.Doc == nil:
			out <- fmt.Sprint("HTTP ", a.Code)
		default:
			out <- easkit.Text(a.Doc)
		}
	}()
	for h.now().Broker.Waiting() == 0 {
		runtime.Gosched()
	}
	return out
}

// TestDecidedWhileWaiting: what is decided about a phone that waits for changes reaches it at once, and not at its next change or after an hour: it comes again,
// is told how it stands, and is given nothing more.
func TestDecidedWhileWaiting(t *testing.T) {
	for _, version := range []string{"12.1", "14.1", "16.1"} {
		v, _ := eas.ParseVersion(version)
		for name, decide := range map[string]func(h *house) error{
			"blocked": func(h *house) error { _, err := h.devices.Block(t.Context(), "ann", "phone1", "admin"); return err },
			"held":    func(h *house) error { _, err := h.devices.Hold(t.Context(), "ann", "phone1", "admin"); return err },
			"to be wiped": func(h *house) error {
				_, err := h.devices.AskWipe(t.Context(), "ann", "phone1", false, "admin")
				return err
			},
			"account to be wiped": func(h *house) error {
				_, err := h.devices.AskWipe(t.Context(), "ann", "phone1", true, "admin")
				return err
			},
			"app password revoked": func(h *house) error { return h.accounts.Revoke(t.Context(), "ann", "phone") },
			"policy changed": func(h *house) error {
				_, err := h.devices.SetPolicy(t.Context(), device.Scope{}, map[string]string{"DevicePasswordEnabled": "yes"})
				return err
			},
			"policy of the device changed": func(h *house) error {
				_, err := h.devices.SetPolicy(t.Context(), device.Scope{User: "ann", Device: "phone1"}, map[string]string{"DevicePasswordEnabled": "yes"})
				return err
			},
			"user removed": func(h *house) error { return h.accounts.Remove(t.Context(), "ann", true) },
		} {
			if name == "account to be wiped" && v < eas.V161 {
				continue // TestWipes
			}
			for _, command := range []string{"Ping", "Sync"} {
				t.Run(version+" "+command+" "+name, func(t *testing.T) {
					t.Parallel()
					h := newHouse(t)
					h.user("bob")
					p, other := h.phone("ann", "phone1", version), h.phone("bob", "phone1", version)
					d, theirs := h.desk(p, 9), h.desk(other, 9)
					request := "<Ping><HeartbeatInterval>480</HeartbeatInterval><Folders><Folder><Id>%s</Id><Class>Contacts</Class></Folder></Folders></Ping>"
					if command == "Sync" {
						request = "<Sync><Collections><Collection><SyncKey>" + d.key + "</SyncKey><CollectionId>%s</CollectionId><GetChanges/></Collection></Collections><Wait>8</Wait></Sync>"
					}
					answer := h.hang(p.Client, command, fmt.Sprintf(request, d.folder))
					h.must(decide(h))
					if got := <-answer; got != "Ping{Status=1}" && got != "HTTP 200" && name != "user removed" || strings.Contains(got, "deadline") { // whose folders go while it is answered
						t.Errorf("the request that waited: %s", got)
					}
					if name != "user removed" {
						h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
					}
					got := d.do(p.Client, "Sync", sync1(collection(d.key, d.folder, changes)))
					contains(t, got, "!Zoe")
					if !strings.HasPrefix(got, "HTTP 4") && !strings.HasPrefix(got, "Sync{Status=1") || strings.HasPrefix(got, "Sync{Status=1}") {
						t.Errorf("asked again: %s", got)
					}
					if name == "policy changed" {
						return // for all
					}
					// Nobody else is concerned.
					h.put(h.collection("bob", tandem.Contact), card("u2", "Yan", "1"))
					contains(t, theirs.sync(changes), "FileAs=Yan")
					h.valid()
				})
			}
		}
	}
}

// TestQuarantine: a device that a rule holds is told so and why, gets nothing by any command in any version, and comes in as soon as somebody lets it in. The rules
// are by user, type, model and count.
func TestQuarantine(t *testing.T) {
	for _, version := range versions {
		for name, rule := range map[string]device.Rule{
			"by user": {User: "an*"}, "by type": {Type: "iphone"}, "by model": {Model: "*2101*"}, "by count": {Max: 1}, "blocked": {Access: store.Blocked},
		} {
			if rule.Type == "" && version != "14.1" && version != "16.1" {
				continue // one rule for each version, and all for two
			}
			t.Run(version+" "+name, func(t *testing.T) {
				h := newHouse(t)
				h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
				first := h.phone("ann", "first", version) // was there before the rule
				d := h.desk(first, 9)
				if rule.Access == "" {
					rule.Access = store.Held
				}
				rule.Note = "new phones are looked at"
				_, err := h.devices.AddRule(t.Context(), rule, 0)
				h.must(err)
				c := h.client("ann", "second", version)
				for _, command := range commands {
					if command == "Find" && version != "16.1" || command == "GetHierarchy" && version != "12.1" {
						continue
					}
					a, err := c.Post(t.Context(), command, url.Values{"AttachmentName": {"1:1:0"}}, "application/vnd.ms-sync.wbxml", nil)
					h.must(err)
					if told := a.Code == http.StatusForbidden || a.Code == 200 && a.Status() == "129"; !told || !strings.Contains(a.Header.Get("X-Tandem-Reason"), rule.Note) || strings.Contains(string(a.Raw), "Zoe") {
						t.Errorf("%s: %d, status %q, %q", command, a.Code, a.Status(), a.Header.Get("X-Tandem-Reason"))
					}
				}
				list, err := h.devices.Devices(t.Context(), "ann")
				h.must(err)
				if len(list) != 2 {
					t.Fatalf("%d devices are recorded", len(list))
				}
				contains(t, d.sync(changes), "FileAs=Zoe") // the first one stays as it was
				_, err = h.devices.Allow(t.Context(), "ann", "second", "admin")
				h.must(err)
				contains(t, h.desk(h.phone("ann", "second", version), 9).sync(changes), "FileAs=Zoe")
				h.valid()
			})
		}
	}
}

// TestWipes: a wipe from the order to its end at the whole door, in every version: of the device, and of the account, which versions before 16.1 cannot do: those
// are given nothing more, and are not told to wipe anything.
func TestWipes(t *testing.T) {
	for _, version := range versions {
		v, _ := eas.ParseVersion(version)
		for _, account := range []bool{false, true} {
			t.Run(fmt.Sprint(version, " account ", account), func(t *testing.T) {
				h := newHouse(t)
				h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
				p := h.phone("ann", "phone1", "16.1") // as what it shows itself first
				d := h.desk(p, 9)
				_, err := h.devices.AskWipe(t.Context(), "ann", "phone1", account, "admin")
				h.must(err)
				p.Version = version
				ask := func(request string) string { return h.do(p.Client, "Provision", request) }
				refused := func(status int, when string) {
					t.Helper()
					want := fmt.Sprintf("Sync{Status=%d}", status)
					if v < eas.V140 {
						want = "HTTP 403"
					}
					if got := h.do(p.Client, "Sync", sync1(collection(d.key, d.folder, changes))); got != want {
						t.Errorf("%s: %s, want %s", when, got, want)
					}
				}
				tag := map[bool]string{false: "RemoteWipe", true: "AccountOnlyRemoteWipe"}[account]
				if account && v < eas.V161 {
					refused(129, "before 16.1")
					contains(t, ask("<provision:Provision/>"), "!Wipe")
					return
				}
				refused(140, "asked for")
				if got := ask("<provision:Provision/>"); got != "Provision{Status=1 "+tag+"}" {
					t.Errorf("the order: %s", got)
				}
				refused(140, "not done yet")
				contains(t, ask("<provision:Provision><"+tag+"><Status>1</Status></"+tag+"></provision:Provision>"), "Provision{Status=1 ")
				refused(129, "done")
				dev, err := h.devices.Find(t.Context(), "ann", "phone1")
				h.must(err)
				if dev.Wipe != store.Wiped || dev.Access != store.Blocked {
					t.Errorf("after it: %+v", dev)
				}
				if n := len(h.bodies(h.collection("ann", tandem.Contact))); n != 1 {
					t.Errorf("the hub has %d contacts", n)
				}
				_, err = h.devices.Allow(t.Context(), "ann", "phone1", "admin")
				h.must(err)
				contains(t, h.desk(h.phone("ann", "phone1", version), 9).sync(changes), "FileAs=Zoe") // found again
				h.valid()
			})
		}
	}
}
