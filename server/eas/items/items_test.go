package items_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/items"
	"tandem/store"
	"tandem/test/easkit"
	"tandem/wire/wbxml"
)

// kit is a hub with the command.
type kit struct {
	*easkit.Kit
	svc *items.Service
}

func newKit(t testing.TB) *kit {
	t.Helper()
	k := easkit.New(t)
	return &kit{Kit: k, svc: &items.Service{Home: k.Store.Home, Lookup: k.Store.Lookup, Folders: k.Folders}}
}

func (k *kit) ask(request string) string {
	k.Helper()
	return k.Ask(k.svc.ItemOperations, "ann", "ItemOperations", request)
}

// op wraps operations.
func op(ops ...string) string {
	return "<ItemOperations>" + strings.Join(ops, "") + "</ItemOperations>"
}

func fetch(inner string) string { return "<Fetch><Store>Mailbox</Store>" + inner + "</Fetch>" }

func byID(id string) string {
	return "<airsync:CollectionId>" + strings.Split(id, ":")[0] + "</airsync:CollectionId><airsync:ServerId>" + id + "</airsync:ServerId>"
}

func card(name, note string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + name + "\r\nN:" + name + ";;;;\r\nFN:" + name + "\r\nTEL;TYPE=CELL:123\r\nNOTE:" + note + "\r\nEND:VCARD\r\n"
}

