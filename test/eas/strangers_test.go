package eas_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/test/easclient"
	"tandem/test/easkit"
	"tandem/wire/wbxml"
)

// ask is one request of a session.
type ask struct {
	command, answer string
	doc             *wbxml.Element
}

// session is a day in the life of a phone: every command, with ids and keys that are good for its user.
func session(h *house, p *easclient.Phone) []ask {
	h.Helper()
	var out []ask
	do := func(command, request string) string {
		h.Helper()
		var doc *wbxml.Element
		if request != "" {
			var err error
			doc, err = wbxml.FromXML(strings.NewReader(request))
			h.must(err)
		}
		got := h.do(p.Client, command, request)
		out = append(out, ask{command, got, doc})
		return got
	}
	contacts, calendar, tasks := p.FolderOf(9), p.FolderOf(8), p.FolderOf(7)
	sync := func(key, folder, more string) string { return do("Sync", sync1(collection(key, folder, more))) }
	do("FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>")
	body := "<Options><airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type></airsyncbase:BodyPreference></Options>"
	got := sync(keyIn(sync("0", contacts, "")), contacts, changes+body)
	contact := serverID(got)
	got = sync(keyIn(got), contacts, change(contact, "<contacts:JobTitle>boss</contacts:JobTitle>"))
	cal := sync(keyIn(sync("0", calendar, "")), calendar, changes+body)
	meeting := serverID(cal)
	sync(keyIn(cal), calendar, add("c1", "<calendar:Subject>annsecret</calendar:Subject><calendar:StartTime>20260601T100000Z</calendar:StartTime><calendar:EndTime>20260601T110000Z</calendar:EndTime>"))
	sync("0", tasks, "")
	estimate := "<GetItemEstimate><Collections><Collection><airsync:SyncKey>" + keyIn(got) + "</airsync:SyncKey><CollectionId>" + contacts + "</CollectionId></Collection></Collections></GetItemEstimate>"
	do("GetItemEstimate", estimate)
	do("ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:CollectionId>"+contacts+"</airsync:CollectionId><airsync:ServerId>"+contact+"</airsync:ServerId>"+body+"</Fetch>"+
		"<Fetch><Store>Mailbox</Store><search:LongId>"+contact+"</search:LongId></Fetch><Fetch><Store>Mailbox</Store><airsyncbase:FileReference>"+meeting+":0</airsyncbase:FileReference></Fetch></ItemOperations>")
	do("Search", "<Search><Store><Name>GAL</Name><Query>annsecret</Query><Options><Range>0-9</Range><Picture/></Options></Store></Search>")
	do("Find", "<Find><SearchId>1</SearchId><ExecuteSearch><GalSearchCriterion><Query>annsecret</Query><Options><Range>0-9</Range></Options></GalSearchCriterion></ExecuteSearch></Find>")
	do("ResolveRecipients", "<ResolveRecipients><To>annsecret</To><Options><CertificateRetrieval>2</CertificateRetrieval><Picture/></Options></ResolveRecipients>")
	do("ValidateCert", "<ValidateCert><Certificates><Certificate>AAAA</Certificate></Certificates></ValidateCert>")
	do("Settings", "<Settings><Oof><Set><OofState>1</OofState><OofMessage><AppliesToInternal/><Enabled>1</Enabled><ReplyMessage>annsecret</ReplyMessage><BodyType>Text</BodyType></OofMessage></Set></Oof>"+
		"<DeviceInformation><Set><FriendlyName>annsecret</FriendlyName></Set></DeviceInformation></Settings>")
	do("Settings", "<Settings><Oof><Get><BodyType>Text</BodyType></Get></Oof><UserInformation><Get/></UserInformation></Settings>")
	do("Provision", "<provision:Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>")
	do("MeetingResponse", "<MeetingResponse><Request><UserResponse>1</UserResponse><CollectionId>"+calendar+"</CollectionId><RequestId>"+meeting+"</RequestId></Request></MeetingResponse>")
	made := do("FolderCreate", "<FolderCreate><SyncKey>"+keyIn(out[0].answer)+"</SyncKey><ParentId>0</ParentId><DisplayName>annsecret</DisplayName><Type>14</Type></FolderCreate>")
	other := serverID(made)
	renamed := do("FolderUpdate", "<FolderUpdate><SyncKey>"+keyIn(made)+"</SyncKey><ServerId>"+other+"</ServerId><ParentId>0</ParentId><DisplayName>annsecret 2</DisplayName></FolderUpdate>")
	do("MoveItems", "<MoveItems><Move><SrcMsgId>"+contact+"</SrcMsgId><SrcFldId>"+contacts+"</SrcFldId><DstFldId>"+other+"</DstFldId></Move></MoveItems>")
	do("Ping", "<Ping><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>"+calendar+"</Id><Class>Calendar</Class></Folder></Folders></Ping>") // there is something: the answer
	do("ItemOperations", "<ItemOperations><EmptyFolderContents><airsync:CollectionId>"+other+"</airsync:CollectionId></EmptyFolderContents></ItemOperations>")
	do("FolderDelete", "<FolderDelete><SyncKey>"+keyIn(renamed)+"</SyncKey><ServerId>"+other+"</ServerId></FolderDelete>")
	return out
}

