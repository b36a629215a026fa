package interop

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	_ "modernc.org/sqlite" // the database is read as it is

	"tandem/test/easclient"
	"tandem/test/hubkit"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

// written are the ways in which a secret may be written down: as it is, escaped, in hexadecimal, and within something in base64 wherever it begins there, as in SASL PLAIN (RFC 4616) and Basic (RFC 7617).
func written(secret string) [][]byte {
	js, _ := json.Marshal(secret) // a string is always written
	list := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), strings.Trim(string(js), `"`), strings.Trim(strconv.Quote(secret), `"`),
		hex.EncodeToString([]byte(secret)), strings.ReplaceAll(secret, "-", "")}
	for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for off := range 3 {
			code := coding.EncodeToString([]byte(strings.Repeat("\x00", off) + secret))
			list = append(list, code[(off*8+5)/6:(off+len(secret))*8/6])
		}
	}
	slices.Sort(list)
	var out [][]byte
	for _, s := range slices.Compact(list) {
		out = append(out, []byte(s))
	}
	return out
}

// vault is what must be nowhere, and where it is looked for.
type vault struct {
	*testing.T
	hub     *hub
	client  *http.Client
	mu      sync.Mutex          // guards what follows
	secrets map[string][][]byte // as they may be written, by what they are
	looked  map[string][]byte   // by where it was
}

func (v *vault) guard(what, secret string) string {
	if len(secret) < 8 {
		v.Fatalf("%s: %q is too short to be looked for", what, secret)
	}
	v.secrets[what] = written(secret)
	return secret
}

// look keeps something to be looked through.
func (v *vault) look(where string, data []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.looked[fmt.Sprintf("%s (%d)", where, len(v.looked))] = data
}

// cli runs a command, whatever becomes of it, and keeps what it says.
func (v *vault) cli(stdin string, args ...string) string {
	v.Helper()
	cmd := exec.CommandContext(v.Context(), hubkit.Program(v), append(args, "--data", v.hub.data)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		v.Fatal(err)
	}
	v.look("tandem "+strings.Join(args, " "), out)
	return string(out)
}

// get asks the hub for a page or an answer of its API, and keeps it.
func (v *vault) get(path string, auth ...string) []byte {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), http.MethodGet, v.hub.url+path, nil)
	if err != nil {
		v.Fatal(err)
	}
	if len(auth) == 2 {
		r.SetBasicAuth(auth[0], auth[1])
	}
	resp, err := v.client.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer resp.Body.Close()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") { // it never ends
		return nil
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Fatal(err)
	}
	v.look("GET "+path, data)
	return data
}

// search looks for all secrets in all that was kept, also in what is packed or a database.
func (v *vault) search() {
	v.Helper()
	databases := 0
	for where, data := range v.looked {
		for name, data := range v.unpack(where, data) {
			if strings.HasSuffix(name, "all tables") && bytes.Contains(data, []byte("anna@example.org")) {
				databases++
			}
			for what, forms := range v.secrets {
				for _, form := range forms {
					if at := bytes.Index(data, form); at >= 0 {
						v.Errorf("the %s is in %s: …%q…", what, name, data[max(0, at-60):min(len(data), at+len(form)+20)])
					}
				}
			}
		}
	}
	if databases < 3 { // the hub's at rest, and those of both backups
		v.Errorf("%d databases were read", databases)
	}
}

// running marks the files of a hub that writes to them: its database need not be whole.
const running = "while the hub runs"

// unpack is something with all that is in it, by name.
func (v *vault) unpack(name string, data []byte) map[string][]byte {
	v.Helper()
	out := map[string][]byte{name: data}
	inner := func(sub string, b []byte) {
		for k, x := range v.unpack(name+" > "+sub, b) {
			out[k] = x
		}
	}
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			v.Fatalf("%s: %v", name, err)
		}
		for _, f := range z.File {
			b, err := fs.ReadFile(z, f.Name)
			if err != nil && !strings.HasSuffix(f.Name, "/") {
				v.Fatalf("%s: %s: %v", name, f.Name, err)
			}
			inner(f.Name, b)
		}
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return out // it only begins like that
		}
		if b, err := io.ReadAll(z); err == nil {
			inner("unzipped", b)
		}
	case bytes.HasPrefix(data, []byte("SQLite format 3\x00")) && !(strings.HasPrefix(name, "the file") && strings.Contains(name, running)):
		inner("all tables", v.dump(data))
	}
	return out
}

