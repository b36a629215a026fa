package autodiscover_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"tandem"
	"tandem/internal/easschema"
	"tandem/partner/account"
	"tandem/server/eas/autodiscover"
	"tandem/store"
	"tandem/store/sqlite"
)

const (
	phoneSchema   = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
	outlookSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
	password      = "correct horse battery"
)

// kit is a handler before real accounts with a user anna.
type kit struct {
	testing.TB
	h      *autodiscover.Handler
	remote string
	base   func(*http.Request) string
}

func newKit(t testing.TB) *kit {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	acc, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings,
		Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []store.User{{Name: "anna", Title: "Anna <&> Huber", Address: "anna@example.org"}, {Name: "bob"}} {
		if _, err := acc.Add(t.Context(), u, password); err != nil {
			t.Fatal(err)
		}
	}
	k := &kit{TB: t, remote: "192.0.2.1", base: func(*http.Request) string { return "https://sync.example.org:8443" }}
	k.h = autodiscover.New(autodiscover.Config{Accounts: acc, Remote: func(*http.Request) string { return k.remote },
		Base: func(r *http.Request) string { return k.base(r) }, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	return k
}

// ask sends a request as a user, nobody if "".
func (k *kit) ask(method, path, body, user, pass string) (*http.Response, []byte) {
	k.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if user != "" {
		r.SetBasicAuth(user, pass)
	}
	return k.do(r)
}

func (k *kit) do(r *http.Request) (*http.Response, []byte) {
	k.Helper()
	w := httptest.NewRecorder()
	k.h.ServeHTTP(w, r)
	resp := w.Result()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		k.Fatal(err)
	}
	return resp, out
}

// anna sends a version 1 request as anna and returns the answer, which must be XML.
func (k *kit) anna(body string) []byte {
	k.Helper()
	resp, out := k.ask(http.MethodPost, "/autodiscover/autodiscover.xml", body, "anna", password)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/xml; charset=utf-8" || resp.ContentLength != int64(len(out)) {
		k.Fatalf("%d %v %s", resp.StatusCode, resp.Header, out)
	}
	return out
}

func request(address, schema string) string {
	return `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request>` +
		`<EMailAddress>` + address + `</EMailAddress><AcceptableResponseSchema>` + schema + `</AcceptableResponseSchema></Request></Autodiscover>`
}

// answer is what a client reads.
type answer struct {
	XMLName  xml.Name `xml:"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006 Autodiscover"`
	Response struct {
		XMLName xml.Name
		Culture string
		User    struct{ DisplayName, EMailAddress, AutoDiscoverSMTPAddress string }
		Servers []struct{ Type, Url, Name string } `xml:"Action>Settings>Server"`
		Account struct {
			AccountType, Action string
			Protocol            struct{ Type, Server, LoginName, SSL string }
		}
		Error *struct {
			Time      string `xml:",attr"`
			Id        string `xml:",attr"`
			ErrorCode int
			Message   string
		}
	}
}

func read(t testing.TB, out []byte) (a answer) {
	t.Helper()
	if err := xml.Unmarshal(out, &a); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return a
}

