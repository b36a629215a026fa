package check

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tandem/server/eas"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// maxSkew is how far clocks may be apart before phones and certificates disagree.
const maxSkew = 2 * time.Minute

// door looks whether the Exchange ActiveSync door answers, and what the clock says there.
func (r *run) door(ctx context.Context) bool {
	const name = "door"
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, r.Address.String()+eas.Path, nil)
	if err != nil {
		return r.fail(name, err.Error(), "")
	}
	resp, err := r.plain.Do(req)
	if err != nil {
		return r.fail(name, "no answer: "+short(err), "see that the hub runs, and that the reverse proxy leads to it")
	}
	if err := resp.Body.Close(); err != nil {
		return r.fail(name, "the answer was cut: "+short(err), "see the reverse proxy's log")
	}
	if to := resp.Header.Get("X-MS-Location"); resp.StatusCode == http.StatusUnavailableForLegalReasons && to != "" {
		return r.fail(name, "the hub has moved to "+to, "give that address to phones; they follow from this one by themselves")
	}
	versions := resp.Header.Get("MS-ASProtocolVersions")
	if resp.StatusCode != http.StatusOK || versions == "" {
		who := ""
		if s := resp.Header.Get("Server"); s != "" {
			who = " by " + s
		}
		return r.fail(name, fmt.Sprintf("%s was answered%s with %s and without protocol versions", eas.Path, who, resp.Status),
			"something else answers there: let the reverse proxy pass "+eas.Path+" on to the hub, with the method OPTIONS")
	}
	all := strings.Split(versions, ",")
	r.client.Version = strings.TrimSpace(all[len(all)-1])
	if slices.Contains(all, "16.1") {
		r.client.Version = "16.1"
	}
	r.ok(name, "Exchange ActiveSync "+versions)
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return r.warn("clock", "answers have no date", "see that the reverse proxy leaves the Date header alone")
	}
	if skew := r.Now().Sub(date).Round(time.Second); skew.Abs() > maxSkew {
		return r.warn("clock", "the clocks here and there are "+skew.Abs().String()+" apart", "set them by NTP: certificates and reminders hang on them")
	}
	return r.ok("clock", "agrees with this computer's")
}

// version2 asks Autodiscover in JSON.
func (r *run) version2(ctx context.Context) bool {
	const name = "autodiscover 2"
	code, body, err := r.ask(ctx, http.MethodGet, "/autodiscover/autodiscover.json?Protocol=ActiveSync&Email="+url.QueryEscape(r.Mail), nil)
	var answer struct{ Url string }
	if err != nil || code != http.StatusOK || json.Unmarshal(body, &answer) != nil {
		return r.warn(name, failure(code, err), "let the reverse proxy pass /autodiscover/ on to the hub")
	}
	return r.leadsHere(name, answer.Url)
}

// version1 asks Autodiscover in XML.
func (r *run) version1(ctx context.Context) bool {
	const name = "autodiscover 1"
	var doc bytes.Buffer
	doc.WriteString(xml.Header + `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request><EMailAddress>`)
	mail := r.Mail
	if mail == "" {
		mail = r.User
	}
	if err := xml.EscapeText(&doc, []byte(mail)); err != nil {
		return r.fail(name, err.Error(), "")
	}
	doc.WriteString(`</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>`)
	code, body, err := r.ask(ctx, http.MethodPost, "/autodiscover/autodiscover.xml", &doc)
	var answer struct {
		Url string `xml:"Response>Action>Settings>Server>Url"`
	}
	if err != nil || code != http.StatusOK || xml.Unmarshal(body, &answer) != nil || answer.Url == "" {
		return r.warn(name, failure(code, err), "let the reverse proxy pass /autodiscover/ on to the hub, with the Authorization header")
	}
	return r.leadsHere(name, answer.Url)
}

// leadsHere looks whether Autodiscover leads to the address that was checked.
func (r *run) leadsHere(name, text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != r.Address.Scheme || !strings.EqualFold(u.Hostname(), r.Address.Hostname()) || port(u) != port(r.Address) {
		return r.warn(name, "it leads to "+text+", not to "+r.Address.String(), "tell the hub its address: tandem serve --public "+r.Address.String()+", and trust the reverse proxy with --trust-proxy")
	}
	return r.ok(name, "leads to "+text)
}

// ask sends a request and returns code and body of the answer.
func (r *run) ask(ctx context.Context, method, path string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.Address.String()+path, body)
	if err != nil {
		return 0, nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "text/xml")
		req.SetBasicAuth(r.User, r.Password)
	}
	resp, err := r.plain.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, data, err
}

func failure(code int, err error) string {
	if err != nil {
		return "no answer: " + short(err)
	}
	return fmt.Sprintf("the answer is %d %s, and nothing a client understands", code, http.StatusText(code))
}

