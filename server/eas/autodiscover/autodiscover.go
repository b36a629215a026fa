// Package autodiscover tells clients that know a mail address only where the Exchange ActiveSync door is: version 1 in XML, in the schema of
// phones (MS-ASCMD 2.2.1.1) and in Outlook's (MS-OXDSCLI), and version 2 in JSON.
package autodiscover

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"tandem"
	"tandem/partner/account"
	"tandem/server/eas"
	"tandem/store"
)

// Config is what the answers depend on. Everything without a remark must be set.
type Config struct {
	Accounts eas.Accounts
	Remote   func(r *http.Request) string // the client's network address
	Base     func(r *http.Request) string // the public address without a path: "https://sync.example.org"
	Now      func() time.Time             // nil: time.Now
	Log      *slog.Logger                 // nil: nowhere
}

// Handler answers both versions.
type Handler struct{ cfg Config }

// New makes a handler.
func New(cfg Config) *Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{cfg}
}

// Is reports whether a path is one that clients look for, which they spell in many ways.
func Is(path string) bool {
	p := strings.ToLower(path)
	return p == "/autodiscover/autodiscover.xml" || p == "/autodiscover/autodiscover.json" || strings.HasPrefix(p, "/autodiscover/autodiscover.json/")
}

// ServeHTTP implements http.Handler for the paths of Is.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private")
	if strings.Contains(strings.ToLower(r.URL.Path), ".json") {
		h.json(w, r)
		return
	}
	h.xml(w, r)
}

// The schemas of answers that clients ask for, and the namespaces of the answers.
const (
	frameSchema   = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
	phoneSchema   = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
	outlookSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
)

// request is an Autodiscover request. Namespaces are not looked at: phones differ in them.
type request struct {
	XMLName  xml.Name `xml:"Autodiscover"`
	Requests []struct {
		Address string `xml:"EMailAddress"`
		Schema  string `xml:"AcceptableResponseSchema"`
	} `xml:"Request"`
}

// maxRequest is the size in bytes of the largest request.
const maxRequest = 64 << 10

func (h *Handler) xml(w http.ResponseWriter, r *http.Request) {
	user, err := h.cfg.Accounts.VerifyBasic(r.Context(), r.Header.Get("Authorization"), h.cfg.Remote(r), account.Use{Doors: []account.Door{account.Phones}, Writes: true})
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	if r.Method != http.MethodPost { // Outlook and people try the address in this way; the answer says what to send
		h.send(w, h.problem(600, "Invalid Request"))
		return
	}
	var req request
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err == nil {
		err = parse(data, &req)
	}
	switch {
	case err != nil, len(req.Requests) != 1, req.Requests[0].Address == "", req.Requests[0].Schema == "": // MS-ASCMD_R2287, R3799
		h.send(w, h.problem(600, "Invalid Request"))
		return
	case !strings.EqualFold(user.Address, req.Requests[0].Address) && !strings.EqualFold(user.Name, req.Requests[0].Address):
		h.cfg.Log.Info("autodiscover for another address", "user", user.Name, "asked", req.Requests[0].Address)
	}
	address := user.Address
	if address == "" {
		address = req.Requests[0].Address
	}
	switch req.Requests[0].Schema {
	case phoneSchema:
		h.send(w, h.phone(user, address, h.cfg.Base(r)+eas.Path))
	case outlookSchema:
		h.send(w, h.outlook(user, address, h.cfg.Base(r)))
	default:
		h.send(w, h.problem(601, "Provider is not available"))
	}
}

