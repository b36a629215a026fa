package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"tandem/center/shape"
	"tandem/server/control"
)

// reportAs reports to the hub of a data folder as a program does that syncs by itself: program DIR SESSION REPORT ANSWER. SESSION and REPORT are files with what POST /api/sessions and
// POST /api/sessions/{id} take; what the program is told goes to the file ANSWER.
func reportAs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: program DIR SESSION REPORT ANSWER")
	}
	var start shape.SessionStart
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &start))
	var news shape.SessionNews
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &news))
	report, err := news.Report()
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := control.Dial(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	defer c.Close()
	id, err := c.OpenSession(ctx, start.Session())
	ts.Check(err)
	answer, err := c.ReportSession(ctx, id, report)
	ts.Check(err)
	ts.Check(c.CloseSession(ctx, id))
	text, err := json.MarshalIndent(shape.OfAnswer(answer), "", " ")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), text, 0o600))
}