// meeting has an attachment of the content given.
func meeting(content string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:m1\r\nDTSTAMP:20260501T000000Z\r\nDTSTART:20260520T100000Z\r\nDTEND:20260520T110000Z\r\n" +
		"SUMMARY:Plan\r\nDESCRIPTION:long text\r\nATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.txt:" + base64.StdEncoding.EncodeToString([]byte(content)) +
		"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// TestFetch covers what is fetched by name, and every way to name nothing: MS-ASCMD 2.2.3.67.1 and 2.2.3.177.8.
func TestFetch(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Contact, card("Zoe", "hello"))[0]
	other := k.Put("bob", tandem.Contact, card("Secret", "of bob"))[0]
	gone := k.Put("ann", tandem.Contact, card("Gone", ""))[0]
	k.remove(tandem.Contact, gone)
	found := "Fetch{Status=1 CollectionId=%[1]s ServerId=%[2]s Class=Contacts Properties{"
	folder := strings.Split(id, ":")[0]
	for name, c := range map[string]struct{ ask, want string }{
		"by ServerId":          {fetch(byID(id)), fmt.Sprintf(found, folder, id)},                                           // MS-ASCMD_R4153
		"by ServerId alone":    {fetch("<airsync:ServerId>" + id + "</airsync:ServerId>"), "Fetch{Status=1 ServerId=" + id}, // field note 28
		"by LongId":            {fetch("<search:LongId>" + id + "</search:LongId>"), "Fetch{Status=1 LongId=" + id + " Class=Con"},
		"store in capitals":    {"<Fetch><Store>mailbox</Store>" + byID(id) + "</Fetch>", "Fetch{Status=1 "},
		"unknown store":        {"<Fetch><Store>Attic</Store>" + byID(id) + "</Fetch>", "Fetch{Status=9 "}, // MS-ASCMD_R4161
		"no store":             {"<Fetch>" + byID(id) + "</Fetch>", "Fetch{Status=9 "},
		"documents":            {"<Fetch><Store>DocumentLibrary</Store><documentlibrary:LinkId>\\\\a\\b</documentlibrary:LinkId></Fetch>", "Fetch{Status=9 LinkId=\\\\a\\b}"},
		"nothing named":        {fetch(""), "Fetch{Status=2}"},                                                                                   // MS-ASCMD_R4154
		"another user's":       {fetch(byID(other)), "Fetch{Status=6 CollectionId=" + strings.Split(other, ":")[0] + " ServerId=" + other + "}"}, // MS-ASCMD_R4158
		"deleted":              {fetch(byID(gone)), "Fetch{Status=6 "},
		"unknown number":       {fetch("<airsync:ServerId>" + folder + ":99999</airsync:ServerId>"), "Fetch{Status=6 "},
		"unknown folder":       {fetch("<airsync:ServerId>99999:1</airsync:ServerId>"), "Fetch{Status=6 "},
		"folder does not fit":  {fetch("<airsync:CollectionId>1</airsync:CollectionId><airsync:ServerId>" + strings.Replace(id, folder+":", "77:", 1) + "</airsync:ServerId>"), "Fetch{Status=6 "},
		"no id":                {fetch("<airsync:ServerId>zoe</airsync:ServerId>"), "Fetch{Status=6 "},
		"empty id":             {fetch("<airsync:ServerId/>"), "Fetch{Status=6 "},
		"negative":             {fetch("<airsync:ServerId>" + folder + ":-1</airsync:ServerId>"), "Fetch{Status=6 "},
		"path":                 {fetch("<airsync:ServerId>../../etc/passwd</airsync:ServerId>"), "Fetch{Status=6 "},
		"mail of iOS":          {fetch("<airsync:CollectionId>kDAMailAccountAllMailboxesFolderID</airsync:CollectionId><airsync:ServerId>" + id + "</airsync:ServerId>"), "Fetch{Status=1 "}, // field note 28
		"two files":            {fetch("<airsyncbase:FileReference>1:1:0</airsyncbase:FileReference><airsyncbase:FileReference>1:1:1</airsyncbase:FileReference>"), "Fetch{Status=2"},        // MS-ASCMD_R765
		"two ids":              {fetch(byID(id) + "<airsync:ServerId>" + other + "</airsync:ServerId>"), "Fetch{Status=2"},
		"a name and a file":    {fetch(byID(id) + "<airsyncbase:FileReference>1:1:0</airsyncbase:FileReference>"), "Fetch{Status=2"},
		"several, each for it": {fetch(byID(other)) + fetch(byID(id)), "Fetch{Status=6 CollectionId=" + strings.Split(other, ":")[0] + " ServerId=" + other + "} Fetch{Status=1 "}, // MS-ASCMD_R194, R2952
	} {
		t.Run(name, func(t *testing.T) {
			if got := k.ask(op(c.ask)); !strings.HasPrefix(got, "ItemOperations{Status=1 Response{"+c.want) {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
	k.Valid()
}

// remove deletes a record as another partner does.
func (k *kit) remove(kd tandem.Kind, serverID string) {
	k.Helper()
	c := k.Collection("ann", kd)
	_, number, _ := items.Number(serverID)
	for rec, err := range k.Store.Lookup.ByNumber(context.Background(), c.ID, []int64{number}) {
		k.Must(err)
		out, err := k.Store.Home.Write(context.Background(), c.ID, store.Author{User: "ann"}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}})
		k.Must(err)
		if out[0].Status != tandem.Applied {
			k.Fatalf("remove: %+v", out[0])
		}
	}
}

// TestProperties: bodies as preferred, and only what a schema names. MS-ASCMD_R3879, 2.2.3.158
func TestProperties(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Contact, card("Zoe", "0123456789"))[0]
	pref := func(typ, size string) string {
		return "<Options><airsyncbase:BodyPreference><airsyncbase:Type>" + typ + "</airsyncbase:Type>" + size + "</airsyncbase:BodyPreference></Options>"
	}
	for name, c := range map[string]struct {
		options    string
		want, lack []string
	}{
		"whole":        {"", []string{"FileAs=Zoe", "MobilePhoneNumber=123", "Body{"}, nil},
		"plain":        {pref("1", ""), []string{"Type=1", "Data=0123456789"}, []string{"Truncated=1"}},
		"cut":          {pref("1", "<airsyncbase:TruncationSize>4</airsyncbase:TruncationSize>"), []string{"EstimatedDataSize=10", "Truncated=1", "Data=0123}"}, nil},
		"schema":       {"<Options><Schema><contacts:FileAs/></Schema></Options>", []string{"Properties{FileAs=Zoe}"}, nil},
		"empty schema": {"<Options><Schema/></Options>", []string{"MobilePhoneNumber=123"}, nil},
		"odd schema":   {"<Options><Schema><email:Subject/></Schema></Options>", []string{"Status=1"}, []string{"Zoe"}},
		"no such type": {pref("9", ""), []string{"Status=2"}, []string{"Zoe"}}, // MS-ASAIRS_R346
		"no number":    {pref("1", "<airsyncbase:TruncationSize>many</airsyncbase:TruncationSize>"), []string{"Status=2"}, []string{"Zoe"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := k.ask(op(fetch(byID(id) + c.options)))
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("%s lacks %s", got, w)
				}
			}
			for _, w := range c.lack {
				if strings.Contains(got, w) {
					t.Errorf("%s has %s", got, w)
				}
			}
		})
	}
	k.Valid()
}

