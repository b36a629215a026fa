package scope

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/center"
)

// unaudited are the questions and orders that leave no line of audit, each with the reason.
func unaudited() map[string]string {
	const (
		asks    = "it changes nothing"
		records = "what a run, an answer or an undo did to records is in the log and in history, with who did it"
		own     = "what one is told, and where, gives nobody any rights"
		keeps   = "collections, items and rules are one's own things; what they do is in the log"
		queue   = "the queue of mail is one's own; a message gives nobody any rights"
		begins  = "nothing is asked for until it is confirmed, which is in the log"
		device  = "the log of the device says what was ordered, and by whom"
	)
	out := map[string]string{}
	for why, names := range map[string]string{
		asks: "Checks Collections Conflict Conflicts FindDevice FindEvents FindHandler FollowLog Follow Folders History HubMail KindRules ListCollections ListDeliveries ListDevices ListHandlers Verify " +
			"ItemRecords ItemRecord ListItems ListNotices ListPartners ListUsers ListWebhooks Log LookAt MemberBounds BoundsOf NotifySettings Outgoing Progress Proposals Questions Result Runs Secret SecretNames Status " +
			"DeviceTrace DeviceRules DevicePolicy ByHand Compare MergeFields ProgramConflicts",
		records: "AnswerFolders AnswerQuestion Begin CloseSession CommitProposal Decide FirstSync OpenSession ReportSession Resolve Stop StopHandler Sync SyncPlaces Undo",
		own:     "AddBrowser RemoveBrowser SetNotify TestNotify TestWebhook RetryDelivery SetAway SetInvitations RenamePasskey",
		keeps:   "AddCollection EnableItem ForgetHandler HideCollection RenameCollection SetFolders SetItem",
		queue:   "RetryOutgoing RemoveOutgoing AnswerDoubt",
		begins:  "BeginCodes",
		device:  "OrderDevice UnlockPassword",
	} {
		for _, n := range strings.Fields(names) {
			out[n] = why
		}
	}
	return out
}

// audits are the functions of this package that write a line of audit, themselves or by another.
func audits(t *testing.T) map[string]bool {
	t.Helper()
	calls := map[string][]string{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					if s, ok := c.Fun.(*ast.SelectorExpr); ok {
						if x, ok := s.X.(*ast.Ident); ok && x.Name == "s" {
							calls[fn.Name.Name] = append(calls[fn.Name.Name], s.Sel.Name)
						}
					}
				}
				return true
			})
		}
	}
	out := map[string]bool{"audit": true}
	for more := true; more; {
		more = false
		for name, list := range calls {
			if !out[name] && slices.ContainsFunc(list, func(c string) bool { return out[c] }) {
				out[name], more = true, true
			}
		}
	}
	return out
}

// TestAudit: each order that people can give the hub over the network leaves a line of audit, or there is a reason why not.
func TestAudit(t *testing.T) {
	t.Parallel()
	does, reasons := audits(t), unaudited()
	service := reflect.TypeFor[center.Service]()
	there := map[string]bool{}
	for i := range service.NumMethod() {
		name := service.Method(i).Name
		there[name] = true
		switch {
		case does[name] && reasons[name] != "":
			t.Errorf("%s leaves a line of audit, and is said not to", name)
		case !does[name] && reasons[name] == "":
			t.Errorf("%s leaves no line of audit, and there is no reason why not", name)
		}
	}
	for name := range reasons {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
