package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// designed is the command line as it was designed: nouns with their verbs. A verb that is not there has its reason in doc/architecture.md, behind the words given here.
var designed = map[string]string{
	"serve": "", "demo": "", "sync": "", "status": "", "log": "", "history": "", "undo": "", "export": "", "import": "", "doctor": "",
	"user add": "", "user list": "", "user password": "", "user remove": "",
	"device list": "", "device show": "", "device allow": "", "device block": "", "device wipe": "", "device resync": "", "device remove": "",
	"partner add": "", "partner list": "", "partner show": "", "partner test": "", "partner remove": "",
	"partner rename": "**No command to rename a partner**", "pair": "**No command to pair two Tandems**",
	"item add": "", "item list": "", "item set": "", "item enable": "", "item disable": "", "item remove": "",
	"conflict list": "", "conflict show": "", "conflict resolve": "",
	"backup create": "", "backup list": "", "backup verify": "", "backup restore": "", "provider list": "", "provider show": "",
}

// TestDesignedCommands: each verb of the design is there, with --data, and with --json where it lists or shows; or doc/architecture.md says why it is not. Flags that
// the design names are there.
func TestDesignedCommands(t *testing.T) {
	text, err := os.ReadFile("../../doc/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	reasons := string(text)
	root := program()
	for call, why := range designed {
		c, rest, err := root.Find(strings.Fields(call))
		there := err == nil && len(rest) == 0 && !c.HasSubCommands()
		switch {
		case why != "" && there:
			t.Errorf("tandem %s is there, and said not to be", call)
		case why != "" && !strings.Contains(reasons, why):
			t.Errorf("nothing says why there is no tandem %s", call)
		case why == "" && !there:
			t.Errorf("there is no tandem %s", call)
		}
		if why != "" || !there {
			continue
		}
		if flagOf(c, "data") == nil {
			t.Errorf("tandem %s has no --data", call)
		}
		if last := call[strings.LastIndexByte(call, ' ')+1:]; slices.Contains([]string{"list", "show", "status", "log", "history", "sync", "doctor"}, last) && flagOf(c, "json") == nil {
			t.Errorf("tandem %s has no --json", call)
		}
	}
	for call, flags := range map[string]string{"serve": "listen", "sync": "preview policy full watch", "log": "follow", "user add": "password-file"} {
		c, _, _ := root.Find(strings.Fields(call))
		for _, name := range strings.Fields(flags) {
			if flagOf(c, name) == nil {
				t.Errorf("tandem %s has no --%s", call, name)
			}
		}
	}
}

// TestDesignIsWhole holds the list to the design itself, where that lies beside the checkout.
func TestDesignIsWhole(t *testing.T) {
	text, err := os.ReadFile("../../../shared/DESIGN.md")
	if err != nil {
		t.Skip("the design is not here")
	}
	_, part, _ := strings.Cut(string(text), "## 10. The command line")
	_, part, _ = strings.Cut(part, "```\n")
	part, _, _ = strings.Cut(part, "```")
	n := 0
	for _, call := range strings.Split(part, "tandem ")[1:] {
		call, _, _ = strings.Cut(strings.TrimSpace(call), "  ") // what follows tells of it
		noun, rest, _ := strings.Cut(call, " ")
		names := strings.Split(noun, "|")
		if _, alone := designed[names[0]]; !alone {
			names = nil
			for _, verb := range strings.Split(rest, "|") {
				verb, _, _ = strings.Cut(verb, " ")
				names = append(names, noun+" "+verb)
			}
		}
		for _, name := range names {
			n++
			if _, ok := designed[name]; !ok {
				t.Errorf("the list of designed commands lacks %q", name)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d commands were found in the design", n)
	}
}
