package imap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/kind/mail"
	"tandem/test/mailkit"
)

// What an update that broke off has left behind is taken up by the next one, and not left beside what that makes.
func TestLeftover(t *testing.T) {
	for name, conf := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailkit.Dovecot(t, conf)
			c := raw(t, s.IMAP, "anna")
			put(t, c, "INBOX", letterOf(1, 1, 0))
			put(t, c, "INBOX", letterOf(1, 2, 0), imap.FlagDeleted)
			put(t, c, "INBOX", letterOf(1, 3, 0), imap.FlagDeleted)
			r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
			got, _ := lines(t, r, "")
			wants(t, "first look", got, "1 present")
			attrs := mail.Flags{Draft: true}.Attrs()
			out, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Update, ID: "1", If: "flags ", Record: tandem.Record{Body: tandem.Bytes(letterOf(1, 3, 0)), Meta: tandem.Meta{Attrs: attrs}}}})
			must(t, err)
			if out[0].Status != tandem.Applied || out[0].ID != "3" || out[0].Version != `flags \draft` {
				t.Errorf("%+v", out[0])
			}
			got, _ = lines(t, r, "")
			wants(t, "then", got, "3 present draft=1")
		})
	}
}

// A server that removes at once what is marked as deleted gets the new message before the old one goes.
func TestRemovesAtOnce(t *testing.T) {
	const state = `* 1 FETCH (UID %d FLAGS (%s) INTERNALDATE "01-Nov-2026 10:00:00 +0000" RFC822.SIZE 10 MODSEQ (5))` + "\r\n%% OK done\r\n"
	old := fmt.Sprintf(state, 1, "")
	answers := []string{old, "% OK done\r\n", "% OK done\r\n", "% OK done\r\n", fmt.Sprintf(state, 4, ""), old, fmt.Sprintf(state, 1, `\Deleted`)}
	at := script(t, map[string]string{
		"LOGIN":      "% OK [CAPABILITY IMAP4rev1 CONDSTORE UIDPLUS LITERAL+] in\r\n",
		"CAPABILITY": "* CAPABILITY IMAP4rev1 CONDSTORE UIDPLUS LITERAL+\r\n% OK done\r\n",
		"SELECT":     "* FLAGS (\\Seen \\Deleted)\r\n* 1 EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted)] .\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 3] .\r\n* OK [HIGHESTMODSEQ 5] .\r\n% OK done\r\n",
		"APPEND":     "% OK [APPENDUID 7 3] done\r\n|% OK [APPENDUID 7 4] done\r\n",
		"UID FETCH":  strings.Join(answers, "|"),
	})
	r := open(t, "imap://anna@"+at+"/INBOX")
	out, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Update, ID: "1", If: "flags ", Record: tandem.Record{Body: tandem.Bytes("Subject:x\r\n\r\nbody")}}})
	must(t, err)
	if out[0].Status != tandem.Applied || out[0].ID != "4" {
		t.Errorf("%+v", out[0])
	}
}

// Two messages that hold the same are two, also where the answers to both were lost, or where they are added on two connections at the same time.
func TestTwinsInFlight(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	body := tandem.Bytes(letterOf(1, 1, 0))
	twin := func(n int) tandem.Write {
		return tandem.Write{Op: tandem.Create, Marker: tandem.Marker(fmt.Sprint("twin", n)), Record: tandem.Record{Body: body}}
	}
	t.Run("found once", func(t *testing.T) {
		r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
		c := raw(t, s.IMAP, "anna")
		_, _ = lines(t, r, "")
		put(t, c, "INBOX", body)
		put(t, c, "INBOX", body)
		ids := map[tandem.ID]bool{}
		for n := range 3 {
			for range 2 { // to ask again is to hear the same
				o, found, err := r.Find(t.Context(), twin(n))
				must(t, err)
				if found != (n < 2) {
					t.Errorf("twin %d: found is %v", n, found)
				}
				ids[o.ID] = true
			}
		}
		if len(ids) != 3 { // with "" for the third
			t.Errorf("found %v", ids)
		}
	})
	t.Run("at once", func(t *testing.T) {
		r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
		_, _ = lines(t, r, "")
		const n = 12
		outs := make(chan tandem.Outcome, n)
		for i := range n {
			go func() {
				out, err := r.Apply(t.Context(), []tandem.Write{twin(100 + i)})
				if err != nil {
					t.Error(err)
				}
				outs <- out[0]
			}()
		}
		ids := map[tandem.ID]bool{}
		for range n {
			o := <-outs
			if o.Status != tandem.Applied {
				t.Errorf("%+v", o)
			}
			ids[o.ID] = true
		}
		if len(ids) != n {
			t.Errorf("%d messages were made of %d", len(ids), n)
		}
	})
	t.Run("older", func(t *testing.T) { // what was there before is another message, where there was no listing either
		r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
		w := twin(200)
		if o, found, err := r.Find(t.Context(), w); found || err != nil {
			t.Errorf("found %+v, %v before it was made", o, err)
		}
		out, err := r.Apply(t.Context(), []tandem.Write{w})
		must(t, err)
		if got, _ := lines(t, r, ""); len(got) != 15 {
			t.Errorf("there are %d messages, want 15; %+v", len(got), out[0])
		}
	})
}