// dump is what all tables of a database hold.
func (v *vault) dump(file []byte) []byte {
	v.Helper()
	must := func(err error) {
		v.Helper()
		if err != nil {
			v.Fatal(err)
		}
	}
	path := filepath.Join(v.TempDir(), "copy.db")
	must(os.WriteFile(path, file, 0o600))
	db, err := sql.Open("sqlite", path)
	must(err)
	defer db.Close()
	names, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
	must(err)
	defer names.Close()
	var tables []string
	for names.Next() {
		var n string
		must(names.Scan(&n))
		tables = append(tables, n)
	}
	must(names.Err())
	var out bytes.Buffer
	for _, table := range tables {
		rows, err := db.Query(`SELECT * FROM "` + table + `"`)
		must(err)
		defer rows.Close()
		columns, err := rows.Columns()
		must(err)
		for rows.Next() {
			cells, to := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
			for i := range cells {
				to[i] = &cells[i]
			}
			must(rows.Scan(to...))
			for i, c := range cells {
				fmt.Fprintf(&out, "%s.%s=%s\n", table, columns[i], c)
			}
		}
		must(rows.Err())
	}
	if len(tables) < 10 {
		v.Fatalf("the database has %d tables", len(tables))
	}
	return out.Bytes()
}

// echo is a server that refuses whoever logs in, and repeats what it was sent, as some do.
type echo struct {
	Addr string

	mu      sync.Mutex // guards what follows
	open    []net.Conn
	refused int
	through string // where connections are led on to; "": nowhere
}

// lead has connections led on to another server, or not any more, and ends those that there are.
func (e *echo) lead(through string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.through = through
	for _, c := range e.open {
		c.Close()
	}
	e.open = nil
}

// times is how often it refused.
func (e *echo) times() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.refused
}

// begin notes a connection, and leads it on if it is to be.
func (e *echo) begin(c net.Conn) (on net.Conn, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open = append(e.open, c)
	if e.through == "" {
		return nil, nil
	}
	if on, err = net.Dial("tcp", e.through); err == nil {
		e.open = append(e.open, on)
	}
	return on, err
}

// talk answers on a connection.
func (e *echo) talk(c net.Conn, greeting string, answer func(line string) string) {
	_, _ = io.WriteString(c, greeting) // error: the reading tells
	for in := bufio.NewScanner(c); in.Scan(); {
		say := answer(in.Text())
		if strings.Contains(say, "refused") {
			e.mu.Lock()
			e.refused++
			e.mu.Unlock()
		}
		_, _ = io.WriteString(c, say) // error: the reading tells
	}
}

// echoing starts a server. answer is what it says to a line; "": nothing.
func echoing(t *testing.T, greeting string, answer func(line string) string) *echo {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{Addr: l.Addr().String()}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			on, err := e.begin(c)
			done.Go(func() {
				defer c.Close()
				switch {
				case on != nil:
					defer on.Close()
					done.Go(func() {
						_, _ = io.Copy(on, c) // error: one of them ended
						on.Close()
					})
					_, _ = io.Copy(c, on) // error: one of them ended
				case err == nil:
					e.talk(c, greeting, answer)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		e.lead("")
		done.Wait()
	})
	return e
}

func echoIMAP(line string) string {
	tag, rest, _ := strings.Cut(line, " ")
	switch word, _, _ := strings.Cut(strings.ToUpper(rest), " "); word {
	case "CAPABILITY":
		return tag + " OK as in the greeting\r\n"
	case "LOGOUT":
		return "* BYE\r\n" + tag + " OK done\r\n"
	}
	return tag + " NO [AUTHENTICATIONFAILED] refused: " + rest + "\r\n"
}

func echoSMTP(line string) string {
	switch word, _, _ := strings.Cut(strings.ToUpper(line), " "); word {
	case "EHLO":
		return "250-echo.test\r\n250 AUTH PLAIN LOGIN\r\n"
	case "QUIT":
		return "221 bye\r\n"
	}
	return "535 5.7.8 refused: " + line + "\r\n"
}

// echoSieve is a server that lets everybody in as long as it is open.
func echoSieve(open *atomic.Bool) func(line string) string {
	return func(line string) string {
		switch word, _, _ := strings.Cut(strings.ToUpper(line), " "); {
		case word == "CAPABILITY":
			return greetSieve
		case open.Load(), word == "NOOP", word == "LOGOUT":
			return "OK\r\n"
		case strings.HasSuffix(line, "}"): // what is asked for comes next
			return ""
		}
		return `NO "refused: ` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line) + "\"\r\n"
	}
}

