package netguard

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the packages whose code connects to what people name.
func rooms() []string {
	return []string{"provider", "center", "partner", "session", "internal/oauth", "internal/tlstrust"}
}

// exempt are files that connect by themselves, each with the reason why nobody who does not administer the hub leads them anywhere.
func exempt() map[string]string { return map[string]string{} }

// forbidden are names by which code would connect without having been told how.
func forbidden() map[string][]string {
	return map[string][]string{
		"net": {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "Dialer"}, "crypto/tls": {"Dial", "DialWithDialer", "Dialer"},
		"net/http":                    {"DefaultTransport", "DefaultClient", "Get", "Head", "Post", "PostForm"},
		"net/smtp":                    {"Dial", "SendMail"},
		"github.com/emersion/go-smtp": {"Dial", "DialTLS", "DialStartTLS", "SendMail", "SendMailTLS"},
		"github.com/emersion/go-imap/v2/imapclient": {"DialInsecure", "DialTLS", "DialStartTLS"},
		"github.com/SherClockHolmes/webpush-go":     {"SendNotification"},
		"github.com/coreos/go-oidc/v3/oidc":         {"NewProvider"},
		"golang.org/x/oauth2":                       {"NewClient"},
	}
}

// needed are literals that connect by the system's own way unless this field says otherwise.
func needed() map[string]string {
	return map[string]string{"Client": "Transport", "Transport": "DialContext"}
}

// strays are the places in a file where it would connect by itself.
func strays(set *token.FileSet, f *ast.File) (out []string) {
	names := map[string]string{} // how the file calls a package → its path
	for _, imp := range f.Imports {
		path, _ := strconv.Unquote(imp.Path.Value)
		name := path[strings.LastIndex(path, "/")+1:]
		switch {
		case imp.Name != nil:
			name = imp.Name.Name
		case path == "github.com/SherClockHolmes/webpush-go":
			name = "webpush"
		case path == "github.com/emersion/go-smtp":
			name = "smtp"
		}
		names[name] = path
	}
	from := func(e ast.Expr) (path, name string) {
		if s, ok := e.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil {
				return names[x.Name], s.Sel.Name
			}
		}
		return "", ""
	}
	bad := func(at ast.Node, what string) { out = append(out, fmt.Sprintf("%s: %s", set.Position(at.Pos()), what)) }
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if path, name := from(n); slices.Contains(forbidden()[path], name) {
				bad(n, path+"."+name)
			}
		case *ast.CompositeLit:
			path, name := from(n.Type)
			field := needed()[name]
			if path != "net/http" || field == "" {
				return true
			}
			if !slices.ContainsFunc(n.Elts, func(e ast.Expr) bool {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					return false
				}
				id, ok := kv.Key.(*ast.Ident)
				return ok && id.Name == field
			}) {
				bad(n, "http."+name+" without "+field)
			}
		}
		return true
	})
	return out
}

// TestOneWayOut: what people name is connected to by the way that the code was given (provider.Env.Dial, the guard of mail, the client of webhooks) or by this package,
// which is where the bounds of members are kept. No other code knows how to connect.
func TestOneWayOut(t *testing.T) {
	t.Parallel()
	files := 0
	for _, room := range rooms() {
		err := filepath.WalkDir(filepath.Join("..", "..", room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			files++
			if exempt()[filepath.ToSlash(strings.TrimPrefix(path, "../../"))] != "" {
				return nil
			}
			for _, s := range strays(set, f) {
				t.Errorf("%s: connect by the way that was given, or by netguard", s)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 {
		t.Errorf("only %d files were looked at", files)
	}
}

// TestStrays: what would connect by itself is found, under whatever name.
func TestStrays(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`var _ = web.DefaultClient`: 1, `var _ = web.Client{Timeout: 1}`: 1, `var _ = &web.Client{Transport: nil}`: 0, `var _ = &web.Transport{}`: 1, `var _ = []web.Client{}`: 0,
		`func f() { web.Get("x"); net.Dial("tcp", "x"); _ = net.Dialer{} }`: 3, `func f(d func()) { d(); var l net.Listener; _ = l }`: 0, `var _ = new(net.Dialer)`: 1,
	} {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, "x.go", "package x\nimport (\n\tweb \"net/http\"\n\t\"net\"\n)\n"+body, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := strays(set, f); len(got) != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}
