package kql

import (
	"fmt"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "[]",
		"   ()":                            "[]",
		"hello world":                      "[{hello world [] []}]",
		`say "hello  world" now`:           `[{say "hello  world" now [] []}]`,
		"from:anna plan":                   "[{plan [] [{from : anna false}]}]",
		`From:"Anna Adams" AND -subject:x`: "[{ [] [{from : Anna Adams false} {subject : x true}]}]",
		"NOT from:anna":                    "[{ [] [{from : anna true}]}]",
		"NOT plan -other":                  "[{ [plan other] []}]",
		"a OR b":                           "[{a [] []} {b [] []}]",
		"(subject:a OR from: b) c":         "[{ [] [{subject : a false}]} {c [] [{from : b false}]}]",
		"received>=2026-01-01":             "[{ [] [{received >= 2026-01-01 false}]}]",
		"http://x.org a:b":                 "[{http://x.org a:b [] []}]",
		"body:word":                        "[{word [] []}]",
		`unclosed "word`:                   `[{unclosed "word" [] []}]`,
		"OR OR":                            "[]",
		"from:":                            "[]",
	} {
		if got := fmt.Sprint(Parse(in)); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC) // a Wednesday
	m := Message{From: "Jürgen Groß <juergen@example.org>", To: "Anna <anna@x.org>", Cc: "Ben", Subject: "The plan", Files: []string{"plan.pdf"}, Received: now.Unix() - 3600,
		Sent: now.AddDate(0, 0, -1).Unix(), Read: true, Importance: 1, Categories: []string{"Work"}}
	for in, want := range map[string]bool{
		"from:jurgen": true, "from:anna": false, "to:anna@x.org": true, "cc:ben": true, "bcc:ben": false, "recipients:ben": true, "participants:juergen": true, `subject:"the plan"`: true,
		"subject:pla": true, "subject:lan": false, "subject<>plan": false, "attachment:plan": true, "hasattachment:yes": true, "hasattachments:false": false, "has:attachment": true,
		"-hasattachment:true": false, "isread:true": true, "isread<>true": false, "isflagged:true": false, "isflagged:no": true, "importance:high": true, "importance:low": false,
		"category:work": true, "received:today": true, "received:yesterday": false, "sent:yesterday": true, `received:"this week"`: true, `received:"this month"`: true, `received:"this year"`: true,
		"received>=2026-05-20": true, "received>2026-05-20": false, "received<2026-05-20": false, "received<=2026-05-20": true, "received:2026-05-01..2026-05-20": true,
		"received:5/20/2026": true, "received<>5/20/2026": false, "received:nonsense": true, "kind:email": true, "received:2026-05-01..x": true, "received>2026-05-20T10:00:00Z": true,
	} {
		q := Parse(in)
		if len(q) != 1 || q[0].Words != "" || q[0].Match(m, now) != want {
			t.Errorf("%q: %v, want %v", in, q, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`from:"a b" OR (x AND NOT -y:z) received>=today`)
	f.Fuzz(func(t *testing.T, s string) {
		q := Parse(s)
		if len(q) > clausesMost {
			t.Fatalf("%d clauses", len(q))
		}
		for _, c := range q {
			c.Match(Message{From: s}, time.Unix(0, 0))
		}
	})
}