const greetSieve = "\"IMPLEMENTATION\" \"echo\"\r\n\"SASL\" \"PLAIN\"\r\n\"SIEVE\" \"vacation date relational\"\r\nOK\r\n"

// guarded is a submission server that takes mail of who knows the password.
type guarded struct {
	password string
	took     chan string
}

func (g *guarded) Reset()                               {}
func (g *guarded) Logout() error                        { return nil }
func (g *guarded) Mail(string, *smtp.MailOptions) error { return nil }
func (g *guarded) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (g *guarded) AuthMechanisms() []string             { return []string{sasl.Plain} }

func (g *guarded) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if password != g.password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (g *guarded) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	g.took <- string(b)
	return err
}

func (g *guarded) serve(t *testing.T) (addr string) {
	t.Helper()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return g, nil }))
	srv.AllowInsecureAuth = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() { _ = srv.Serve(l) }) // error: it was closed
	t.Cleanup(func() {
		srv.Close()
		_ = l.Close() // Serve may not have come to it yet
		done.Wait()
	})
	return l.Addr().String()
}

// TestMailSecretsNowhere: a hub is given passwords of all sorts for mail, right ones and wrong ones, and meets servers that refuse them and repeat them. None is in what it keeps, tells, logs, traces or
// backs up, in whatever form; what it keeps of them is sealed with a key that lies outside the database.
func TestMailSecretsNowhere(t *testing.T) {
	t.Parallel()
	v := &vault{T: t, secrets: map[string][][]byte{}, looked: map[string][]byte{}, hub: &hub{T: t, data: t.TempDir(), user: "anna"}}
	v.hub.password = v.guard("user's own password", "own/Staple+horse=77")
	v.cli(v.hub.password, "user", "add", "anna", "--address", "anna@example.org", "--password-file", "-")
	v.cli("", "user", "admin", "anna")
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, v.guard("token for metrics", "metrics+Token/4711-long"))
	said, end := hubkit.Telling(t, v.hub.data, "https://127.0.0.1:0", regexp.MustCompile(`https://127\.0\.0\.1:[0-9]+`), "--metrics-token", token)
	v.hub.url = said
	v.client = trusting(t, filepath.Join(v.hub.data, "tls", "ca.pem"))
	phone := v.usePhone()
	v.useAccount()
	v.useOutgoing(phone)
	v.useSieve()
	v.useWebhook()
	v.logIn()
	v.cli("", "device", "trace", "phone", "--show")
	v.askAll()
	v.keepFiles(running)
	v.look("the log of the hub", []byte(end()))
	v.keepFiles("of a hub at rest")
	v.search()
	v.Logf("%d things looked through for %d secrets", len(v.looked), len(v.secrets))
}

// usePhone has a phone log in with an app password, and with a wrong one, while what it says is traced.
func (v *vault) usePhone() *easclient.Phone {
	v.Helper()
	var app struct{ Password string }
	if err := json.Unmarshal([]byte(v.hub.cli("", "user", "app-password", "add", "anna", "phone", "--json")), &app); err != nil { // shown this once
		v.Fatal(err)
	}
	v.guard("app password", app.Password)
	client := &easclient.Client{HTTP: v.client, Base: v.hub.url, User: "anna@example.org", Password: app.Password, DeviceID: "phone", DeviceType: "test", Agent: "test", Version: "16.1"}
	phone := easclient.NewPhone(client)
	if err := phone.FolderSync(v.Context()); err != nil {
		v.Fatal(err)
	}
	v.cli("", "device", "trace", "phone", "--for", "30m")
	if err := phone.Sync(v.Context(), phone.FolderOf(typeCalendar)); err != nil {
		v.Fatal(err)
	}
	v.leaveUnlock(phone)
	client.Password = v.guard("wrong password of a phone", "phone=Wrong+pass/12")
	if a, err := phone.Options(v.Context()); err != nil || a.Code != http.StatusUnauthorized {
		v.Fatalf("a wrong password: %+v, %v", a, err)
	}
	_ = phone.FolderSync(v.Context()) // error: it is refused
	client.Password = app.Password
	return phone
}

