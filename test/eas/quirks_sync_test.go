package eas_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Text messages asked for in a folder that is not there: the answer is a status, and the rest of the request is done. What a phone adds twice: TestTextMessages.
func TestFieldNote20SMS(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "SEC1", "14.1")
	folder := p.FolderOf(9)
	key := h.begin(p.Client, folder)
	got := h.do(p.Client, "Sync", sync1(collection("1", "999", "<Options><Class>SMS</Class></Options>"), collection(key, folder, add("c1", "<contacts:FileAs>Zoe</contacts:FileAs>"))))
	contains(t, got, "CollectionId=999 Status=", "ClientId=c1", "!HTTP")
	h.valid()
}

// Two folders in one request: nothing of either is lost.
func TestFieldNote21Together(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	h.put(h.collection("ann", tandem.Task), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Buy\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
	p := h.phone("ann", "SEC1", "14.1")
	contacts, tasks := p.FolderOf(9), p.FolderOf(7)
	got := h.do(p.Client, "Sync", sync1(collection("0", contacts, ""), collection("0", tasks, "")))
	keys := keyPattern.FindAllStringSubmatch(got, -1)
	if len(keys) != 2 {
		t.Fatal(got)
	}
	contains(t, h.do(p.Client, "Sync", sync1(collection(keys[0][1], contacts, changes), collection(keys[1][1], tasks, changes))), "FileAs=Zoe", "Subject=Buy")
	h.valid()
}

// Bytes that are no document.
func TestFieldNote22Garbage(t *testing.T) {
	h := newHouse(t)
	h.phone("ann", "SEC1", "14.1")
	for _, version := range versions {
		c := h.client("ann", "SEC1", version)
		for _, garbage := range []string{"\x03\x01\x6a\x00\x45\x5c\x4f\xff\xfe", "\x03\x01\x6a\x00\x00\x63\x45\x01", "\x00", "<Sync/>", "\x03\x01\x6a\x00\x45\x4b\x03\x80\x81\xff\x00\x01\x01"} {
			a, err := c.Post(t.Context(), "Sync", nil, "application/vnd.ms-sync.wbxml", []byte(garbage))
			h.must(err)
			if a.Code >= 500 {
				t.Errorf("%s: %q: HTTP %d", version, garbage, a.Code)
			}
		}
	}
}

// A Sync of nothing gets an empty answer at once.
func TestFieldNote23EmptySync(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "Appl1", "14.1")
	for range 3 {
		if got := h.do(p.Client, "Sync", "<Sync><Collections/></Sync>"); strings.Contains(got, "HTTP") || strings.Contains(got, "Collections") {
			t.Errorf("%q", got)
		}
	}
	h.valid()
}

// A phone that asks the same again and again while nothing changes gets the same empty answer with the same key, and what comes in between is told it once.
func TestFieldNote36SameAgain(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "Appl1", "14.1")
	folder := p.FolderOf(9)
	key := h.begin(p.Client, folder)
	same := func() string { return h.do(p.Client, "Sync", sync1(collection(key, folder, changes))) }
	for range 3 {
		if got := same(); got != "" {
			t.Errorf("nothing is there: %q", got)
		}
	}
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	got := same()
	contains(t, got, "FileAs=Zoe")
	if again := same(); again != got { // the answer was lost
		t.Errorf("%s\nand again %s", got, again)
	}
	key = keyIn(got)
	for range 3 {
		if got := same(); got != "" {
			t.Errorf("nothing is new: %q", got)
		}
	}
	h.valid()
}

// A folder that this server never had, with a key that is not its own, is no reason to ask for it for ever.
func TestFieldNote32Unknown(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "Appl1", "16.1")
	got := h.do(p.Client, "Sync", sync1(collection("4711", "9999", changes)))
	contains(t, got, "Status=3")
	contains(t, h.do(p.Client, "Sync", sync1(collection("4711", p.FolderOf(9), changes))), "Status=3") // a key that never was ours
	h.valid()
}

