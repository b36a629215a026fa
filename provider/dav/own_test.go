package dav

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/providertest"
	"tandem/test/davkit"
	"tandem/test/davpeers"
)

// TestTandem: our client and our own server.
func TestTandem(t *testing.T) {
	k := davkit.New(t)
	s := &davpeers.Server{Name: "Tandem", URL: k.Server.URL + "/", User: "ann", Password: davkit.Password}
	var count atomic.Int64
	collection := func(t *testing.T, branch, method, props string) string {
		path := fmt.Sprintf("/dav/%s/ann/t%d/", branch, count.Add(1))
		body := ""
		if props != "" {
			body = `<?xml version="1.0" encoding="utf-8"?><x:` + strings.ToLower(method) + ` xmlns:x="` + map[string]string{"MKCOL": "DAV:", "MKCALENDAR": "urn:ietf:params:xml:ns:caldav"}[method] +
				`" xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"><set><prop>` + props + `</prop></set></x:` + strings.ToLower(method) + `>`
		}
		if status, text := s.Do(t, method, path, body); status != http.StatusCreated {
			t.Fatalf("%s %s: %d %s", method, path, status, text)
		}
		return path
	}
	for name, k := range sorts() {
		t.Run(name, func(t *testing.T) {
			end := ext(k.kind)
			providertest.Run(t, providertest.Factory{Kind: k.kind, Body: k.body, Big: 200 << 10,
				ID:     func(n int) tandem.ID { return tandem.ID(fmt.Sprintf("record-%d%s", n, end)) },
				OddIDs: []tandem.ID{tandem.ID("with space" + end), tandem.ID("größer" + end), tandem.ID("a@b" + end), tandem.ID("%41?&=#" + end)},
				New: func(t *testing.T) *providertest.Place {
					scheme, path, query := "carddav", "", ""
					if k.kind == tandem.Contact {
						path = collection(t, "contacts", "MKCOL", "<resourcetype><collection/><A:addressbook/></resourcetype>")
					} else {
						component := map[tandem.Kind]string{tandem.Event: "VEVENT", tandem.Task: "VTODO", tandem.Note: "VJOURNAL"}[k.kind]
						scheme, query = "caldav", "?kind="+string(k.kind)
						path = collection(t, "calendars", "MKCALENDAR", `<C:supported-calendar-component-set><C:comp name="`+component+`"/></C:supported-calendar-component-set>`)
					}
					return &providertest.Place{
						Open: func(ctx context.Context) (*provider.Opened, error) { return openAt(ctx, s, scheme, path, query) },
						Edit: func(id tandem.ID, body []byte) error {
							return editBy(t, s, path+escapeSegment(string(id)), body, mediaType(k.kind))
						},
					}
				}})
		})
	}
	t.Run("Files", func(t *testing.T) {
		providertest.Run(t, providertest.Factory{Kind: tandem.File, Body: fileBody,
			OddIDs: []tandem.ID{"with space", "ümlaut-日本", "%41?&=", "-rf *", "a#b", "plus+and;semi", "ends.", tandem.ID(strings.Repeat("n", 200))},
			New: func(t *testing.T) *providertest.Place {
				path := collection(t, "files", "MKCOL", "")
				return &providertest.Place{
					Open: func(ctx context.Context) (*provider.Opened, error) { return openAt(ctx, s, "webdav", path, "") },
					Edit: func(id tandem.ID, body []byte) error {
						var parts []string
						for part := range strings.SplitSeq(string(id), "/") {
							parts = append(parts, escapeSegment(part))
						}
						return editBy(t, s, path+strings.Join(parts, "/"), body, "application/octet-stream")
					},
				}
			}})
	})
}

// editBy writes or removes a record as another client would.
func editBy(t *testing.T, s *davpeers.Server, href string, body []byte, media string) error {
	method := "PUT"
	if body == nil {
		method = "DELETE"
	}
	if status, text := s.Do(t, method, href, string(body), "Content-Type", media); status/100 != 2 {
		return fmt.Errorf("%s %s: %d %s", method, href, status, text)
	}
	return nil
}
