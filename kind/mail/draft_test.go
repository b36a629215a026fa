package mail_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/wire/wbxml"
)

func puts() eas.Put {
	return eas.Put{Options: eas.Options{Version: eas.V161, Name: "Ann", Address: "ann@example.org", Now: 1793606400, Attachment: func(int) string { return "1:2:0" }}, UID: "u1"}
}

// files are the contents of a message's attachments, sorted.
func files(t testing.TB, data []byte) (out []string) {
	t.Helper()
	e, _, _, err := mail.Read(tandem.Bytes(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range e.Files {
		r, err := f.Open(tandem.Bytes(data))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		out = append(out, f.Type+" "+strings.TrimRight(string(b), "\r\n"))
	}
	slices.Sort(out)
	return out
}

// shown are the elements of a message that a client may write into a draft.
func shownOf(t testing.TB, data []byte) []*wbxml.Element {
	t.Helper()
	list, err := mail.View{}.Get(data, puts().Options)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(e *wbxml.Element) bool {
		switch e.Tag {
		case wbxml.EmailTo, wbxml.EmailCc, wbxml.Email2Bcc, wbxml.EmailReplyTo, wbxml.EmailSubject, wbxml.EmailImportance, wbxml.AirSyncBaseBody:
			return false
		}
		return true
	})
}

// TestDraftAsShown: a client that sends back what it was shown changes no byte, of no message of the corpora; one that changes the text of it loses no attachment and no
// other field. The lens laws.
func TestDraftAsShown(t *testing.T) {
	for name, data := range messages(t) {
		list := shownOf(t, data)
		made, err := mail.View{}.Put(data, list, puts())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(made.Body, data) {
			t.Errorf("%s: changed by being sent back", name)
		}
		if len(data) > 1<<20 {
			continue
		}
		text := wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "1"), wbxml.Text(wbxml.AirSyncBaseData, "Other words."))
		made, err = mail.View{}.Put(data, []*wbxml.Element{text, wbxml.Text(wbxml.EmailSubject, "Ö other")}, puts())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e, words, _, err := mail.Read(tandem.Bytes(made.Body))
		if err != nil || e.Subject != "Ö other" || !strings.Contains(words, "Other words.") {
			t.Errorf("%s: %q, %q, %v", name, e.Subject, words, err)
		}
		was, is := files(t, data), files(t, made.Body)
		for _, f := range was {
			if len(was) < 400 && !slices.Contains(is, f) {
				t.Errorf("%s: an attachment is lost: %.60q", name, f)
			}
		}
	}
}

// TestDraftOfOld: clients before 16.0 write none.
func TestDraftOfOld(t *testing.T) {
	o := puts()
	o.Version = eas.V141
	if _, err := (mail.View{}).Put(nil, nil, o); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("%v", err)
	}
}

// TestDraftHeader: header fields are taken, emptied and kept one by one.
func TestDraftHeader(t *testing.T) {
	const old = "To: a@x\r\nCc: b@x\r\nX-Priority: 1\r\nSubject:  spaced  \r\nContent-Type: text/plain\r\n\r\ntext\r\n"
	for name, test := range map[string]struct {
		in        []*wbxml.Element
		has, lack string
	}{
		"one emptied":      {[]*wbxml.Element{wbxml.Text(wbxml.EmailCc, "")}, "To: a@x\r\nX-Priority", "Cc:"},
		"one replaced":     {[]*wbxml.Element{wbxml.Text(wbxml.EmailTo, "c@x, Ben <d@x>")}, "To: c@x,\r\n \"Ben\" <d@x>\r\n", "a@x"},
		"what is no one":   {[]*wbxml.Element{wbxml.Text(wbxml.EmailTo, "jürgen")}, "To: =?utf-8?b?asO8cmdlbg==?=\r\n", "a@x"},
		"importance":       {[]*wbxml.Element{wbxml.Text(wbxml.EmailImportance, "1")}, "Subject:  spaced", "X-Priority"},
		"importance again": {[]*wbxml.Element{wbxml.Text(wbxml.EmailImportance, "2"), wbxml.Text(wbxml.EmailTo, "c@x")}, "X-Priority: 1", "Importance"},
		"subject":          {[]*wbxml.Element{wbxml.Text(wbxml.EmailSubject, "a\r\nBcc: evil@x")}, "Subject: a  Bcc: evil@x\r\n", "\nBcc"},
		"a hostile list":   {[]*wbxml.Element{wbxml.Text(wbxml.EmailTo, "a@x\r\nBcc: evil@x")}, "text\r\n", "\nBcc: evil"},
	} {
		made, err := mail.View{}.Put([]byte(old), test.in, puts())
		if err != nil || !strings.Contains(string(made.Body), test.has) || strings.Contains(string(made.Body), test.lack) {
			t.Errorf("%s: %q, %v", name, made.Body, err)
		}
	}
}

// FuzzDraft: whatever is written into whatever message, it is a message with that subject, and nothing panics.
func FuzzDraft(f *testing.F) {
	f.Add([]byte("To: a@x\r\n\r\nhi"), "a@x", "subject", "text")
	f.Add([]byte(nil), "\"a\" <", "\r\n", "=?utf-8?q?x?=")
	f.Fuzz(func(t *testing.T, old []byte, to, subject, text string) {
		made, err := mail.View{}.Put(old, []*wbxml.Element{wbxml.Text(wbxml.EmailTo, to), wbxml.Text(wbxml.EmailSubject, subject),
			wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "2"), wbxml.Text(wbxml.AirSyncBaseData, text))}, puts())
		if err != nil {
			return
		}
		if _, _, _, err := mail.Read(tandem.Bytes(made.Body)); err != nil {
			t.Fatal(err)
		}
	})
}
