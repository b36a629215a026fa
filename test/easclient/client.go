// Package easclient is a small client of Exchange ActiveSync, which drives a real server over HTTP in tests, benchmarks and the demo. Client speaks
// single commands; Phone behaves as a phone does, and keeps what it was given; Faults break the way between.
package easclient

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tandem/wire/wbxml"
)

// Client sends commands as one device. It is not safe for concurrent use, but for Ping beside another command.
type Client struct {
	HTTP     *http.Client // nil: http.DefaultClient
	Base     string       // "https://127.0.0.1:8443"
	User     string
	Password string

	DeviceID, DeviceType, Agent string
	Version                     string // "16.1"
	PolicyKey                   uint32

	Multipart bool // ask for multipart answers
	Gzip      bool // accept compressed answers

	// Seen, when set, is told of every answer with a document, for validation.
	Seen func(command string, doc *wbxml.Element)
}

// Answer is what came back.
type Answer struct {
	Code   int
	Header http.Header
	Doc    *wbxml.Element // nil for an empty answer
	Parts  [][]byte       // of a multipart answer, without the document
	Raw    []byte         // as it came, unpacked
}

// Status is the text of the first child of the root that is a status, "" if there is none.
func (a *Answer) Status() string {
	if a.Doc == nil {
		return ""
	}
	for _, c := range a.Doc.Children {
		if c.Tag.Name() == "Status" {
			return c.String()
		}
	}
	return ""
}

// Path is where the door is.
const Path = "/Microsoft-Server-ActiveSync"

// Options asks what the server offers.
func (c *Client) Options(ctx context.Context) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, c.Base+Path, nil)
	if err != nil {
		return nil, err
	}
	return c.send(req)
}

// Follow reports whether an answer tells of another address to use from now on, and takes it. Nobody is followed from TLS to none. MS-ASHTTP 3.1.5.2.2
func (c *Client) Follow(a *Answer) bool {
	to, err := url.Parse(a.Header.Get("X-MS-Location"))
	if a.Code != http.StatusUnavailableForLegalReasons || err != nil || to.Host == "" || strings.HasPrefix(c.Base, "https:") && to.Scheme != "https" {
		return false
	}
	c.Base = to.Scheme + "://" + to.Host
	return true
}

// Do sends a command; doc is nil for an empty body. An error means that no whole answer came, and nobody knows whether the command was done.
func (c *Client) Do(ctx context.Context, command string, doc *wbxml.Element) (*Answer, error) {
	var body []byte
	if doc != nil {
		var err error
		if body, err = wbxml.Marshal(doc); err != nil {
			return nil, err
		}
	}
	return c.Post(ctx, command, nil, "application/vnd.ms-sync.wbxml", body)
}

// Post sends a command with any body, and further parameters of the query.
func (c *Client) Post(ctx context.Context, command string, params url.Values, contentType string, body []byte) (*Answer, error) {
	q := url.Values{"Cmd": {command}, "User": {c.User}, "DeviceId": {c.DeviceID}, "DeviceType": {c.DeviceType}}
	for k, v := range params {
		q[k] = v
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+Path+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", contentType)
	}
	a, err := c.send(req)
	if err == nil && a.Doc != nil && c.Seen != nil {
		c.Seen(command, a.Doc)
	}
	return a, err
}

func (c *Client) send(req *http.Request) (*Answer, error) {
	req.SetBasicAuth(c.User, c.Password)
	h := req.Header
	h.Set("User-Agent", c.Agent)
	if c.Version != "" {
		h.Set("MS-ASProtocolVersion", c.Version)
	}
	if c.PolicyKey != 0 {
		h.Set("X-MS-PolicyKey", strconv.FormatUint(uint64(c.PolicyKey), 10))
	}
	if c.Multipart {
		h.Set("MS-ASAcceptMultiPart", "T")
	}
	h.Set("Accept-Encoding", "identity") // net/http would unpack behind our back
	if c.Gzip {
		h.Set("Accept-Encoding", "gzip, deflate")
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	a := &Answer{Code: resp.StatusCode, Header: resp.Header, Raw: raw}
	return a, a.decode()
}

func (a *Answer) decode() (err error) {
	if a.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(a.Raw))
		if err != nil {
			return err
		}
		if a.Raw, err = io.ReadAll(z); err != nil {
			return err
		}
	}
	doc := a.Raw
	switch typ := a.Header.Get("Content-Type"); {
	case len(a.Raw) == 0 || a.Code != http.StatusOK:
		return nil
	case typ == "application/vnd.ms-sync.multipart":
		parts, err := Split(a.Raw)
		if err != nil {
			return err
		}
		doc, a.Parts = parts[0], parts[1:]
	case typ != "application/vnd.ms-sync.wbxml":
		return fmt.Errorf("answer of type %q", typ)
	}
	a.Doc, _, err = wbxml.Unmarshal(doc, wbxml.Limits{})
	return err
}

// Split cuts a multipart answer into its parts, the document first. MS-ASCMD 2.2.1.10.1
func Split(b []byte) ([][]byte, error) {
	if len(b) < 4 {
		return nil, errors.New("multipart answer cut short")
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 1 || n > 1<<16 || len(b) < 4+8*n {
		return nil, fmt.Errorf("multipart answer of %d parts in %d bytes", n, len(b))
	}
	parts := make([][]byte, n)
	for i := range parts {
		from, size := int(binary.LittleEndian.Uint32(b[4+8*i:])), int(binary.LittleEndian.Uint32(b[8+8*i:]))
		if from > len(b) || size > len(b)-from {
			return nil, fmt.Errorf("part %d of a multipart answer lies outside", i)
		}
		parts[i] = b[from : from+size]
	}
	return parts, nil
}