// code is the error code of an answer, 0 if there is no error.
func code(t testing.TB, out []byte) int {
	t.Helper()
	if e := read(t, out).Response.Error; e != nil {
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{7}$`).MatchString(e.Time) { // MS-ASCMD_R5698, R5547
			t.Errorf("the time of an error is %q", e.Time)
		}
		if _, err := strconv.ParseUint(e.Id, 10, 32); err != nil { // MS-ASCMD_R5545
			t.Errorf("the id of the server is %q", e.Id)
		}
		return e.ErrorCode
	}
	return 0
}

// TestPhone: MS-ASCMD_R7, R8, R41, R703, R806, R2124, R2225, R2228, R3484, R4001
func TestPhone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, asked := range []string{"anna@example.org", " ANNA@example.org\n", "other@example.net"} {
		out := k.anna(request(asked, phoneSchema))
		a := read(t, out).Response
		if a.XMLName.Space != phoneSchema || a.Culture != "en:us" || a.User.DisplayName != "Anna <&> Huber" || a.User.EMailAddress != "anna@example.org" || len(a.Servers) != 1 || a.Error != nil {
			t.Fatalf("%s", out)
		}
		const url = "https://sync.example.org:8443/Microsoft-Server-ActiveSync"
		if s := a.Servers[0]; s.Type != "MobileSync" || s.Url != url || s.Name != url {
			t.Fatalf("%+v", s)
		}
	}
	// One without a name and an address is called as asked for.
	_, out := k.ask(http.MethodPost, "/autodiscover/autodiscover.xml", request("bob@example.org", phoneSchema), "bob@example.org", password)
	if u := read(t, out).Response.User; u.DisplayName != "bob" || u.EMailAddress != "bob@example.org" {
		t.Fatalf("%s", out)
	}
}

// TestContentTypes: MS-ASCMD_R5123, R5718
func TestContentTypes(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, typ := range []string{"text/xml", "text/html", "text/xml; charset=utf-8", ""} {
		r := httptest.NewRequest(http.MethodPost, "/autodiscover/autodiscover.xml", strings.NewReader(request("anna@example.org", phoneSchema)))
		r.Header.Set("Content-Type", typ)
		r.SetBasicAuth("anna", password)
		if resp, out := k.do(r); resp.StatusCode != 200 || code(t, out) != 0 {
			t.Errorf("%q: %d %s", typ, resp.StatusCode, out)
		}
	}
}

// TestOutlook: MS-OXDSCLI 2.2.4
func TestOutlook(t *testing.T) {
	t.Parallel()
	out := newKit(t).anna(request("anna@example.org", outlookSchema))
	a := read(t, out).Response
	p := a.Account.Protocol
	if a.XMLName.Space != outlookSchema || a.User.AutoDiscoverSMTPAddress != "anna@example.org" || a.Account.AccountType != "email" || a.Account.Action != "settings" ||
		p.Type != "MobileSync" || p.Server != "sync.example.org:8443" || p.LoginName != "anna" || p.SSL != "on" {
		t.Fatalf("%s", out)
	}
}

// TestSchemas: answers are valid by Microsoft's schemas. MS-ASCMD_R1027 and those of the elements
func TestSchemas(t *testing.T) {
	t.Parallel()
	k, schemas := newKit(t), easschema.New(t)
	for name, body := range map[string]string{
		"phone":   request("anna@example.org", phoneSchema),
		"invalid": "",
		"unknown": request("anna@example.org", "urn:x"),
	} {
		if err := schemas.Validate("AutodiscoverResponse", k.anna(body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProblems: MS-ASCMD_R2285, R2286, R2287, R2288, R3799, R3818
func TestProblems(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	two := strings.Replace(request("anna@example.org", phoneSchema), "</Request>", "</Request><Request><EMailAddress>anna@example.org</EMailAddress></Request>", 1)
	laughs := `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	file := `<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>`
	whole := request("&c;", phoneSchema)
	_, body, _ := strings.Cut(whole, "?>")
	for name, test := range map[string]struct {
		body string
		want int
	}{
		"empty":            {"", 600},
		"no XML":           {"EMailAddress=anna@example.org", 600},
		"another document": {`<Sync xmlns="AirSync"/>`, 600},
		"no request":       {`<Autodiscover/>`, 600},
		"two requests":     {two, 600},
		"no address":       {request(" ", phoneSchema), 600},
		"no schema":        {request("anna@example.org", ""), 600},
		"cut off":          {request("anna@example.org", phoneSchema)[:300], 600},
		"billion laughs":   {laughs + body, 600},
		"outside entity":   {file + body, 600},
		"oversize":         {request("anna@example.org", phoneSchema+strings.Repeat(" ", 64<<10)), 600},
		"deep":             {strings.Repeat("<a>", 20_000), 600},
		"deep within":      {"<Autodiscover><Request>" + strings.Repeat("<a>", 20_000), 600},
		"unknown charset":  {strings.Replace(request("anna@example.org", phoneSchema), "utf-8", "klingon", 1), 600},
		"unknown schema":   {request("anna@example.org", "urn:x"), 601},
		"schema's case":    {request("anna@example.org", strings.ToUpper(phoneSchema)), 601},
	} {
		t.Run(name, func(t *testing.T) {
			out := k.anna(test.body)
			if got := code(t, out); got != test.want {
				t.Errorf("code %d, want %d: %s", got, test.want, out)
			}
			if strings.Contains(string(out), "root:") || len(out) > 1000 {
				t.Errorf("%s", out)
			}
		})
	}
	// What people try with a browser.
	if resp, out := k.ask(http.MethodGet, "/autodiscover/autodiscover.xml", "", "anna", password); resp.StatusCode != 200 || code(t, out) != 600 {
		t.Errorf("GET: %d %s", resp.StatusCode, out)
	}
}

// TestCharsets: the same request in the charsets that clients write XML in.
func TestCharsets(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	plain := request("anna@example.org", phoneSchema)
	utf16le := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	for name, body := range map[string]string{
		"mark":         "\ufeff" + plain,
		"UTF-16":       utf16le(strings.Replace(plain, "utf-8", "utf-16", 1)),
		"UTF-16 plain": utf16le(strings.Replace(plain, ` encoding="utf-8"`, "", 1)),
		"UTF-16 said":  strings.Replace(plain, "utf-8", "utf-16", 1),
		"ISO-8859-1":   strings.Replace(request("m\xfcller@example.org", phoneSchema), "utf-8", "ISO-8859-1", 1),
		"windows-1252": strings.Replace(plain, "utf-8", "windows-1252", 1),
		"us-ascii":     strings.Replace(plain, "utf-8", "US-ASCII", 1),
		"none":         strings.Replace(plain, ` encoding="utf-8"`, "", 1),
		"prefixes": strings.NewReplacer("<Auto", "<a:Auto", "</Auto", "</a:Auto", "<Req", "<a:Req", "</Req", "</a:Req", "xmlns=", "xmlns:a=",
			"<EMail", "<a:EMail", "</EMail", "</a:EMail", "<Accept", "<a:Accept", "</Accept", "</a:Accept").Replace(plain),
	} {
		if out := k.anna(body); code(t, out) != 0 {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// TestRefused: nobody learns anything without the right password, and who guesses waits.
func TestRefused(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	body := request("anna@example.org", phoneSchema)
	for _, c := range []struct{ user, pass string }{{"", ""}, {"anna", "wrong password"}, {"nobody", password}, {"", password}} {
		resp, out := k.ask(http.MethodPost, "/autodiscover/autodiscover.xml", body, c.user, c.pass)
		if resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic ") || strings.Contains(string(out), "sync.example.org") {
			t.Errorf("%q: %d %v %s", c.user, resp.StatusCode, resp.Header, out)
		}
	}
	k.remote = "192.0.2.2"
	for i := range 100 {
		resp, out := k.ask(http.MethodPost, "/autodiscover/autodiscover.xml", body, "anna", fmt.Sprint("guess ", i))
		if resp.StatusCode == 503 {
			if resp.Header.Get("Retry-After") == "" {
				t.Errorf("%v", resp.Header)
			}
			k.remote = "192.0.2.3"
			if out := k.anna(body); code(t, out) != 0 {
				t.Errorf("the owner, elsewhere: %s", out)
			}
			return
		}
		if resp.StatusCode != 401 {
			t.Fatalf("%d %s", resp.StatusCode, out)
		}
	}
	t.Error("a hundred guesses were looked at")
}

// accounts answer with an error, or let anybody in.
type accounts struct{ err error }

func (a accounts) VerifyBasic(context.Context, string, string, account.Use) (store.User, error) {
	return store.User{}, a.err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		code int
	}{
		{tandem.Errorf(tandem.Internal, "secret"), 500},
		{&tandem.Error{Kind: tandem.Transient, Err: io.ErrUnexpectedEOF}, 503},
		{&tandem.Error{Kind: tandem.Busy, Wait: 77}, 503},
		{tandem.Errorf(tandem.Invalid, "secret"), 401},
	} {
		k := &kit{TB: t, h: autodiscover.New(autodiscover.Config{Accounts: accounts{test.err}, Remote: func(*http.Request) string { return "" }, Base: nil})}
		resp, out := k.ask(http.MethodPost, "/autodiscover/autodiscover.xml", "", "anna", password)
		if resp.StatusCode != test.code || strings.Contains(string(out), "secret") {
			t.Errorf("%v: %d %s", test.err, resp.StatusCode, out)
		}
		if wait := resp.Header.Get("Retry-After"); (wait != "") != (test.code == 503) || test.err.Error() == "busy" && wait != "77" {
			t.Errorf("%v: wait %q", test.err, wait)
		}
	}
}

func TestVersion2(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for path, want := range map[string]string{
		"/autodiscover/autodiscover.json?Email=anna@example.org&Protocol=ActiveSync&RedirectCount=1": "https://sync.example.org:8443/Microsoft-Server-ActiveSync",
		"/Autodiscover/AutoDiscover.json?protocol=activesync":                                        "https://sync.example.org:8443/Microsoft-Server-ActiveSync",
		"/autodiscover/autodiscover.json/v1.0/nobody@example.org?Protocol=AutodiscoverV1":            "https://sync.example.org:8443/autodiscover/autodiscover.xml",
	} {
		resp, out := k.ask(http.MethodGet, path, "", "", "")
		var a struct{ Protocol, Url string }
		if err := json.Unmarshal(out, &a); err != nil || resp.StatusCode != 200 || a.Url != want || a.Protocol == "" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %s %v", path, resp.StatusCode, out, err)
		}
	}
	for _, protocol := range []string{"", "EWS", "<script>", "\"\n"} {
		r := httptest.NewRequest(http.MethodGet, "/autodiscover/autodiscover.json", nil)
		r.URL.RawQuery = "Protocol=" + strings.NewReplacer("\n", "%0A", "\"", "%22").Replace(protocol)
		resp, out := k.do(r)
		var a struct{ ErrorCode, ErrorMessage string }
		if err := json.Unmarshal(out, &a); err != nil || resp.StatusCode != 400 || a.ErrorCode != "InvalidProtocol" || strings.Contains(string(out), "<script>") {
			t.Errorf("%q: %d %s %v", protocol, resp.StatusCode, out, err)
		}
	}
	if resp, _ := k.ask(http.MethodPost, "/autodiscover/autodiscover.json?Protocol=ActiveSync", "{}", "", ""); resp.StatusCode != 405 || resp.Header.Get("Allow") == "" {
		t.Errorf("POST: %d", resp.StatusCode)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/autodiscover/autodiscover.xml": true, "/Autodiscover/Autodiscover.xml": true, "/AutoDiscover/AutoDiscover.XML": true,
		"/AUTODISCOVER/AUTODISCOVER.JSON": true, "/autodiscover/autodiscover.json/v1.0/a@b": true,
		"/": false, "/autodiscover": false, "/autodiscover/": false, "/autodiscover/autodiscover.svc": false, "/autodiscover/autodiscover.jsonx": false,
		"/autodiscover/autodiscover.xml/../x": false,
	} {
		if autodiscover.Is(path) != want {
			t.Errorf("%s: not %v", path, want)
		}
	}
}

// TestHostileHost: whatever stands in the Host header stays text.
func TestHostileHost(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.base = func(r *http.Request) string { return "https://" + r.Host }
	for _, host := range []string{`x</Url><Url>https://evil.example`, `"><script>`, "a&b", "x\x01y"} {
		for _, schema := range []string{phoneSchema, outlookSchema} {
			r := httptest.NewRequest(http.MethodPost, "/autodiscover/autodiscover.xml", strings.NewReader(request("anna@example.org", schema)))
			r.Host = host
			r.SetBasicAuth("anna", password)
			_, out := k.do(r)
			if a := read(t, out).Response; a.Error != nil || len(a.Servers) > 1 || strings.Contains(string(out), "<script>") {
				t.Errorf("%q: %s", host, out)
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/autodiscover/autodiscover.json?Protocol=ActiveSync", nil)
		r.Host = host
		var a struct{ Url string }
		if _, out := k.do(r); json.Unmarshal(out, &a) != nil || !strings.HasSuffix(a.Url, "/Microsoft-Server-ActiveSync") || strings.Contains(string(out), "<script>") {
			t.Errorf("%q: %s", host, out)
		}
	}
}

// FuzzRequest: every body gets an answer that is XML.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(request("anna@example.org", phoneSchema)))
	f.Add([]byte(request("anna@example.org", outlookSchema)))
	f.Add([]byte("\xff\xfe<\x00a\x00>\x00"))
	k := kit{h: autodiscover.New(autodiscover.Config{Accounts: accounts{}, Remote: func(*http.Request) string { return "" },
		Base: func(*http.Request) string { return "https://sync.example.org" }})}
	f.Fuzz(func(t *testing.T, body []byte) {
		read(t, (&kit{TB: t, h: k.h}).anna(string(body)))
	})
}