// TestStrangers: every request of ann's, sent by bob with his own password: under ann's name and device, under his own, with her ids and her keys. Nothing
// of hers is in any answer, and nothing of hers is changed.
func TestStrangers(t *testing.T) {
	h := newHouse(t)
	h.user("bob")
	h.put(h.collection("ann", tandem.Contact), card("u1", "Annsecret", "1"))
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:annsecret", "ORGANIZER:mailto:ben@x.org", "ATTENDEE:mailto:ann@example.org",
		"ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=annsecret.txt:YW5uc2VjcmV0"))
	h.put(h.collection("bob", tandem.Contact), card("u2", "Bobs own", "2"))
	p := h.phone("ann", "annphone", "16.1")
	asks := session(h, p)
	seen := map[string]bool{}
	leaks := 0
	for _, a := range asks {
		seen[a.command] = true
		if strings.Contains(strings.ToLower(a.answer), "annsecret") {
			leaks++
		}
	}
	if leaks < 6 {
		t.Fatalf("only %d answers to ann hold her secrets: nothing is shown by that", leaks)
	}
	for _, c := range commands {
		if !seen[c] && c != "GetAttachment" && c != "GetHierarchy" { // which have no document; TestMailAttachments, TestMailHierarchy
			t.Errorf("%s is not among the requests", c)
		}
	}
	// What she has when the strangers come: the session emptied a folder, and gets its contents back.
	h.put(h.collection("ann", tandem.Contact), card("u3", "Annsecret again", "1"))
	kinds := []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note}
	state := func() (all []string) {
		for _, k := range kinds {
			all = append(all, h.bodies(h.collection("ann", k))...)
		}
		u, err := h.st.Accounts.User(t.Context(), "ann")
		h.must(err)
		d, err := h.devices.Find(t.Context(), "ann", "annphone")
		h.must(err)
		return append(all, u.Props.Get("oof"), fmt.Sprint(d.Info))
	}
	before := state()
	h.phone("bob", "bobphone", "16.1")
	app, _ := passwords.Load(h.key("bob"))
	for _, version := range versions {
		for _, who := range []struct{ user, device string }{{"ann", "annphone"}, {"bob", "annphone"}, {"bob", "bobphone"}, {"ann", "bobphone"}} {
			for i, a := range asks {
				if a.command == "Ping" {
					continue // bob has nothing to wait for; below
				}
				answer := h.raw(app.(string), who.user, who.device, version, a)
				if text := strings.ToLower(answer); strings.Contains(text, "annsecret") && !echoed(a) {
					t.Errorf("request %d (%s, %s) as bob, saying %v: %s", i, a.command, version, who, answer)
				}
			}
		}
	}
	if got := state(); !slices.Equal(got, before) {
		t.Errorf("ann's data are changed:\n%q\nwere\n%q", got, before)
	}
	// A Ping on her folders tells bob that the folders are not there.
	c := h.client("bob", "bobphone", "16.1")
	contains(t, h.do(c, "Ping", "<Ping><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>"+p.FolderOf(8)+"</Id><Class>Calendar</Class></Folder></Folders></Ping>"), "Ping{Status=7}")
	h.valid()
}

