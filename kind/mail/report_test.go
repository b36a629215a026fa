package mail

import (
	"strings"
	"testing"

	"tandem"
)

// TestReports: a report has the class of what it says. MS-ASEMAIL_R603
func TestReports(t *testing.T) {
	status := func(lines ...string) string { return "delivery-status\n" + strings.Join(lines, "\n") }
	read := func(lines ...string) string { return "disposition-notification\n" + strings.Join(lines, "\n") }
	for name, c := range map[string]struct{ report, want string }{
		"failed":                 {status("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; a@b", "Action: failed", "Status: 5.1.1"), "NDR"},
		"nothing said":           {status("x: y"), "NDR"},
		"a word nobody knows":    {status("Action: vanished"), "NDR"},
		"delivered":              {status("action : Delivered (to mailbox)"), "DR"},
		"relayed":                {status("Action: relayed"), "DR"},
		"to a list":              {status("Action: expanded"), "DR"},
		"late":                   {status("Action: delayed"), "DELAYED"},
		"one of three failed":    {status("Action: delivered", "", "Action: failed", "", "Action: delayed"), "NDR"},
		"one of two late":        {status("Action: delivered", "", "Action: delayed"), "DELAYED"},
		"read":                   {read("Disposition: manual-action/MDN-sent-manually; displayed"), "IPNRN"},
		"read, with an error":    {read("Disposition: manual-action/MDN-sent-manually; displayed/error"), "IPNRN"},
		"read, without a word":   {read("Original-Message-ID: <x@y>"), "IPNRN"},
		"deleted":                {read("Disposition: automatic-action/MDN-sent-automatically; deleted"), "IPNNRN"},
		"denied":                 {read("Disposition: manual-action/MDN-sent-manually; denied"), "IPNNRN"},
		"an action in a receipt": {read("Action: failed"), "IPNRN"},
	} {
		sort, fields, _ := strings.Cut(c.report, "\n")
		text := crlf("From: daemon@x\nSubject: s\nContent-Type: multipart/report; report-type=" + sort + "; boundary=b\n\n--b\nContent-Type: text/plain\n\nit says\n--b\nContent-Type: message/" + sort + "\n\n" + fields +
			"\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\nAction: delivered\n--b--\n")
		e, _, _, err := Read(tandem.Bytes(text))
		if err != nil {
			t.Fatal(err)
		}
		kept, ok := ParseEnvelope(e.Marshal())
		if got := kept.reportClass(); !ok || got != "REPORT.IPM.NOTE."+c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