// TestAttachment: whole and in ranges, MS-ASCMD 2.2.3.8, 2.2.3.143.2.
func TestAttachment(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Event, meeting("0123456789"))[0]
	other := k.Put("bob", tandem.Event, meeting("of bob"))[0]
	shown := k.ask(op(fetch(byID(id))))
	ref := id + ":0"
	if !strings.Contains(shown, "FileReference="+ref) {
		t.Fatalf("no attachment is shown: %s", shown)
	}
	ask := func(ref, options string) string {
		return k.ask(op(fetch("<airsyncbase:FileReference>" + ref + "</airsyncbase:FileReference>" + options)))
	}
	rng := func(r string) string { return "<Options><Range>" + r + "</Range></Options>" }
	data := func(s string) string { return "Data=" + base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, c := range map[string]struct{ ref, options, want string }{
		"whole":           {ref, "", "Status=1 FileReference=" + ref + " Properties{ContentType=text/plain " + data("0123456789")}, // field note 24, MS-ASCMD_R3716, R2130
		"middle":          {ref, rng("2-4"), "Properties{Range=2-4 Total=10 ContentType=text/plain " + data("234")},
		"one byte":        {ref, rng("9-9"), "Range=9-9 Total=10 ContentType=text/plain " + data("9")},
		"past the end":    {ref, rng("8-99"), "Range=8-9 Total=10 ContentType=text/plain " + data("89")},
		"beyond":          {ref, rng("10-12"), "Status=8 FileReference=" + ref + "}"}, // MS-ASCMD_R4160
		"turned":          {ref, rng("4-2"), "Status=8"},                              // MS-ASCMD_R3711
		"negative":        {ref, rng("-4-2"), "Status=8"},
		"no numbers":      {ref, rng("a-b"), "Status=8"},
		"half":            {ref, rng("5-"), "Status=8"},
		"huge":            {ref, rng("0-99999999999999999999"), "Status=8"},
		"no such":         {id + ":1", "", "Status=15"}, // MS-ASCMD_R4166
		"negative number": {id + ":-1", "", "Status=15"},
		"no number":       {id + ":x", "", "Status=15"},
		"no id":           {"x", "", "Status=15"},
		"empty":           {"", "", "Status=15"},
		"of another":      {other + ":0", "", "Status=15"},
		"no such record":  {strings.Split(id, ":")[0] + ":9999:0", "", "Status=15"},
		"without any":     {k.Put("ann", tandem.Contact, card("Zoe", ""))[0] + ":0", "", "Status=15"},
		"path":            {"../../../etc/passwd:0", "", "Status=15"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(c.ref, c.options); !strings.Contains(got, c.want) || strings.Contains(got, "Part=") { // MS-ASAIRS_R405
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
	k.Valid()
}

// TestMultipart: what is large travels beside the document. MS-ASCMD_R234, R236, R3633
func TestMultipart(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Event, meeting("0123456789"))[0]
	k.Multipart = true
	ask := op(fetch(byID(id)+"<Options><airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type></airsyncbase:BodyPreference></Options>"),
		fetch("<airsyncbase:FileReference>"+id+":0</airsyncbase:FileReference><Options><Range>1-3</Range></Options>"), fetch(byID("1:999")))
	r := k.Run(k.svc.ItemOperations, "ann", "ItemOperations", ask)
	got := easkit.Text(r.Body)
	if len(r.Parts) != 2 || part(t, r.Parts[0]) != "long text" || part(t, r.Parts[1]) != "123" {
		t.Fatalf("parts %q of %s", r.Parts, got)
	}
	for _, want := range []string{"Body{Type=1 EstimatedDataSize=9", "Part=1}", "Properties{Range=1-3 Total=10 ContentType=text/plain Part=2}"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if strings.Contains(got, "Data=") {
		t.Errorf("data twice: %s", got)
	}
	k.Valid()
}

// TestEmpty: what a folder held is in history afterwards. MS-ASCMD_R199, 2.2.3.58
func TestEmpty(t *testing.T) {
	k := newKit(t)
	for i := range 600 {
		k.Put("ann", tandem.Contact, card(fmt.Sprint("c", i), ""))
	}
	kept := k.Put("bob", tandem.Contact, card("Bob's", ""))
	folder, other := k.Folder("ann", tandem.Contact), k.Folder("bob", tandem.Contact)
	empty := func(inner string) string {
		return k.ask(op("<EmptyFolderContents>" + inner + "</EmptyFolderContents>"))
	}
	for inner, want := range map[string]string{
		"<airsync:CollectionId>" + other + "</airsync:CollectionId>": "{Status=6 CollectionId=" + other + "}",
		"<airsync:CollectionId>77</airsync:CollectionId>":            "{Status=6 CollectionId=77}",
		"<airsync:CollectionId>RI</airsync:CollectionId>":            "{Status=6 CollectionId=RI}", // MS-ASCMD_R196
		"": "{Status=2 CollectionId}",
	} {
		if got := empty(inner); got != "ItemOperations{Status=1 Response{EmptyFolderContents"+want+"}}" {
			t.Errorf("%s: %s", inner, got)
		}
	}
	if n := len(k.Bodies("ann", tandem.Contact)); n != 600 {
		t.Fatalf("%d contacts are left", n)
	}
	ask := "<airsync:CollectionId>" + folder + "</airsync:CollectionId><Options><DeleteSubFolders/></Options>"
	for range 2 { // the second time there is nothing left, and nothing wrong with that
		if got := empty(ask); got != "ItemOperations{Status=1 Response{EmptyFolderContents{Status=1 CollectionId="+folder+"}}}" {
			t.Fatal(got)
		}
	}
	if n := len(k.Bodies("ann", tandem.Contact)); n != 0 {
		t.Errorf("%d contacts are left", n)
	}
	past, err := k.Store.History.List(t.Context(), store.PastFilter{Limit: 1000})
	k.Must(err)
	if len(past) != 600 || past[0].Op != tandem.Delete || past[0].Body == (tandem.Digest{}) || past[0].From != "eas:iPhone/annphone" {
		t.Errorf("%d entries in history: %+v", len(past), past[0])
	}
	if len(k.Bodies("bob", tandem.Contact)) != len(kept) {
		t.Error("bob's contacts are gone")
	}
	k.Valid()
}

// TestMove: there are no conversations, and an order to move one says so. MS-ASCMD_R3475, R4171, R4173, R4940
func TestMove(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Contact, card("Zoe", ""))
	move := func(options string) string {
		doc := k.XML(op("<Move><ConversationId/><DstFldId>" + k.Folder("ann", tandem.Contact) + "</DstFldId>" + options + "</Move>"))
		doc.Child(wbxml.ItemOperationsMove).Child(wbxml.ItemOperationsConversationId).Data = []byte{1, 0xff}
		resp, err := k.svc.ItemOperations(t.Context(), k.Request("ann", "ItemOperations", doc))
		k.Must(err)
		return easkit.Text(resp.Body)
	}
	const id = ` ConversationId="` + "\x01\xff" + `"}}}`
	if got := move("<Options><MoveAlways/></Options>"); got != "ItemOperations{Status=1 Response{Move{Status=156"+id {
		t.Errorf("%q", got)
	}
	for _, o := range []string{"", "<Options/>"} {
		if got := move(o); got != "ItemOperations{Status=1 Response{Move{Status=155"+id {
			t.Errorf("%s: %q", o, got)
		}
	}
	if got := k.ask(op("<Move/>")); got != "ItemOperations{Status=1 Response{Move{Status=155 ConversationId}}}" {
		t.Error(got)
	}
	k.Version = eas.V121 // MS-ASCMD_R7244
	if got := k.ask(op("<Move/>")); got != "ItemOperations{Status=2}" {
		t.Error(got)
	}
	k.Valid()
}

// TestSyntax: nonsense gets a status of its own. MS-ASCMD_R7238
func TestSyntax(t *testing.T) {
	k := newKit(t)
	for name, ask := range map[string]string{"no document": "", "empty": "<ItemOperations/>", "another": "<Ping/>",
		"too many": op(strings.Repeat(fetch(""), 257)), "a stranger": op("<Status>1</Status>"), "of another page": op("<search:Store/>")} {
		if got := k.ask(ask); got != "ItemOperations{Status=2}" {
			t.Errorf("%s: %s", name, got)
		}
	}
	k.Valid()
}

// TestLarge: an answer stays within bounds; what does not fit any longer is told. MS-ASCMD_R4163
func TestLarge(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Event, meeting(string(bytes.Repeat([]byte("x"), 9<<20))))[0]
	one := fetch("<airsyncbase:FileReference>" + id + ":0</airsyncbase:FileReference>")
	got := k.Run(k.svc.ItemOperations, "ann", "ItemOperations", op(strings.Repeat(one, 8)))
	large := 0
	for f := range got.Body.Child(wbxml.ItemOperationsResponse).All(wbxml.ItemOperationsFetch) {
		if f.Get(wbxml.ItemOperationsStatus) == "11" {
			large++
		}
	}
	if large != 4 {
		t.Errorf("%d of 8 are refused", large)
	}
}

func FuzzRange(f *testing.F) {
	f.Add("0-9", 10)
	f.Add("9-0", 10)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if from, to, err := items.Range(text, size); err == nil && (from < 0 || to < from || to >= size) {
			t.Fatalf("%q of %d is %d-%d", text, size, from, to)
		}
	})
}