// echoed tells of requests whose answers repeat what was asked, or what bob himself set before.
func echoed(a ask) bool {
	switch a.command {
	case "ResolveRecipients", "Settings", "FolderCreate", "FolderUpdate", "FolderSync":
		return true // judged by the state of ann's data, and by its own test
	}
	return false
}

// raw sends a request with bob's password, whatever user and device it names, and returns all that came back.
func (h *house) raw(password, user, device, version string, a ask) string {
	h.Helper()
	return h.rawAs("bob", password, user, device, version, a)
}

// rawAs is raw for another user than bob.
func (h *house) rawAs(who, password, user, device, version string, a ask) string {
	h.Helper()
	body, err := wbxml.Marshal(a.doc)
	h.must(err)
	q := url.Values{"Cmd": {a.command}, "User": {user}, "DeviceId": {device}, "DeviceType": {"iPhone"}}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.srv.URL+easclient.Path+"?"+q.Encode(), bytes.NewReader(body))
	h.must(err)
	req.SetBasicAuth(who, password)
	req.Header.Set("MS-ASProtocolVersion", version)
	req.Header.Set("Content-Type", "application/vnd.ms-sync.wbxml")
	resp, err := h.srv.Client().Do(req)
	h.must(err)
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	h.must(err)
	if resp.StatusCode != 200 && !refused(resp.StatusCode) {
		h.Errorf("%s: HTTP %d", a.command, resp.StatusCode)
	}
	if doc, _, err := wbxml.Unmarshal(all, wbxml.Limits{}); err == nil {
		return easkit.Text(doc) + fmt.Sprint(resp.Header)
	}
	return string(all) + fmt.Sprint(resp.Header)
}

// TestStrangersEchoes: where an answer repeats the question, nothing more is in it.
func TestStrangersEchoes(t *testing.T) {
	h := newHouse(t)
	h.user("bob")
	h.put(h.collection("ann", tandem.Contact), card("u1", "Annsecret", "1"))
	h.put(h.collection("ann", tandem.Event), ical("UID:e1", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z", "SUMMARY:annsecret", "ORGANIZER:mailto:ben@x.org", "ATTENDEE:mailto:ann@example.org"))
	p := h.phone("ann", "phone", "16.1") // the same device id as bob's
	session(h, p)
	bob := h.phone("bob", "phone", "16.1")
	contains(t, h.do(bob.Client, "ResolveRecipients", "<ResolveRecipients><To>annsecret</To></ResolveRecipients>"), "Response{To=annsecret Status=4}")
	contains(t, h.do(bob.Client, "Settings", "<Settings><Oof><Get><BodyType>Text</BodyType></Get></Oof></Settings>"), "OofState=0", "!annsecret")
	contains(t, h.do(bob.Client, "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>"), "Count=4", "!annsecret")
	contains(t, h.do(bob.Client, "FolderSync", "<FolderSync><SyncKey>"+p.FolderKey+"</SyncKey></FolderSync>"), "FolderSync{Status=9}") // her key
	d, err := h.devices.Find(t.Context(), "bob", "phone")
	h.must(err)
	if d.Info["name"] != "" {
		t.Errorf("bob's device is called %q", d.Info["name"])
	}
	h.valid()
}
