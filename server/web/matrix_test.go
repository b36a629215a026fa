package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// operationOf is an operation with what is needed to ask for it.
type operationOf struct {
	id, method, path string
	body             []byte // nil: none
}

// walk lists every operation of the API with a request that is well formed: each parameter of the path names something of anna's, or what is like it.
func walk(t *testing.T) []operationOf {
	t.Helper()
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(openAPI(t), &doc); err != nil {
		t.Fatal(err)
	}
	var sample func(schema map[string]any) any
	sample = func(schema map[string]any) any {
		if ref, ok := schema["$ref"].(string); ok {
			return sample(doc.Components.Schemas[ref[strings.LastIndexByte(ref, '/')+1:]])
		}
		if list, ok := schema["enum"].([]any); ok && len(list) > 0 {
			return list[0]
		}
		kind, _ := schema["type"].(string)
		if kinds, ok := schema["type"].([]any); ok {
			kind, _ = kinds[0].(string)
		}
		switch kind {
		case "object":
			out := map[string]any{}
			required, _ := schema["required"].([]any)
			properties, _ := schema["properties"].(map[string]any)
			for _, name := range required {
				if p, ok := properties[name.(string)].(map[string]any); ok {
					out[name.(string)] = sample(p)
				}
			}
			return out
		case "array":
			return []any{}
		case "integer", "number":
			return 1
		case "boolean":
			return false
		}
		return "x"
	}
	values := strings.NewReplacer("{name}", "anna", "{user}", "anna", "{item}", "annas", "{partner}", "annas", "{handler}", "annas")
	var out []operationOf
	for path, methods := range doc.Paths {
		for method, raw := range methods {
			var o struct {
				OperationID string
				Parameters  []struct {
					Name, In string
					Required bool
					Schema   map[string]any
				}
				RequestBody struct {
					Content map[string]struct{ Schema map[string]any }
				}
			}
			if err := json.Unmarshal(raw, &o); err != nil {
				t.Fatal(err)
			}
			one := operationOf{id: o.OperationID, method: strings.ToUpper(method), path: regexp.MustCompile(`\{\w+\}`).ReplaceAllString(values.Replace(path), "1")}
			sep := "?"
			for _, p := range o.Parameters {
				if p.In == "query" && p.Required {
					one.path, sep = one.path+sep+p.Name+"=1", "&"
				}
			}
			if c, ok := o.RequestBody.Content["application/json"]; ok {
				body, err := json.Marshal(sample(c.Schema))
				if err != nil {
					t.Fatal(err)
				}
				one.body = body
			}
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b operationOf) int { return strings.Compare(a.id, b.id) })
	return out
}

func (o operationOf) request(b *browser) *http.Request {
	var body io.Reader
	if o.body != nil {
		body = bytes.NewReader(o.body)
	}
	req := b.request(o.method, o.path, body)
	if o.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// forAdministrators are the operations that only administrators may use, whatever they are about.
var forAdministrators = []string{"add-device-rule", "add-user", "bundle", "repair", "verify", "device-policy", "device-rules", "hub-mail", "remove-device-rule", "remove-user", "rotate-secrets", "set-admin", "set-bounds-of", "set-device-policy",
	"set-hub-mail", "set-member-bounds", "set-private-webhooks", "sync-places"}

// forEverybody are the operations that a member may use, about what is their own, where the request names nothing or nothing that is anybody's. Whatever is neither here nor for
// administrators is about something of anna's, which does not exist for ben.
var forEverybody = []string{"add-browser", "add-collection", "add-partner", "add-webhook", "by-hand", "checks", "clear-events", "codes", "conflicts", "find-events", "follow", "history", "item-settings",
	"keep-secret", "kind-rules", "list-collections", "list-devices", "list-handlers", "list-items", "list-notices", "list-partners", "list-users", "list-visits", "list-webhooks", "log", "me", "member-bounds",
	"notify-keys", "notify-settings", "open-session", "order-handler", "outgoing", "progress", "providers", "questions", "runs", "secret-names", "set-kind-rule", "set-notify", "stop", "test-notify", "undo"}

// TestMatrix walks through every operation of the API as somebody who should not get anything: strangers, strangers with forged credentials, other sites with the cookie of
// somebody who is logged in, and members who are no administrators.
func TestMatrix(t *testing.T) {
	k := newKit(t, "annas")
	nobody, anna, ben := k.browser(), k.in("anna"), k.in("ben")
	app, err := k.hub.AddAppPassword(t.Context(), "anna", "phone")
	k.must(err)
	all := walk(t)
	if len(all) < 80 {
		t.Fatalf("only %d operations", len(all))
	}
	before := k.settled()
	ids := map[string]bool{}
	for _, o := range all {
		ids[o.id] = true
		expect := func(who string, b *browser, change func(r *http.Request), want int) {
			t.Helper()
			req := o.request(b)
			change(req)
			if a := b.send(req); a.status != want {
				t.Errorf("%s (%s %s) by %s: %d, want %d; %s", o.id, o.method, o.path, who, a.status, want, a.body)
			}
		}
		none := func(*http.Request) {}
		expect("nobody", nobody, none, http.StatusUnauthorized)
		expect("a made-up cookie", nobody, func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "__Host-tandem", Value: strings.Repeat("A", 43)})
		}, http.StatusUnauthorized)
		if o.method != "GET" {
			expect("a page without the token", anna, none, http.StatusForbidden)
			expect("another user's token", anna, func(r *http.Request) { r.Header.Set("X-CSRF-Token", ben.csrf) }, http.StatusForbidden)
			for _, site := range []string{"cross-site", "same-site"} {
				expect("a page that is "+site, anna, func(r *http.Request) {
					r.Header.Set("X-CSRF-Token", anna.csrf)
					r.Header.Set("Sec-Fetch-Site", site)
				}, http.StatusForbidden)
			}
			expect("another origin", anna, func(r *http.Request) {
				r.Header.Set("X-CSRF-Token", anna.csrf)
				r.Header.Set("Origin", "https://evil.example")
			}, http.StatusForbidden)
		}
		if slices.Contains(forAdministrators, o.id) {
			expect("a member", ben, func(r *http.Request) { r.Header.Set("X-CSRF-Token", ben.csrf) }, http.StatusForbidden)
			expect("an administrator's app password", nobody, func(r *http.Request) { r.SetBasicAuth("anna", app.Password) }, http.StatusForbidden)
		} else if !slices.Contains(forEverybody, o.id) {
			expect("a member, about another's", ben, func(r *http.Request) { r.Header.Set("X-CSRF-Token", ben.csrf) }, http.StatusNotFound)
		}
	}
	for _, id := range slices.Concat(forAdministrators, forEverybody) {
		if !ids[id] {
			t.Errorf("there is no operation %s", id)
		}
	}
	if after := k.settled(); after != before {
		t.Errorf("something was done:\n%s\n%s", before, after)
	}
}

// settled is what the hub keeps besides its log.
func (k *kit) settled() string {
	k.Helper()
	ctx := k.Context()
	users, err := k.st.Accounts.Users(ctx)
	k.must(err)
	colls, err := k.hub.Collections(ctx)
	k.must(err)
	items, err := k.hub.ListItems(ctx)
	k.must(err)
	partners, err := k.hub.ListPartners(ctx)
	k.must(err)
	values, err := k.st.Settings.Values(ctx)
	k.must(err)
	names, err := k.st.Secrets.SecretNames(ctx)
	k.must(err)
	text, err := json.Marshal([]any{users, colls, items, partners, values, names})
	k.must(err)
	return string(text)
}
