package imap

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
	"tandem/test/mailkit"
)

// seekerOf is Seek of a place, at a moment.
func seekerOf(t *testing.T, now time.Time) func(text string, q provider.Sought) (provider.Beyond, error) {
	t.Helper()
	s := &accounts{open: map[string]*account{}, seen: map[string]*glances{}, now: func() time.Time { return now }, poll: pollEvery}
	p := s.declare(false)
	reg := provider.NewRegistry(p)
	return func(text string, q provider.Sought) (provider.Beyond, error) {
		t.Helper()
		place, err := reg.ParsePlace(text)
		must(t, err)
		if q.Most == 0 {
			q.Most = 50
		}
		if q.Head == 0 {
			q.Head = 200
		}
		return p.Seek(t.Context(), place, env(), q)
	}
}

// What is out of sight is found, by what the question says and nothing else, and only its beginning is read.
func TestSeek(t *testing.T) {
	for name, conf := range map[string]mailkit.Config{"usual": {}, "old": {Capabilities: "IMAP4rev1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailkit.Dovecot(t, conf)
			c := raw(t, s.IMAP, "anna")
			now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
			at := func(days int) int64 { return now.AddDate(0, 0, -days).Unix() }
			for n, age := range []int{1, 10, 11, 200, 300, 400, 500} {
				body := letterOf(n, 1, n*300)
				if n == 6 {
					body = append(body, "Wörter größer\r\n"...)
				}
				cmd := c.Append("INBOX", int64(len(body)), &imap.AppendOptions{Time: now.AddDate(0, 0, -age), Flags: []imap.Flag{imap.FlagSeen}})
				_, err := cmd.Write(body)
				must(t, err)
				must(t, cmd.Close())
				_, err = cmd.Wait()
				must(t, err)
			}
			_, err := c.Select("INBOX", nil).Wait()
			must(t, err)
			flag(t, c, 6, imap.StoreFlagsAdd, imap.FlagDeleted)
			seek := seekerOf(t, now)
			place := "imap://anna@" + s.IMAP + "/INBOX"
			for name, x := range map[string]struct {
				options string
				q       provider.Sought
				want    string
			}{
				"all":                  {"?days=10", provider.Sought{}, "[7 5 4 3]"},
				"in another window":    {"?days=250", provider.Sought{}, "[7 5]"},
				"asked for beside":     {"?days=10&also=" + now.AddDate(0, 0, -300).Format(time.DateOnly), provider.Sought{}, "[7 4 3]"},
				"no window":            {"", provider.Sought{}, "[]"},
				"all is in sight":      {"?days=10&also=all", provider.Sought{}, "[]"},
				"the latest":           {"?days=10", provider.Sought{Most: 2}, "[7 5]"},
				"none":                 {"?days=10", provider.Sought{Most: -1}, "[]"},
				"since":                {"?days=10", provider.Sought{Since: at(300)}, "[5 4 3]"},
				"before":               {"?days=10", provider.Sought{Before: at(200)}, "[7 5]"},
				"both":                 {"?days=10", provider.Sought{Since: at(300), Before: at(200)}, "[5]"},
				"a word":               {"?days=10", provider.Sought{Text: []string{"letter 4"}}, "[5]"},
				"in the text":          {"?days=10", provider.Sought{Text: []string{"VERSION", "filling"}}, "[7 5 4 3]"},
				"in another language":  {"?days=10", provider.Sought{Text: []string{"wörter", "GRÖSSER"}}, "[]"},
				"in other letters":     {"?days=10", provider.Sought{Text: []string{"Wörter", "größer"}}, "[7]"},
				"not":                  {"?days=10", provider.Sought{Not: []string{"letter 4", "letter 2"}}, "[7 4]"},
				"who wrote":            {"?days=10", provider.Sought{From: []string{"anna"}, To: []string{"BERT"}}, "[7 5 4 3]"},
				"who did not":          {"?days=10", provider.Sought{From: []string{"bert"}}, "[]"},
				"copies":               {"?days=10", provider.Sought{Cc: []string{"bert"}}, "[]"},
				"hidden copies":        {"?days=10", provider.Sought{Bcc: []string{"bert"}}, "[]"},
				"what it is about":     {"?days=10", provider.Sought{Subject: []string{"letter", "3"}}, "[4]"},
				"what looks like more": {"?days=10", provider.Sought{Text: []string{"x\") ALL (\"\r\na2 LOGOUT"}}, "[]"},
			} {
				got, err := seek(place+x.options, x.q)
				must(t, err)
				ids := []tandem.ID{}
				for _, rec := range got.Records {
					ids = append(ids, rec.ID)
					u, _ := number(rec.ID)
					body := rec.Body.(tandem.Bytes)
					whole := letterOf(int(u)-1, 1, int(u-1)*300)
					if !slices.Equal(body, whole[:200]) || rec.Size < int64(len(whole)) || rec.Attrs == "" {
						t.Errorf("%s: %s came as %d bytes of %d, with %q", name, rec.ID, len(body), rec.Size, rec.Attrs)
					}
				}
				if fmt.Sprint(ids) != x.want {
					t.Errorf("%s: %v, want %s", name, ids, x.want)
				}
				if len(ids) > 0 && got.Identity.Epoch == "" {
					t.Errorf("%s: no identity", name)
				}
			}
			if _, err := seek("imap://anna@"+s.IMAP+"/None?days=1", provider.Sought{}); err == nil {
				t.Error("a mailbox that is not there was searched")
			}
		})
	}
}

func TestLatest(t *testing.T) {
	for _, x := range []struct {
		in   uids
		n    int
		want string
	}{{nil, 3, ""}, {uids{{1, 9}}, 3, "7:9"}, {uids{{1, 2}, {5, 6}, {9, 9}}, 2, "6,9"}, {uids{{1, 2}, {5, 6}}, 9, "1:2,5:6"}, {uids{{1, 1<<32 - 1}}, 1, "4294967295"}, {uids{{1, 2}}, 0, ""}} {
		if got := latest(x.in, x.n).String(); got != x.want {
			t.Errorf("%d of %s: %s, want %s", x.n, x.in, got, x.want)
		}
	}
}