// parse reads a request in any charset that XML is written in. Entities that the document itself defines make it unreadable: encoding/xml
// expands none.
func parse(data []byte, req *request) error {
	// XML 1.0 appendix F: a byte order mark tells more than the declaration.
	marked := bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}) || bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff})
	dec := xml.NewDecoder(transform.NewReader(bytes.NewReader(data), unicode.BOMOverride(encoding.Nop.NewDecoder())))
	dec.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		// A declaration that could be read is not in UTF-16, whatever it says; programs that print a string as XML write so.
		if marked || strings.HasPrefix(strings.ToLower(charset), "utf-16") {
			return in, nil
		}
		enc, err := htmlindex.Get(charset)
		if err != nil {
			return nil, errors.New("charset " + charset)
		}
		return enc.NewDecoder().Reader(in), nil
	}
	if err := dec.Decode(req); err != nil {
		return err
	}
	for i := range req.Requests {
		r := &req.Requests[i]
		r.Address, r.Schema = strings.TrimSpace(r.Address), strings.TrimSpace(r.Schema)
	}
	return nil
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *tandem.Error
	switch {
	case errors.As(err, &e) && (e.Kind == tandem.Busy || e.Kind == tandem.Transient):
		w.Header().Set("Retry-After", strconv.FormatInt(max(e.Wait, 5), 10))
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	case account.Beyond(err):
		h.cfg.Log.Warn("an app password was used for what it is not for", "door", "phones", "remote", h.cfg.Remote(r), "err", err)
		http.Error(w, "this password is not for phones", http.StatusForbidden)
	case tandem.IsKind(err, tandem.Denied), tandem.IsKind(err, tandem.NotFound), tandem.IsKind(err, tandem.Invalid):
		w.Header().Set("WWW-Authenticate", `Basic realm="Tandem", charset="UTF-8"`)
		http.Error(w, "unauthorized", http.StatusUnauthorized)
	case r.Context().Err() == nil:
		h.cfg.Log.Error("autodiscover failed", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// element is a node of an answer.
type element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []element  `xml:",any"`
}

func node(name string, nodes ...element) element {
	return element{XMLName: xml.Name{Local: name}, Nodes: nodes}
}

func leaf(name, text string) element { return element{XMLName: xml.Name{Local: name}, Text: text} }

func inSpace(space string, e element) element {
	e.Attrs = append(e.Attrs, xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: space})
	return e
}

// phone is the answer in the schema of phones.
func (h *Handler) phone(u store.User, address, url string) element {
	name := u.Title
	if name == "" {
		name = u.Name
	}
	return node("Autodiscover", inSpace(phoneSchema, node("Response", leaf("Culture", "en:us"),
		node("User", leaf("DisplayName", name), leaf("EMailAddress", address)),
		node("Action", node("Settings", node("Server", leaf("Type", "MobileSync"), leaf("Url", url), leaf("Name", url)))))))
}

// outlook is the answer in Outlook's schema: an account that Exchange ActiveSync reaches. MS-OXDSCLI 2.2.4
func (h *Handler) outlook(u store.User, address, base string) element {
	name := u.Title
	if name == "" {
		name = u.Name
	}
	host := strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://")
	return node("Autodiscover", inSpace(outlookSchema, node("Response",
		node("User", leaf("DisplayName", name), leaf("AutoDiscoverSMTPAddress", address)),
		node("Account", leaf("AccountType", "email"), leaf("Action", "settings"),
			node("Protocol", leaf("Type", "MobileSync"), leaf("Server", host), leaf("LoginName", u.Name), leaf("Domain", ""), leaf("SSL", "on"), leaf("AuthRequired", "on"))))))
}

// problem is an answer that says why there is no other.
func (h *Handler) problem(code int, text string) element {
	now := h.cfg.Now()
	e := node("Error", leaf("ErrorCode", strconv.Itoa(code)), leaf("Message", text), leaf("DebugData", ""))
	e.Attrs = []xml.Attr{{Name: xml.Name{Local: "Time"}, Value: now.Format("15:04:05.0000000")}, {Name: xml.Name{Local: "Id"}, Value: strconv.FormatUint(uint64(uint32(now.Unix())), 10)}}
	return node("Autodiscover", node("Response", e))
}

func (h *Handler) send(w http.ResponseWriter, e element) {
	body, err := xml.Marshal(inSpace(frameSchema, e))
	if err != nil {
		h.cfg.Log.Error("autodiscover failed", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(xml.Header)+len(body)))
	_, err = io.WriteString(w, xml.Header+string(body))
	if err != nil {
		h.cfg.Log.Debug("autodiscover answer not sent", "err", err)
	}
}

// json answers version 2, which asks for one protocol and needs no log-in: it says nothing about whether the user exists.
func (h *Handler) json(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	protocol := ""
	for key, values := range r.URL.Query() { // clients differ in the case of the name
		if strings.EqualFold(key, "Protocol") {
			protocol = values[0]
		}
	}
	answer := map[string]string{"Protocol": protocol}
	switch strings.ToLower(protocol) {
	case "activesync":
		answer["Url"] = h.cfg.Base(r) + eas.Path
	case "autodiscoverv1":
		answer["Url"] = h.cfg.Base(r) + "/autodiscover/autodiscover.xml"
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		h.write(w, map[string]string{"ErrorCode": "InvalidProtocol",
			"ErrorMessage": "The given protocol value '" + protocol + "' is invalid. Supported values are 'ActiveSync,AutodiscoverV1'"})
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	h.write(w, answer)
}

func (h *Handler) write(w io.Writer, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		h.cfg.Log.Debug("autodiscover answer not sent", "err", err)
	}
}
