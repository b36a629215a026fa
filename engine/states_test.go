package engine

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// stateNames are the sync states of an Offline Files item, by number: OFFLINEFILES_SYNC_STATE of cscobj.h.
var stateNames = strings.Fields(`Stable FileOnClient_DirOnServer FileOnClient_NoServerCopy DirOnClient_FileOnServer
	DirOnClient_FileChangedOnServer DirOnClient_NoServerCopy FileCreatedOnClient_NoServerCopy
	FileCreatedOnClient_FileChangedOnServer FileCreatedOnClient_DirChangedOnServer FileCreatedOnClient_FileOnServer
	FileCreatedOnClient_DirOnServer FileCreatedOnClient_DeletedOnServer FileChangedOnClient_ChangedOnServer
	FileChangedOnClient_DirOnServer FileChangedOnClient_DirChangedOnServer FileChangedOnClient_DeletedOnServer
	FileSparseOnClient_ChangedOnServer FileSparseOnClient_DeletedOnServer FileSparseOnClient_DirOnServer
	FileSparseOnClient_DirChangedOnServer DirCreatedOnClient_NoServerCopy DirCreatedOnClient_DirOnServer
	DirCreatedOnClient_FileOnServer DirCreatedOnClient_FileChangedOnServer DirCreatedOnClient_DirChangedOnServer
	DirCreatedOnClient_DeletedOnServer DirChangedOnClient_FileOnServer DirChangedOnClient_FileChangedOnServer
	DirChangedOnClient_ChangedOnServer DirChangedOnClient_DeletedOnServer NoClientCopy_FileOnServer NoClientCopy_DirOnServer
	NoClientCopy_FileChangedOnServer NoClientCopy_DirChangedOnServer DeletedOnClient_FileOnServer DeletedOnClient_DirOnServer
	DeletedOnClient_FileChangedOnServer DeletedOnClient_DirChangedOnServer FileSparseOnClient FileChangedOnClient
	FileRenamedOnClient DirSparseOnClient DirChangedOnClient DirRenamedOnClient FileChangedOnServer FileRenamedOnServer
	FileDeletedOnServer DirChangedOnServer DirRenamedOnServer DirDeletedOnServer
	FileReplacedAndDeletedOnClient_FileOnServer FileReplacedAndDeletedOnClient_FileChangedOnServer
	FileReplacedAndDeletedOnClient_DirOnServer FileReplacedAndDeletedOnClient_DirChangedOnServer`)

// half is what a name says of one side: a type ("File", "Dir", "" for that of the other side) and what became of it.
func half(text, side string) (kind, what string) {
	text = strings.TrimSuffix(text, "On"+side)
	for _, k := range []string{"File", "Dir"} {
		if rest, ok := strings.CutPrefix(text, k); ok {
			return k, rest
		}
	}
	return "", text
}

// stateOfName makes of a name the base, and what both sides did since. The client is A.
func stateOfName(name string) *scenario {
	c := &scenario{name: name}
	client, server, two := strings.Cut(name, "_")
	if !two && strings.HasSuffix(name, "OnServer") {
		client, server = "", name
	}
	kindA, a := half(client, "Client")
	kindB, b := half(server, "Server")
	if kindA == "" {
		kindA = kindB
	}
	if kindB == "" {
		kindB = kindA
	}
	had := kindA // what the base has
	switch {
	case name == "Stable":
		kindA, kindB, had = "File", "File", "File"
	case a == "Created" && b == "Changed":
		had = kindB
	case a == "NoClientCopy", a == "Created" && b != "Deleted":
		had = ""
	}
	c.base = map[string]string{"File": "put x base", "Dir": "mkdir x; put x/in in"}[had]
	c.edits[0] = doing(had, kindA, a, "client")
	c.edits[1] = doing(had, kindB, b, "server")
	return c
}

// doing is the script of one side that held a thing of type had, and holds one of type kind of which what is said.
func doing(had, kind, what, who string) string {
	time := map[string]string{"client": "soon", "server": "later"}[who]
	made := map[string]string{"File": "put x " + who + "; time x " + time, "Dir": "mkdir x; put x/" + who + " " + who}[kind]
	switch what {
	case "Deleted", "ReplacedAndDeleted", "NoServerCopy":
		if had == "" {
			return ""
		}
		return "rm x"
	case "Renamed":
		return "mv x renamed"
	case "NoClientCopy":
		return ""
	case "Sparse": // a file stands there as the base has it, without its body; of a directory some is not kept
		if kind == "Dir" {
			return "lose x/in"
		}
		return ""
	case "Created":
		if had != "" {
			return "rm x; " + made
		}
		return made
	case "Changed":
		if had == kind && kind == "Dir" {
			return "put x/" + who + " " + who
		}
	default:
		if had == kind {
			return ""
		}
	}
	if had != "" && had != kind {
		return "rm x; " + made
	}
	return made
}

const statesHead = `# The fifty-four sync states of an Offline Files item; A is the client, B the server. What is done follows from the name. A state
# that ends in a conflict is there once for each choice a person has: as a policy, and as an answer to the conflict. That the
# item is not there is told by silence in a full listing and by a tombstone; the plan must be the same.

`

// TestOF18SyncStates plans each of the fifty-four states, and under each choice where it is a conflict.
func TestOF18SyncStates(t *testing.T) {
	const file = "testdata/states.txt"
	table := map[string]*scenario{}
	if !*write {
		for _, c := range readScenarios(t, file) {
			table[c.name] = c
		}
		if len(table) != 54 {
			t.Errorf("%d states in the table", len(table))
		}
	}
	if len(stateNames) != 54 {
		t.Fatalf("%d names", len(stateNames))
	}
	out := strings.Builder{}
	out.WriteString(statesHead)
	for i, name := range stateNames {
		c := stateOfName(name)
		c.name = fmt.Sprintf("%02d %s", i, name)
		sparse := ""
		if strings.Contains(name, "Sparse") {
			sparse = " hushed=A blind=A"
		}
		rules := []string{"policy=ask" + sparse}
		plan, _ := c.play(t, rules[0])
		if slices.ContainsFunc(plan, func(l string) bool { return strings.HasPrefix(l, "conflict") }) {
			for _, r := range []string{"policy=a", "policy=b", "policy=both", "policy=newest", "answer=a", "answer=b", "answer=both"} {
				rules = append(rules, r+sparse)
			}
		}
		for j, r := range rules {
			t.Run(c.name+"/"+r, func(t *testing.T) {
				v := &variant{rules: r}
				v.plan, v.end = c.play(t, r)
				c.with = append(c.with, v)
				told, end := c.play(t, r+" delta=AB")
				if strings.Join(told, "\n") != strings.Join(v.plan, "\n") || end != v.end {
					t.Errorf("listed in full:\n%s\n%s\ntold what changed:\n%s\n%s", strings.Join(v.plan, "\n"), v.end, strings.Join(told, "\n"), end)
				}
				if *write {
					return
				}
				want := table[c.name]
				if want == nil || want.base != c.base || want.edits != c.edits || len(want.with) != len(rules) {
					t.Fatalf("the table has %+v", want)
				}
				if w := want.with[j]; w.rules != r || strings.Join(w.plan, "\n") != strings.Join(v.plan, "\n") || w.end != v.end {
					t.Errorf("plan:\n%s\nend: %s\nwant %+v", strings.Join(v.plan, "\n"), v.end, *w)
				}
			})
		}
		c.print(&out)
		out.WriteString("\n")
	}
	if *write && !t.Failed() {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