// leaveUnlock has the phone leave the password by which it can be unlocked, as its policy lets it for a while.
func (v *vault) leaveUnlock(phone *easclient.Phone) {
	v.Helper()
	v.cli("", "device", "policy", "set", "PasswordRecoveryEnabled=yes", "--device", "phone")
	ask := func(command, xml string) *easclient.Answer {
		v.Helper()
		doc, err := wbxml.FromXML(strings.NewReader(xml))
		if err != nil {
			v.Fatal(err)
		}
		a, err := phone.Do(v.Context(), command, doc)
		if err != nil {
			v.Fatal(err)
		}
		return a
	}
	policy := func(inner string) (key string) {
		v.Helper()
		a := ask("Provision", `<Provision xmlns="Provision"><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType>`+inner+`</Policy></Policies></Provision>`)
		key = a.Doc.Child(wbxml.ProvisionPolicies).Child(wbxml.ProvisionPolicy).Get(wbxml.ProvisionPolicyKey)
		n, err := strconv.ParseUint(key, 10, 32)
		if err != nil {
			v.Fatal(err)
		}
		phone.PolicyKey = uint32(n)
		return key
	}
	policy("<PolicyKey>" + policy("") + "</PolicyKey><Status>1</Status>")
	a := ask("Settings", `<Settings xmlns="Settings"><DevicePassword><Set><Password>`+v.guard("recovery password of the phone", "unlock-4711-Zq9")+`</Password></Set></DevicePassword></Settings>`)
	if status := a.Doc.Child(wbxml.SettingsDevicePassword).Get(wbxml.SettingsStatus); status != "1" {
		v.Fatalf("the recovery password is answered with status %q", status)
	}
	// Who asks for it gets it, and nothing else shows it.
	if out, err := exec.CommandContext(v.Context(), hubkit.Program(v), "device", "unlock", "phone", "--data", v.hub.data).Output(); err != nil || string(out) != "unlock-4711-Zq9\n" {
		v.Errorf("the recovery password is shown as %q, %v", out, err)
	}
	v.cli("", "device", "policy", "set", "PasswordRecoveryEnabled=", "--device", "phone")
	phone.PolicyKey = 0
}

// useAccount syncs an account at an IMAP server, which refuses the password then, and repeats it.
func (v *vault) useAccount() {
	v.Helper()
	dovecot := mailkit.Dovecot(v.T, mailkit.Config{Lines: "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"}) // who is refused need not wait
	right := v.guard("password of the account", `imap/Zq7+tree&"9x=1`)
	write(v.T, filepath.Join(dovecot.Dir, "users"), "anna:{PLAIN}"+right+"\n")
	srv := echoing(v.T, "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN] hello\r\n", echoIMAP)
	srv.lead(dovecot.IMAP)
	file := filepath.Join(v.TempDir(), "password")
	write(v.T, file, right)
	place := "imap://anna@" + srv.Addr + "/"
	v.cli(v.guard("wrong password of the account", "typo/Zq7+tree&9x=2"), "partner", "login", place, "--password-file", "-")
	v.cli(right, "partner", "login", place, "--password-file", "-", "--json")
	v.cli("", "partner", "add", place, "--name", "work", "--json")
	v.cli("", "partner", "test", "work", "--json")
	v.cli("", "item", "add", "--all", "work", "--user", "anna")
	v.cli("", "item", "add", "notes-of-mail", place+"INBOX?password-from=file:"+file, "--name", "file", "--user", "anna")
	if out := v.cli("", "sync", "--json"); !strings.Contains(out, `"result":"ok"`) {
		v.Errorf("the account is not in step:\n%s", out)
	}
	srv.lead("")
	for _, args := range [][]string{{"sync", "--json"}, {"sync"}, {"partner", "show", "work", "--json"}, {"partner", "show", place + "?password-from=file:" + file}} {
		if out := v.cli("", args...); !strings.Contains(out, "refused") {
			v.Errorf("tandem %s does not tell that the password was refused:\n%s", strings.Join(args, " "), out)
		}
	}
	v.cli(v.guard("password that is repeated at once", `echo/Zq8+"tree\9x=4`), "partner", "login", place, "--password-file", "-", "--json")
	quoting := echoing(v.T, "* OK [CAPABILITY IMAP4rev1] hello\r\n", echoIMAP) // where there is LOGIN alone
	out := v.cli(v.guard("password that is repeated in quotes", `quoted/Zq8+"tree\9x=5`), "partner", "login", "imap://anna@"+quoting.Addr+"/", "--password-file", "-")
	if !strings.Contains(out, "refused: LOGIN") {
		v.Errorf("what was refused is not told:\n%s", out)
	}
	if n := srv.times(); n < 5 {
		v.Errorf("the IMAP server refused %d times", n)
	}
}