// A folder that is begun twice goes on with the second key, and the first is no harm.
func TestFieldNote33Twice(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	p := h.phone("ann", "Appl1", "16.1")
	folder := p.FolderOf(9)
	h.begin(p.Client, folder)
	key := h.begin(p.Client, folder)
	contains(t, h.do(p.Client, "Sync", sync1(collection(key, folder, changes))), "Status=1", "FileAs=Zoe")
	h.valid()
}

// The address under which a user sends is whole.
func TestFieldNote38Address(t *testing.T) {
	h := newHouse(t)
	for _, v := range versions {
		contains(t, h.do(h.client("ann", "Appl1", v), "Settings", "<Settings><UserInformation><Get/></UserInformation></Settings>"), "SMTPAddress=ann@example.org")
	}
	h.valid()
}

// What a phone moved is not given to it a second time.
func TestFieldNote39Moved(t *testing.T) {
	h := newHouse(t)
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	other, err := h.st.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "more"})
	h.must(err)
	p := h.phone("ann", "Outlook1", "14.1")
	from, to := p.FolderOf(9), fmt.Sprint(other.ID)
	h.must(p.Sync(t.Context(), from))
	h.must(p.Sync(t.Context(), to))
	id := ""
	for i := range p.Stores[from].Items {
		id = i
	}
	got := h.do(p.Client, "MoveItems", "<MoveItems><Move><SrcMsgId>"+id+"</SrcMsgId><SrcFldId>"+from+"</SrcFldId><DstFldId>"+to+"</DstFldId></Move></MoveItems>")
	contains(t, got, "Status=3") // MoveItems: 3 is success
	got = h.do(p.Client, "Sync", sync1(collection(p.Stores[to].Key, to, changes)))
	contains(t, got, "!Add{")
	got = h.do(p.Client, "Sync", sync1(collection(p.Stores[from].Key, from, changes)))
	contains(t, got, "!Add{")
	h.valid()
}

// A password with letters beyond ASCII, as Latin-1 and as UTF-8.
func TestFieldNote40Latin1(t *testing.T) {
	h := newHouse(t)
	_, err := h.accounts.Add(t.Context(), store.User{Name: "jörg", Address: "j@example.org"}, "grüße aus köln")
	h.must(err)
	for name, pair := range map[string]string{"UTF-8": "jörg:grüße aus köln", "Latin-1": "j\xf6rg:gr\xfc\xdfe aus k\xf6ln"} {
		resp, err := h.request(http.MethodOptions, "?User=x&DeviceId=d&DeviceType=Outlook", map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}, nil)
		h.must(err)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
}

// Folders that did not change keep their key, so that nobody goes round in circles.
func TestFieldNote41FolderLoop(t *testing.T) {
	h := newHouse(t)
	p := h.phone("ann", "Outlook1", "14.1")
	for range 5 {
		got := h.do(p.Client, "FolderSync", "<FolderSync><SyncKey>"+p.FolderKey+"</SyncKey></FolderSync>")
		if got != "FolderSync{Status=1 SyncKey="+p.FolderKey+" Changes{Count=0}}" {
			t.Fatal(got)
		}
	}
	h.valid()
}

// A search in folder 0 is one of the directory all the same.
func TestFieldNote42SearchFolder(t *testing.T) {
	h := newHouse(t)
	ask := "<Search><Store><Name>%s</Name><Query><And><airsync:Class>Email</airsync:Class><airsync:CollectionId>0</airsync:CollectionId><FreeText>x</FreeText></And></Query></Store></Search>"
	contains(t, h.do(h.client("ann", "O1", "14.1"), "Search", fmt.Sprintf(ask, "Mailbox")), "Store{Status=1 Result}")
	contains(t, h.do(h.client("ann", "O1", "14.1"), "Search", fmt.Sprintf(ask, "GAL")), "Store{Status=")
	h.valid()
}

