package plugin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// misbehave is a program that speaks the protocol as far as a place is open, and then does what its name says.
func misbehave(how string) {
	if how == "stays" { // whoever started it is gone
		time.Sleep(20 * time.Second)
		return
	}
	say := func(id int64, rest string) {
		fmt.Printf("{\"id\":%d%s}\n", id, rest)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var r struct {
			ID int64
			Do string
		}
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			os.Exit(1)
		}
		switch r.Do {
		case "declare":
			say(r.ID, `,"declaration":{"protocol":1,"name":"bad","title":"Bad","help":"Misbehaves.","kinds":["x-bad"],"features":{"watch":true}},"end":true`)
			continue
		case "open":
			kind := "x-bad"
			if how == "another kind" {
				kind = "contact"
			}
			say(r.ID, `,"opened":{"kind":"`+kind+`","features":{"watch":true,"workers":100000,"batch":-7}},"end":true`)
			continue
		case "cancel", "answer":
			continue
		}
		misdo(how, r.Do, r.ID, say)
	}
	if how == "leaves somebody" {
		os.Exit(0)
	}
}

func misdo(how, do string, id int64, say func(id int64, rest string)) {
	switch {
	case how == "leaves somebody", how == "leaves somebody and dies": // who holds the ends of the lines, in a group of its own
		c := exec.Command(os.Args[0], "misbehave", "stays")
		c.Stdin, c.Stdout, c.Stderr = strings.NewReader(""), os.Stdout, os.Stderr
		apart(c)
		if c.Start() == nil {
			fmt.Fprintln(os.Stderr, "left", c.Process.Pid)
		}
		if how == "leaves somebody and dies" {
			os.Exit(4)
		}
		say(id, `,"identity":{"store":"s"},"end":true`)
	case how == "says nothing":
	case how == "talks on":
		for {
			say(id, `,"changes":[{"id":"`+strings.Repeat("x", 1<<16)+`","version":"1"}]`)
		}
	case how == "wants on":
		for n := range 1 << 20 {
			fmt.Printf("{\"want\":\"get\",\"of\":%d,\"name\":\"bad:x\"}\n", n)
		}
	case do == "watch":
		say(id, "")
		for range 1000 {
			say(id, `,"hint":{}`)
		}
		fmt.Println(`{"want":"tell","of":9,"value":"all hints are out"}`)
	case do == "fetch" && how == "fetches others":
		say(id, `,"record":{"id":"other","version":"1","body":"e30="},"end":true`)
	case do == "fetch":
		say(id, `,"end":true`)
	case do == "changes" && how == "lists no version":
		say(id, `,"changes":[{"id":"a"}],"listing":{"complete":true,"full":true},"end":true`)
	case do == "changes":
		say(id, `,"changes":[{"version":"1"}],"listing":{"complete":true,"full":true},"end":true`)
	case do == "apply":
		say(id, `,"outcomes":[{"status":"applied","version":"1"}],"end":true`)
	}
}