// useOutgoing has a phone send mail through a server that refuses, and through one that does not.
func (v *vault) useOutgoing(phone *easclient.Phone) {
	v.Helper()
	srv := echoing(v.T, "220 echo.test ESMTP\r\n", echoSMTP)
	v.cli(v.guard("password that a submission server repeats", "smtp/Echo+pass=31"), "user", "mail", "anna", "--server", srv.Addr, "--tls", "none", "--login", "anna", "--password-file", "-")
	if err := sendOnce(v.Context(), phone, "refused"); err != nil {
		v.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(v.Context(), patience)
	defer cancel()
	var list []struct {
		ID    int64
		Error string
	}
	for len(list) == 0 || list[0].Error == "" { // until the first try is over
		if err := json.Unmarshal([]byte(v.cli("", "mail", "queue", "--json")), &list); err != nil || ctx.Err() != nil {
			v.Fatalf("the queue: %+v, %v", list, err)
		}
	}
	if srv.times() == 0 {
		v.Error("the submission server that refuses was not asked")
	}
	v.cli("", "mail", "queue")
	g := &guarded{password: v.guard("password of the submission server", "smtp/Good+pass=32"), took: make(chan string, 1)}
	addr := g.serve(v.T)
	v.cli(g.password, "user", "mail", "anna", "--server", addr, "--tls", "none", "--login", "anna", "--password-file", "-")
	v.cli(v.guard("password of the hub's own server", "smtp/Hub+pass=33"), "mail", "server", "--server", srv.Addr, "--tls", "none", "--login", "hub", "--from", "hub@example.org", "--password-file", "-", "--json")
	v.cli("", "mail", "retry", fmt.Sprint(list[0].ID))
	select {
	case <-g.took:
	case <-ctx.Done():
		v.Fatalf("the message never went out: %s", v.cli("", "mail", "queue"))
	}
	v.cli("", "notify", "set", "mail=on", "--user", "anna")
	v.cli("", "notify", "test", "--user", "anna", "--json")
	v.cli("", "mail", "server")
}

// useSieve names a server that is to answer mail, which refuses when it is to.
func (v *vault) useSieve() {
	v.Helper()
	var open atomic.Bool
	open.Store(true)
	srv := echoing(v.T, greetSieve, echoSieve(&open))
	v.cli(v.guard("password of the server that answers", "sieve/Echo+pass=41"), "user", "sieve", "anna", "--server", srv.Addr, "--tls", "none", "--login", "anna", "--password-file", "-")
	open.Store(false)
	v.cli("I am away.", "user", "oof", "anna", "--on", "--message-file", "-", "--json")
	v.cli("", "user", "oof", "anna")
	if srv.times() == 0 {
		v.Error("the server that answers was not asked")
	}
}

// useWebhook has a webhook deliver to an address that refuses, and repeats what it was sent.
func (v *vault) useWebhook() {
	v.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_ = r.Write(w) // error: nobody reads it
	}))
	v.Cleanup(srv.Close)
	var hook struct {
		ID     int64
		Secret string
	}
	if err := json.Unmarshal([]byte(v.hub.cli("", "webhook", "add", srv.URL, "--json")), &hook); err != nil { // shown this once
		v.Fatal(err)
	}
	v.guard("key of a webhook", hook.Secret)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_"))
	if err != nil {
		v.Fatal(err)
	}
	v.guard("key of a webhook, as it is", string(key))
	id := fmt.Sprint(hook.ID)
	v.cli("", "webhook", "test", id)
	v.cli("", "webhook", "deliveries", id, "--json")
}

