package main

import (
	"encoding/json"
	"strings"
	"testing"

	"tandem/center/shape"
)

// TestItemRecord: what an item's home collection holds can be listed, and each record looked at: in words, as JSON, and as it is. What somebody wrote into it moves no cursor.
func TestItemRecord(t *testing.T) {
	t.Parallel()
	d := &davRun{T: t, dir: t.TempDir()}
	const letter = "From: Zoe <zoe@example.org>\r\nTo: anna@example.org\r\nSubject: Hello \x1b[2J you\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nFirst line\r\n\x1b[31msecond line\r\n"
	for _, sub := range []string{"cur", "tmp"} {
		d.write("Mail/"+sub+"/.keep", "")
	}
	d.write("Mail/new/1700000001.M1P1.mx", letter)
	d.tandem(0, "item", "add", "inbox", "maildir:"+d.path("Mail"), "--name", "mails")
	if out := d.tandem(0, "item", "records", "mails"); !strings.Contains(out, "no records yet") {
		t.Errorf("before the first sync: %q", out)
	}
	d.tandem(0, "sync", "mails")
	d.has("the list", d.tandem(0, "item", "records", "mails"), "TITLE", "Hello")
	var list []shape.Record
	if err := json.Unmarshal([]byte(d.tandem(0, "item", "records", "mails", "--json")), &list); err != nil || len(list) != 1 || list[0].Size != int64(len(letter)) {
		t.Fatalf("%+v, %v", list, err)
	}
	out := d.tandem(0, "item", "record", "mails", list[0].ID)
	d.has("a record", out, "mail, ", "zoe@example.org", "First line", "second line")
	if strings.Contains(out, "\x1b") {
		t.Errorf("what a message says reaches the terminal: %q", out)
	}
	if got := d.tandem(0, "item", "record", "mails", list[0].ID, "--raw"); got != letter {
		t.Errorf("as it is: %q", got)
	}
	var shown shape.RecordShown
	if err := json.Unmarshal([]byte(d.tandem(0, "item", "record", "mails", list[0].ID, "--json")), &shown); err != nil || shown.Kind != "mail" || len(shown.Fields) == 0 || shown.Body != nil {
		t.Errorf("%+v, %v", shown, err)
	}
	d.has("none of this name", d.tandem(1, "item", "record", "mails", "nothing"), "nothing", "tandem item records mails")
	d.has("no item", d.tandem(1, "item", "records", "nothing"), "nothing")
	d.tandem(2, "item", "record", "mails", "x", "--raw", "--json")
	d.tandem(2, "item", "records", "mails", "--lines", "0")
}
