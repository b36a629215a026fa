package mail

import (
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// TestChecked: what the reader's own servers found out about a sender is told, and what the sender says of itself is not. RFC 8601
func TestChecked(t *testing.T) {
	const (
		hub   = "Received: from mx.example.org (10.0.0.1)\r\n\tby hub.example.org with LMTP; Wed, 1 Jan 2025 10:00:00 +0000\r\n"
		world = "Received: from evil.test (192.0.2.1)\r\n\tby hub.example.org with ESMTPS; Wed, 1 Jan 2025 10:00:00 +0000\r\n"
		mx    = "Received: from evil.test (evil.test [192.0.2.1])\r\n\tby mx.example.org (Postfix) with ESMTPS id 1; Wed, 1 Jan 2025 10:00:00 +0000\r\n"
		full  = "Authentication-Results: mx.example.org; dkim=pass (2048-bit key; unprotected) header.d=a.test;\r\n\tdkim=fail header.d=b.test; spf=softfail (dmarc=pass; \") smtp.mailfrom=a.test; dmarc=fail reason=\"spf=pass; x\" (p=REJECT) header.from=a.test\r\n"
		lie   = "Authentication-Results: mx.example.org; dkim=pass; spf=pass; dmarc=pass\r\n"
		evil  = "Authentication-Results: evil.test; dkim=pass; spf=pass; dmarc=pass\r\n"
	)
	for name, c := range map[string]struct{ head, want string }{
		"above its Received":        {hub + full + mx, "mx.example.org: spf=softfail, dkim=pass, dmarc=fail"},
		"below its Received":        {"Received: by inner.example.org\r\n" + mx + full, "mx.example.org: spf=softfail, dkim=pass, dmarc=fail"},
		"in two fields":             {hub + "Authentication-Results: mx.example.org; spf=pass\r\nAuthentication-Results: mx.example.org 1; dmarc=pass; dkim/1=none\r\n" + mx, "mx.example.org: spf=pass, dkim=none, dmarc=pass"},
		"by the domain's name":      {hub + strings.Replace(full, "mx.example.org", "Example.org", 1) + mx, "example.org: spf=softfail, dkim=pass, dmarc=fail"},
		"by a top domain":           {hub + strings.Replace(full, "mx.example.org", "org", 1) + mx, ""},
		"nothing checked":           {hub + "Authentication-Results: mx.example.org; none\r\n" + mx + lie, ""},
		"the sender's own":          {hub + mx + evil, ""},
		"the sender's below":        {hub + full + mx + evil + lie, "mx.example.org: spf=softfail, dkim=pass, dmarc=fail"},
		"straight from the world":   {world + "Authentication-Results: hub.example.org; none\r\n" + evil + lie, ""},
		"the world in our name":     {world + "Authentication-Results: hub.example.org; none\r\nAuthentication-Results: hub.example.org; spf=pass\r\n", ""},
		"with its own name":         {world + evil, ""},
		"without any server":        {evil, ""},
		"without a name":            {hub + "Authentication-Results: spf=pass smtp.mailfrom=a; dmarc=pass\r\n" + mx, ""},
		"nonsense":                  {hub + "Authentication-Results: ;;=;spf=;dkim\r\nAuthentication-Results: mx.example.org; spf=<b>; dkim==; dmarc=\r\n" + mx, ""},
		"methods that nobody knows": {hub + "Authentication-Results: mx.example.org; iprev=pass; x-spf=pass; auth=pass\r\n" + mx, ""},
		"without a line of results": {hub + mx, ""},
	} {
		e, _, _, err := Read(tandem.Bytes(c.head + "From: a@a.test\r\nSubject: x\r\n\r\nx\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		kept, ok := ParseEnvelope(e.Marshal())
		if got := kept.Checked.String(); !ok || got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		fields, err := Handler{}.Fields([]byte(c.head + "From: a@a.test\r\n\r\nx\r\n"))
		shown := ""
		for _, f := range fields {
			if f.Label == "sender checked" {
				shown = f.Text
			}
		}
		if err != nil || shown != c.want {
			t.Errorf("%s: shown as %q, %v", name, shown, err)
		}
	}
}

func FuzzChecked(f *testing.F) {
	f.Add("mx.example.org; dkim=pass (a\\)b) header.d=\"x\\\"y\"; spf=fail", "from a by b with LMTP; x")
	f.Fuzz(func(t *testing.T, results, trace string) {
		if by, found := authResults(results); len(by) > 255 || len(found) > len(checks) {
			t.Errorf("%q %q", by, found)
		}
		received(trace)
	})
}

// TestForgedShown: a message that its domain disowns, as the reader's own server found, is shown below a warning, in every form and version, and as it came to who asks for the message itself. RFC 7489
func TestForgedShown(t *testing.T) {
	const warning = "Careful: mx.example.org could not confirm that this message comes from boss@bank.test."
	head := func(result string) string {
		return "Received: from mx.example.org (10.0.0.1)\r\n\tby hub.example.org with LMTP; Wed, 1 Jan 2025 10:00:00 +0000\r\nAuthentication-Results: mx.example.org; " + result +
			"\r\nReceived: from evil.test\r\n\tby mx.example.org with ESMTPS; Wed, 1 Jan 2025 10:00:00 +0000\r\nFrom: Boss <boss@bank.test>\r\nSubject: x\r\n"
	}
	for name, c := range map[string]struct {
		result, rest, plain, markup string
	}{
		"plain":               {"dmarc=fail", "\r\nPay <now>", warning + "\n\nPay <now>", warning},
		"HTML":                {"spf=pass; dmarc=fail", "Content-Type: text/html\r\n\r\n<html><BODY bgcolor=red>Pay</body></html>", warning, "<html><BODY bgcolor=red><p style=\"border:2px solid #c00;padding:4px\">" + warning + "</p>Pay</body></html>"},
		"HTML without a body": {"dmarc=fail", "Content-Type: text/html\r\n\r\n<i>Pay</i>", warning, "</p><i>Pay</i>"},
		"nothing":             {"dmarc=fail", "\r\n", warning, warning},
		"confirmed":           {"spf=fail; dmarc=pass", "\r\nPay", "Pay", "Pay"},
		"passed on":           {"spf=fail; dkim=fail", "\r\nPay", "Pay", "Pay"},
	} {
		text := head(c.result) + c.rest
		for _, v := range []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161} {
			r := eas.Record{Body: tandem.Bytes(text)}
			shown := func(p eas.BodyPreference, mime int) string {
				list, err := View{}.GetRecord(r, eas.Options{Version: v, Zone: time.UTC, Bodies: []eas.BodyPreference{p}, MIME: mime})
				if err != nil {
					t.Fatal(err)
				}
				b := wbxml.New(wbxml.AirSyncApplicationData, list...).Child(wbxml.AirSyncBaseBody)
				return b.Get(wbxml.AirSyncBaseData) + string(b.Child(wbxml.AirSyncBaseData).Content())
			}
			for kind, want := range map[eas.BodyType]string{eas.Plain: c.plain, eas.HTML: c.markup} {
				got := shown(eas.BodyPreference{Type: kind, Truncation: -1}, 0)
				if !strings.Contains(strings.ReplaceAll(got, "\r\n", "\n"), want) || strings.Contains(got, "Careful") != strings.Contains(c.result, "dmarc=fail") {
					t.Errorf("%s, %v, %d: %q, want %q", name, v, kind, got, want)
				}
			}
			if got := shown(eas.BodyPreference{Type: eas.MIME, Truncation: -1}, 2); !strings.Contains(got, text) {
				t.Errorf("%s, %v: the message itself: %q", name, v, got)
			}
		}
	}
}

// TestWarningIn: whoever speaks a language names it by its tag, or in words.
func TestWarningIn(t *testing.T) {
	for language, want := range map[string]string{"": "Careful", "en": "Careful", "de": "Vorsicht", "DE-de": "Vorsicht", "de_CH": "Vorsicht", "Deutsch (Österreich)": "Vorsicht", "German": "Vorsicht", "den": "Careful",
		"nl": "Careful", "-de": "Careful"} {
		e := Envelope{Checked: &Checked{By: "mx", Results: []string{"dmarc=fail"}}}
		if got := e.warned("x", false, language); !strings.HasPrefix(got, want+": mx ") || strings.Contains(got, "%") {
			t.Errorf("%q: %q", language, got)
		}
	}
}