// Windows Mail says version "14": it is offered no more than it knows, and served.
func TestFieldNote43HalfVersion(t *testing.T) {
	h := newHouse(t)
	resp, err := h.request(http.MethodOptions, "?User=ann&DeviceId=wm&DeviceType=WindowsMail", map[string]string{"User-Agent": "WindowsMail/17"}, nil)
	h.must(err)
	if got := resp.Header.Get("MS-ASProtocolVersions"); got != "12.1,14.0" {
		t.Errorf("offered %s", got)
	}
	h.put(h.collection("ann", tandem.Contact), card("u1", "Zoe", "1"))
	p := h.phone("ann", "wm", "14")
	contains(t, h.desk(p, 9).sync(changes), "Status=1", "FileAs=Zoe")
	d, err := h.st.Devices.Device(t.Context(), "ann", "wm")
	h.must(err)
	if d.Speaks != "14.0" {
		t.Errorf("it speaks %q", d.Speaks)
	}
	h.valid()
}

// Windows Phone: the query in base64, its own content type, no version in a header; nothing empty; answers before changes; a folder is deleted once.
func TestFieldNote44WindowsPhone(t *testing.T) {
	h := newHouse(t)
	body, err := wbxml.Marshal(wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, "0")))
	h.must(err)
	query := "\x8d\x09\x09\x04\x03WP1\x00\x02WP"
	app, _ := passwords.Load(h.key("ann"))
	resp, err := h.request(http.MethodPost, "?"+base64.StdEncoding.EncodeToString([]byte(query)), map[string]string{"Content-Type": "application/vnd.ms-sync",
		"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:"+app.(string)))}, body)
	h.must(err)
	if resp.StatusCode != 200 {
		t.Fatalf("HTTP %d", resp.StatusCode)
	}
	d, err := h.st.Devices.Device(t.Context(), "ann", "WP1")
	h.must(err)
	if d.Speaks != "14.1" || d.Type != "WP" {
		t.Errorf("%+v", d)
	}
	p := h.phone("ann", "WP1", "14.1")
	folder := p.FolderOf(9)
	key := h.begin(p.Client, folder)
	id := h.do(p.Client, "Sync", sync1(collection(key, folder, changes+add("c1", "<contacts:FileAs>Zoe</contacts:FileAs>"))))
	contains(t, id, "Responses{Add{ClientId=c1")
	key = keyIn(id)
	h.put(h.collection("ann", tandem.Contact), card("u2", "Yan", "1"))
	serverID := regexp.MustCompile(`ServerId=(\S+)`).FindStringSubmatch(id)[1]
	got := h.do(p.Client, "Sync", sync1(collection(key, folder, changes+"<Commands><Change><ServerId>"+serverID+"</ServerId><ApplicationData><contacts:FileAs>Zoe Z</contacts:FileAs></ApplicationData></Change><Add><ClientId>c2</ClientId><ApplicationData><contacts:FileAs>X</contacts:FileAs></ApplicationData></Add></Commands>")))
	if r, c := strings.Index(got, "Responses{"), strings.Index(got, "Commands{"); r < 0 || c < r {
		t.Errorf("the order: %s", got)
	}
	contains(t, got, "!Responses ", "!Responses}")
	partial := h.do(p.Client, "Sync", "<Sync><Partial/></Sync>")
	contains(t, partial, "!HTTP 5")
	h.valid()
}

// Windows Mobile: the order of the elements of a collection.
func TestFieldNote45Order(t *testing.T) {
	h := newHouse(t)
	for i := range 3 {
		h.put(h.collection("ann", tandem.Contact), card(fmt.Sprint("u", i), "Zoe", "1"))
	}
	p := h.phone("ann", "PocketPC1", "12.1")
	folder := p.FolderOf(9)
	key := h.begin(p.Client, folder)
	got := h.do(p.Client, "Sync", sync1(collection(key, folder, changes+"<WindowSize>1</WindowSize>"+add("c1", "<contacts:FileAs>Zoe</contacts:FileAs>"))))
	if !regexp.MustCompile(`Collection\{SyncKey=\S+ CollectionId=` + folder + ` Status=1 MoreAvailable Responses\{.*\} Commands\{`).MatchString(got) {
		t.Error(got)
	}
	h.valid()
}