// logIn uses the pages: with a wrong password, with the right one, and all of them that lead on from the first.
func (v *vault) logIn() {
	v.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		v.Fatal(err)
	}
	v.client.Jar = jar
	for _, p := range []string{v.guard("wrong password in a browser", "browser/Wrong+pass=51"), v.hub.password} {
		resp, err := v.client.PostForm(v.hub.url+"/login", url.Values{"name": {"anna"}, "password": {p}})
		if err != nil {
			v.Fatal(err)
		}
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || (resp.StatusCode == http.StatusOK) != (p == v.hub.password) {
			v.Fatalf("log in: %s, %v", resp.Status, err)
		}
		v.look("POST /login", data)
	}
	link := regexp.MustCompile(`href="(/[^"#]*)`)
	seen, next := map[string]bool{"/": true, "/logout": true}, []string{"/"}
	for len(next) > 0 && len(seen) < 100 {
		page := v.get(next[0])
		next = next[1:]
		for _, m := range link.FindAllSubmatch(page, -1) {
			to := html.UnescapeString(string(m[1]))
			if !seen[to] && !strings.HasPrefix(to, "/static/") {
				seen[to] = true
				next = append(next, to)
			}
		}
	}
	if len(seen) < 20 {
		v.Errorf("only %d pages were found", len(seen))
	}
	var api struct {
		Paths map[string]map[string]json.RawMessage
	}
	data, err := os.ReadFile("../../doc/openapi.json")
	if err != nil {
		v.Fatal(err)
	}
	if err := json.Unmarshal(data, &api); err != nil {
		v.Fatal(err)
	}
	for path, methods := range api.Paths {
		if methods["get"] != nil && !strings.Contains(path, "{") {
			v.get(path, "anna", v.hub.password)
		}
	}
	v.get("/api/devices/phone/trace", "anna", v.hub.password)
	v.get("/dav/", "anna", v.guard("wrong password of a program", "program/Wrong+pass=52"))
}

// askAll runs all commands that list or look at something.
func (v *vault) askAll() {
	v.Helper()
	bundle := filepath.Join(v.TempDir(), "bundle.zip")
	for _, line := range []string{"device list", "device show phone", "partner list", "partner folders work", "secret list", "user list", "user show anna", "user app-password list anna", "webhook list", "notify list",
		"notify show --user anna", "log", "log --raw --lines 1000", "status", "history", "conflict list", "handler list", "provider list", "collection list", "item list", "item show file", "doctor", "doctor --bundle " + bundle} {
		args := strings.Fields(line)
		v.cli("", args...)
		v.cli("", append(args, "--json")...)
	}
	data, err := os.ReadFile(bundle)
	if err != nil {
		v.Fatal(err)
	}
	v.look("the bundle", data)
}

// keepFiles keeps all files of the hub but the key, and a backup of it.
func (v *vault) keepFiles(when string) {
	v.Helper()
	must := func(err error) {
		v.Helper()
		if err != nil {
			v.Fatal(err)
		}
	}
	backup := filepath.Join(v.TempDir(), "backup.zip")
	v.cli("", "backup", "create", backup)
	data, err := os.ReadFile(backup)
	must(err)
	v.look("the backup "+when, data)
	key, err := os.ReadFile(filepath.Join(v.hub.data, "secrets.key"))
	must(err)
	v.guard("key that all is sealed with", string(key))
	must(filepath.WalkDir(v.hub.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "secrets.key" {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && len(data) > 0 {
			v.look("the file "+d.Name()+" "+when, data)
		}
		return err
	}))
}
