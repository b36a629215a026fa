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

	"tandem"
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
	user, err := h.cfg.Accounts.VerifyBasic(r.Context(), r.Header.Get("Authorization"), h.cfg.Remote(r))
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
	case err != nil || len(req.Requests) != 1: // MS-ASCMD_R3799
		h.send(w, h.problem(600, "Invalid Request"))
		return
	case !strings.EqualFold(user.Address, req.Requests[0].Address) && !strings.EqualFold(user.Name, req.Requests[0].Address):
		h.cfg.Log.Info("autodiscover for another address", "user", user.Name, "asked", req.Requests[0].Address)
	}
	address := user.Address
	if address == "" {
		address = req.Requests[0].Address
	}
	switch strings.TrimSpace(req.Requests[0].Schema) {
	case phoneSchema:
		h.send(w, h.phone(user, address, h.cfg.Base(r)+eas.Path))
	case outlookSchema:
		h.send(w, h.outlook(user, address, h.cfg.Base(r)))
	default:
		h.send(w, h.problem(601, "Provider is not available"))
	}
}

// parse reads a request strictly enough to refuse entities, which encoding/xml does not expand, and nonsense.
func parse(data []byte, req *request) error {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, errors.New("charset " + charset)
	}
	return dec.Decode(req)
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *tandem.Error
	switch {
	case tandem.IsKind(err, tandem.Busy) && errors.As(err, &e):
		w.Header().Set("Retry-After", strconv.FormatInt(max(e.Wait, 5), 10))
		http.Error(w, "too many attempts", http.StatusServiceUnavailable)
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
	protocol := r.URL.Query().Get("Protocol")
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
