package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/server/web/page"
)

// pageRoutes are the patterns that the pages register, read from the code that registers them: "POST /sync/stop".
func pageRoutes(t *testing.T) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "page/page.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			s, _ := strconv.Unquote(e.Value)
			return s
		case *ast.BinaryExpr:
			s, _ := strconv.Unquote(e.X.(*ast.BasicLit).Value)
			if id, ok := e.Y.(*ast.Ident); ok && id.Name == "Live" {
				return s + page.Live
			}
		}
		t.Fatalf("a pattern that this test cannot read: %#v", e)
		return ""
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "routes" {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				out = append(out, text(kv.Key))
				return false
			}
			return true
		})
	}
	slices.Sort(out)
	return out
}

var variable = regexp.MustCompile(`\{\w+\}`)

// TestPageMatrix walks through every route of the pages, read from the code, as those who should get nothing: strangers, strangers with a made-up cookie or with name
// and password, other sites with the cookie of somebody who is logged in, and a member who names what is another's. Nothing may happen, and nothing may be shown.
func TestPageMatrix(t *testing.T) {
	k := newKit(t, "annas")
	k.item("anna", "annas", "annas")
	nobody, anna, ben := k.browser(), k.in("anna"), k.in("ben")
	routes := pageRoutes(t)
	if len(routes) < 80 {
		t.Fatalf("only %d routes", len(routes))
	}
	values := strings.NewReplacer("{user}", "anna", "{item}", "annas", "{partner}", "annas", "{provider}", "mem", "{$}", "")
	before := k.settled()
	for _, route := range routes {
		method, path, _ := strings.Cut(values.Replace(route), " ")
		path = variable.ReplaceAllString(path, "1")
		ask := func(who string, b *browser, form url.Values, change func(r *http.Request), want ...int) {
			t.Helper()
			req := b.request(method, path, strings.NewReader(form.Encode()))
			if method != "GET" {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if change != nil {
				change(req)
			}
			a := b.send(req)
			if !slices.Contains(want, a.status) || a.status == http.StatusSeeOther && !strings.HasPrefix(a.head.Get("Location"), "/login") {
				t.Errorf("%s by %s: %d to %q", route, who, a.status, a.head.Get("Location"))
			}
			if strings.Contains(a.body, "annas") && (b == nobody || b == ben) && !strings.Contains(path, "annas") {
				t.Errorf("%s by %s tells what is anna's", route, who)
			}
		}
		out := []int{http.StatusSeeOther, http.StatusUnauthorized, http.StatusForbidden}
		ask("nobody", nobody, nil, nil, out...)
		ask("a made-up cookie", nobody, nil, func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "__Host-tandem", Value: strings.Repeat("A", 43)})
		}, out...)
		ask("name and password", nobody, nil, func(r *http.Request) { r.SetBasicAuth("anna", password) }, out...)
		if method == "GET" {
			continue
		}
		ask("a form without the token", anna, url.Values{}, nil, http.StatusForbidden)
		ask("a form with another's token", anna, url.Values{"csrf": {ben.csrf}}, nil, http.StatusForbidden)
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			ask("another site", anna, url.Values{"csrf": {anna.csrf}}, func(r *http.Request) { r.Header.Set(name, value) }, http.StatusForbidden)
		}
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(values.Replace(route), " ")
		if method != "GET" || !strings.Contains(route, "{") || strings.Contains(route, "{$}") || strings.Contains(route, "{provider}") {
			continue // what names nothing is the member's own
		}
		a := ben.get(variable.ReplaceAllString(path, "1"))
		gone := route == "GET /items/{item}/row" && a.status == http.StatusOK && strings.TrimSpace(a.body) == "" // of an item that is not there nothing is left on the page
		if a.status != http.StatusNotFound && a.status != http.StatusForbidden && !gone {
			t.Errorf("%s by a member, about another's: %d %.300s", route, a.status, a.body)
		}
	}
	if after := k.settled(); after != before {
		t.Errorf("something was done:\n%s\n%s", before, after)
	}
}