// login looks whether the user gets in.
func (r *run) login(ctx context.Context) bool {
	const name = "log-in"
	a, err := r.client.Options(ctx)
	switch {
	case err != nil:
		return r.fail(name, failure(0, err), "see that the reverse proxy passes the Authorization header on")
	case a.Code == http.StatusUnauthorized:
		return r.fail(name, "name or password of "+r.User+" are wrong", "check both; an administrator can set another password with `tandem user password "+r.User+"`")
	case a.Code == http.StatusServiceUnavailable:
		return r.fail(name, "too many wrong passwords came from this address", "wait "+a.Header.Get("Retry-After")+" seconds, or use an app password")
	case a.Code != http.StatusOK:
		return r.fail(name, failure(a.Code, nil), "see the hub's log")
	}
	return r.ok(name, r.User+" gets in")
}

// folders asks for the folder hierarchy as a phone does that tries an account, compressed.
func (r *run) folders(ctx context.Context) bool {
	const name = "folders"
	r.client.Gzip = true
	a, err := r.client.Do(ctx, "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, "0")))
	switch {
	case err != nil:
		return r.fail(name, "the answer makes no sense: "+short(err), "let nothing on the way change bodies or compress them again")
	case a.Code == 449 || a.Status() == "142" || a.Status() == "143" || a.Status() == "144":
		return !r.ok(name, "the hub wants its policy accepted first, as phones do by themselves") // nothing more can be tried without
	case a.Code == http.StatusForbidden || a.Status() == "129":
		return r.fail(name, "the hub lets no new device of "+r.User+" in", "see `tandem device rule list`")
	case a.Code != http.StatusOK || a.Status() != "1":
		return r.fail(name, fmt.Sprintf("the answer is %d, status %q", a.Code, a.Status()), "see the hub's log")
	}
	n := 0
	for c := range a.Doc.Child(wbxml.FolderHierarchyChanges).All(wbxml.FolderHierarchyAdd) {
		if r.folder == "" {
			r.folder = c.Get(wbxml.FolderHierarchyServerId)
		}
		n++
	}
	return r.ok(name, fmt.Sprintf("%d folders", n))
}

// compression looks whether a large answer comes compressed. It is one about folders that there are not, so that nothing is touched.
func (r *run) compression(ctx context.Context) bool {
	const name = "compression"
	const large = 1024 // bytes; smaller answers are left as they are
	list := wbxml.New(wbxml.GetItemEstimateCollections)
	for i := range 100 {
		list.Add(wbxml.New(wbxml.GetItemEstimateCollection, wbxml.Text(wbxml.AirSyncSyncKey, "1"), wbxml.Text(wbxml.GetItemEstimateCollectionId, fmt.Sprint("none-", i))))
	}
	a, err := r.client.Do(ctx, "GetItemEstimate", wbxml.New(wbxml.GetItemEstimateGetItemEstimate, list))
	switch {
	case err != nil || a.Code != http.StatusOK:
		return r.fail(name, "a large answer does not come through: "+reason(a, err), "let nothing on the way change bodies or compress them again")
	case a.Header.Get("Content-Encoding") == "gzip":
		return r.ok(name, "large answers come compressed")
	case len(a.Raw) < large:
		return true // nothing can be told
	}
	return r.warn(name, "answers come uncompressed", "let the reverse proxy pass the Accept-Encoding header on, and leave answers as they are")
}

// hold looks whether a request that waits for changes may wait.
func (r *run) hold(ctx context.Context) {
	const name = "push"
	remedy := "let the reverse proxy wait for answers for an hour: in nginx `proxy_read_timeout 3600s; proxy_buffering off;`, in Apache `ProxyTimeout 3600`, in HAProxy `timeout server 3600s`"
	ctx, cancel := context.WithTimeout(ctx, r.Hold+patience)
	defer cancel()
	ping := wbxml.New(wbxml.PingPing, wbxml.Text(wbxml.PingHeartbeatInterval, fmt.Sprint(int(r.Hold.Seconds()))),
		wbxml.New(wbxml.PingFolders, wbxml.New(wbxml.PingFolder, wbxml.Text(wbxml.PingId, r.folder), wbxml.Text(wbxml.PingClass, "Contacts"))))
	start := r.Now()
	a, err := r.client.Do(ctx, "Ping", ping)
	took := r.Now().Sub(start).Round(time.Second)
	switch {
	case err != nil || a.Code == http.StatusGatewayTimeout || a.Code == http.StatusBadGateway || a.Code == http.StatusRequestTimeout:
		r.fail(name, fmt.Sprintf("a waiting request was cut after %s: %s", took, reason(a, err)), remedy)
	case a.Code != http.StatusOK || a.Status() != "1":
		r.fail(name, fmt.Sprintf("a waiting request was answered after %s with %d, status %q", took, a.Code, a.Status()), "see the hub's log")
	default:
		r.ok(name, fmt.Sprintf("a request may wait for %s and longer", took))
	}
}

func reason(a *easclient.Answer, err error) string {
	if err != nil {
		return short(err)
	}
	return fmt.Sprintf("%d %s", a.Code, http.StatusText(a.Code))
}