// TestShared: what bob shares with ann is hers to fetch, and hers to empty only if she may write.
func TestShared(t *testing.T) {
	k := newKit(t)
	id := k.Put("bob", tandem.Contact, card("Shared", ""))[0]
	c := k.Collection("bob", tandem.Contact)
	empty := op("<EmptyFolderContents><airsync:CollectionId>" + k.Folder("bob", tandem.Contact) + "</airsync:CollectionId></EmptyFolderContents>")
	share := func(write bool) {
		t.Helper()
		_, err := k.Access.Share(t.Context(), "bob", c.ID, "ann", write)
		k.Must(err)
	}
	for _, step := range []struct {
		before         func()
		fetched, empty string
		left           int
	}{
		{func() {}, "Status=6", "Status=6", 1},
		{func() { share(false) }, "Shared", "Status=156", 1},
		{func() { k.Must(k.Access.Unshare(t.Context(), "bob", c.ID, "ann")) }, "Status=6", "Status=6", 1},
		{func() { share(true) }, "Shared", "{EmptyFolderContents{Status=1 ", 0},
	} {
		step.before()
		if got := k.ask(op(fetch(byID(id)))); !strings.Contains(got, step.fetched) {
			t.Errorf("fetched %s, want %s", got, step.fetched)
		}
		if got := k.ask(empty); !strings.Contains(got, step.empty) {
			t.Errorf("emptied %s, want %s", got, step.empty)
		}
		if n := len(k.Bodies("bob", tandem.Contact)); n != step.left {
			t.Errorf("%d are left, want %d", n, step.left)
		}
	}
	k.Valid()
}

// part is what is in a part of an answer.
func part(t testing.TB, b tandem.Body) string {
	t.Helper()
	data, err := tandem.ReadBody(b, 1<<20)
	if err != nil || b.Size() != int64(len(data)) {
		t.Fatalf("%d of %d bytes: %v", len(data), b.Size(), err)
	}
	return string(data)
}
