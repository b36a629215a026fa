package imap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
	"tandem/test/mailkit"
)

func listed(t *testing.T, reg *provider.Registry, text string) []provider.Found {
	t.Helper()
	place, err := reg.ParsePlace(text)
	must(t, err)
	p, err := reg.Provider(place.Provider)
	must(t, err)
	all, err := p.List(t.Context(), place, env())
	must(t, err)
	return all
}

func inShort(all []provider.Found) (out []string) {
	for _, f := range all {
		out = append(out, strings.TrimSuffix(f.Name+" = "+f.Role, " = "))
	}
	return out
}

// Folders are listed with what they are for, made, renamed and deleted, on servers that name them in different manners.
func TestFolders(t *testing.T) {
	for name, conf := range map[string]mailkit.Config{
		"usual": {}, "prefix": {Mail: "sdbox:~/mail", Prefix: "INBOX.", Separator: "."}, "old": {Capabilities: "IMAP4rev1"}, "old prefix": {Prefix: "INBOX/", Capabilities: "IMAP4rev1 NAMESPACE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailkit.Dovecot(t, conf)
			reg := registry()
			account := "imap://anna@" + s.IMAP + "/"
			place, err := reg.ParsePlace(account)
			must(t, err)
			p, err := reg.Provider("imap")
			must(t, err)
			fs, err := p.Folders(t.Context(), place, env())
			must(t, err)
			defer fs.(io.Closer).Close()
			made := map[string]provider.Found{}
			for _, x := range []struct{ path, role string }{{"Entwürfe", ""}, {"Sent", "sent"}, {"Work/2026 %25", ""}, {"日本", ""}} {
				f, err := fs.Create(t.Context(), x.path, x.role)
				must(t, err)
				made[x.path] = f
			}
			_, err = fs.Create(t.Context(), "Sent", "")
			if !tandem.IsKind(err, tandem.Exists) {
				t.Errorf("made twice: %v", err)
			}
			want := []string{"INBOX = inbox", "Entwürfe = drafts", "Sent = sent", "Work/2026 %25", "日本"}
			got := inShort(listed(t, reg, account))
			got = slices.DeleteFunc(got, func(s string) bool { return s == "Work" }) // some servers make it a folder of its own
			wants(t, "list", got, want...)
			moved, err := fs.Rename(t.Context(), made["Work/2026 %25"], "Work/2027")
			must(t, err)
			if moved.Name != "Work/2027" || moved.Stable != made["Work/2026 %25"].Stable {
				t.Errorf("renamed %+v to %+v", made["Work/2026 %25"], moved)
			}
			if o := open(t, moved.Place); o.Kind != tandem.Mail {
				t.Errorf("it holds %s", o.Kind)
			}
			for what, err := range map[string]error{
				"rename what is not there": second(fs.Rename(t.Context(), made["Work/2026 %25"], "x")), "delete what is not there": fs.Delete(t.Context(), made["Work/2026 %25"]),
			} {
				if !tandem.IsKind(err, tandem.NotFound) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if _, err := fs.Rename(t.Context(), moved, "Sent"); !tandem.IsKind(err, tandem.Exists) {
				t.Errorf("renamed onto another: %v", err)
			}
			must(t, fs.Delete(t.Context(), moved))
			if moved.Stable != "" { // another of the name is another folder
				must(t, second(fs.Create(t.Context(), "Work/2027", "")))
				if err := fs.Delete(t.Context(), moved); !tandem.IsKind(err, tandem.Changed) {
					t.Errorf("deleted another: %v", err)
				}
			}
			if err := fs.Delete(t.Context(), provider.Found{Name: "INBOX"}); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("deleted the inbox: %v", err)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// Who is not who he says, or does not say it safely, is not let in, and the remedy is told.
func TestLogins(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{TLS: true})
	secure := "imaps://anna@" + s.IMAPS + "/INBOX"
	plain := "imap://anna@" + s.IMAP + "/INBOX"
	for text, kind := range map[string]tandem.ErrorKind{
		secure + "?pin=" + s.Pin: 99, secure + "?ca=" + s.CA: 99, plain: 99, plain + "?pin=" + s.Pin: 99, // with a certificate to look at, STARTTLS
		secure: tandem.Unreadable, secure + "?pin=" + strings.Repeat("0", 64): tandem.Denied, plain + "?pin=" + strings.Repeat("0", 64): tandem.Denied,
		plain + "?user=bert": tandem.Denied, plain + "?login=bearer": tandem.Denied, plain + "?login=oauth": tandem.Invalid, plain + "x": tandem.Unreadable,
	} {
		o, err := tryOpen(t.Context(), registry(), text)
		if err == nil {
			o.Close()
		}
		if (err == nil) != (kind == 99) || err != nil && tandem.KindOf(err) != kind {
			t.Errorf("%s: %v", text, err)
		}
		var why *tandem.Error
		if text == secure && (!errors.As(err, &why) || !strings.Contains(why.Remedy, "ca=FILE")) {
			t.Errorf("%s: %+v does not say how to name the certificate", text, err)
		}
	}
}

// script is a server that says what it is told to: the answers to commands by their name, or the default ones. "%" stands for the tag, and "|" stands between
// the answers that are given one after the other, of which the last is for all that follow. What is behind "~" is said again and again, until nobody hears it; counts are told how many bytes that were.
func script(t *testing.T, answers map[string]string, counts ...*atomic.Int64) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	usual := map[string]string{"LOGIN": "% OK [CAPABILITY IMAP4rev1 CONDSTORE UIDPLUS] in\r\n", "NAMESPACE": "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n% OK\r\n", "LIST": "* LIST () \"/\" INBOX\r\n% OK done\r\n",
		"SELECT": "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 3] .\r\n* OK [HIGHESTMODSEQ 5] .\r\n% OK done\r\n", "CAPABILITY": "* CAPABILITY IMAP4rev1 CONDSTORE UIDPLUS\r\n% OK done\r\n"}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				fmt.Fprint(c, "* OK [CAPABILITY IMAP4rev1 CONDSTORE UIDPLUS] hello\r\n")
				in, times := bufio.NewScanner(c), map[string]int{}
				for in.Scan() {
					f := strings.Fields(in.Text())
					if len(f) < 2 {
						continue
					}
					name := f[1]
					if name == "UID" && len(f) > 2 {
						name = "UID " + f[2]
					}
					say, ok := answers[name]
					if !ok {
						if say, ok = usual[name]; !ok {
							say = "% OK done\r\n"
						}
					}
					turns := strings.Split(say, "|")
					say = turns[min(times[name], len(turns)-1)]
					times[name]++
					say, endless, _ := strings.Cut(say, "~")
					fmt.Fprint(c, strings.ReplaceAll(say, "%", f[0]))
					for lot := strings.Repeat(endless, 1+(64<<10)/(len(endless)+1)); endless != ""; {
						n, err := io.WriteString(c, lot)
						for _, count := range counts {
							count.Add(int64(n))
						}
						if err != nil {
							return
						}
					}
					if strings.HasSuffix(say, "!") {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// No answer of a server, torn or mad, is a deletion, a hang or a crash.
func TestHostile(t *testing.T) {
	const one = `(UID 1 FLAGS () INTERNALDATE "01-Nov-2026 10:00:00 +0000" RFC822.SIZE 10)`
	const two = `(UID 2 FLAGS () INTERNALDATE "01-Nov-2026 10:00:00 +0000" RFC822.SIZE 10)`
	for name, c := range map[string]struct {
		answers map[string]string
		want    string // the listing in short, "error", or "no opening"
	}{
		"whole":                {map[string]string{"UID FETCH": "* 1 FETCH " + one + "\r\n* 2 FETCH " + two + "\r\n% OK\r\n"}, "1 present 2 present"},
		"cut":                  {map[string]string{"UID FETCH": "* 1 FETCH " + one + "\r\n* 2 FET!"}, "error"},
		"goodbye":              {map[string]string{"UID FETCH": "* BYE too tired\r\n!"}, "error"},
		"refused":              {map[string]string{"UID FETCH": "% NO [SERVERBUG] sorry\r\n"}, "error"},
		"half, and says so":    {map[string]string{"UID FETCH": "* 1 FETCH " + one + "\r\n% OK\r\n", "UID SEARCH": "* SEARCH 1 2\r\n% OK\r\n"}, "1 present 2 problem"},
		"half, one was gone":   {map[string]string{"UID FETCH": "* 1 FETCH " + one + "\r\n% OK\r\n", "UID SEARCH": "* SEARCH 1\r\n% OK\r\n"}, "1 present"},
		"none, and has them":   {map[string]string{"UID SEARCH": "* SEARCH 1 2\r\n% OK\r\n"}, "1 problem 2 problem"},
		"twice":                {map[string]string{"UID FETCH": "* 1 FETCH " + one + "\r\n* 1 FETCH " + one + "\r\n* 2 FETCH " + two + "\r\n% OK\r\n"}, "1 present 2 present"},
		"news for an answer":   {map[string]string{"UID FETCH": "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH " + two + "\r\n% OK\r\n"}, "error"},
		"news beside answers":  {map[string]string{"UID FETCH": "* 1 FETCH " + one + "\r\n* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH " + two + "\r\n* 3 EXISTS\r\n% OK\r\n"}, "1 present 2 present"},
		"numbers without UID":  {map[string]string{"UID FETCH": "* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH " + one + "\r\n* 2 FETCH " + two + "\r\n% OK\r\n"}, "1 present 2 present"},
		"number zero":          {map[string]string{"UID FETCH": "* 1 FETCH (UID 0 FLAGS ())\r\n* 1 FETCH " + one + "\r\n* 2 FETCH " + two + "\r\n% OK\r\n"}, "1 present 2 present"},
		"endless search":       {map[string]string{"UID FETCH": "% OK\r\n", "UID SEARCH": "* ESEARCH (TAG \"%\") UID ALL 1:4294967295\r\n% OK\r\n"}, "error"},
		"deep lists":           {map[string]string{"UID FETCH": "* 1 FETCH " + strings.Repeat("(", 100_000) + "\r\n% OK\r\n"}, "error"},
		"noise":                {map[string]string{"UID FETCH": "\x00\xff\r\n\r\n* ((((\r\n"}, "error"},
		"no UIDVALIDITY":       {map[string]string{"SELECT": "* 2 EXISTS\r\n% OK done\r\n"}, "no opening"},
		"no such folder":       {map[string]string{"SELECT": "% NO what?\r\n"}, "no opening"},
		"no login":             {map[string]string{"LOGIN": "% NO [AUTHENTICATIONFAILED] no\r\n"}, "no opening"},
		"login is out of work": {map[string]string{"LOGIN": "% NO [UNAVAILABLE] later\r\n"}, "no opening"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			o, err := tryOpen(ctx, registry(), "imap://anna@"+script(t, c.answers)+"/INBOX")
			if err != nil {
				if c.want != "no opening" || tandem.IsKind(err, tandem.Denied) != (name == "no login") {
					t.Error(err)
				}
				return
			}
			defer o.Close()
			var got []string
			seq, end := o.Changes(ctx, "")
			for x, err := range seq {
				if err != nil {
					got = []string{"error"}
					break
				}
				got = append(got, fmt.Sprint(x.ID, " ", x.Presence))
			}
			if end().Complete == (c.want == "error") {
				t.Errorf("complete: %v", end().Complete)
			}
			slices.Sort(got)
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("listed %q, want %q", s, c.want)
			}
			if ctx.Err() != nil {
				t.Error("it hung")
			}
		})
	}
}

// Sets of UIDs are what sets are, whatever they are made of.
func TestUIDs(t *testing.T) {
	for _, c := range []struct{ a, b, minus string }{
		{"1:10", "3", "1:2,4:10"}, {"1:10", "1:10", ""}, {"1:10", "5:20", "1:4"}, {"5:20", "1:10", "11:20"}, {"1,3,5", "3", "1,5"}, {"", "1", ""}, {"4294967290:4294967295", "4294967295", "4294967290:4294967294"},
		{"1:3,7:9", "2,8", "1,3,7,9"}, {"1:100", "2:3,50,99:100", "1,4:49,51:98"},
	} {
		a, err := parseUIDs(c.a)
		must(t, err)
		b, err := parseUIDs(c.b)
		must(t, err)
		if got := a.minus(b).String(); got != c.minus {
			t.Errorf("%s without %s is %s, want %s", c.a, c.b, got, c.minus)
		}
	}
	for _, bad := range []string{"0", "x", "3:1", "1,1", "2,1", "4294967296", "1:", ":", ",", "1:*"} {
		if got, err := parseUIDs(bad); err == nil {
			t.Errorf("%q was read as %s", bad, got)
		}
	}
}

func FuzzUIDs(f *testing.F) {
	f.Add([]byte{1, 2, 3, 9, 8, 200, 4}, []byte{3, 4})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var x, y uids
		in, out := map[byte]bool{}, map[byte]bool{}
		for i, n := range a {
			if i%3 == 2 && n > 0 && n < 250 {
				x.addSpan(span{imap.UID(n), imap.UID(n) + 5})
				for k := n; k <= n+5; k++ {
					in[k] = true
				}
			} else if n > 0 {
				x.add(imap.UID(n))
				in[n] = true
			}
		}
		for _, n := range b {
			if n > 0 {
				y.add(imap.UID(n))
				out[n] = true
			}
		}
		again, err := parseUIDs(x.String())
		if err != nil || again.String() != x.String() || int(x.size()) != len(in) {
			t.Fatalf("%v became %s, %s (%v)", a, x, again, err)
		}
		left := x.minus(y)
		for n := 1; n < 256; n++ {
			if x.has(imap.UID(n)) != in[byte(n)] || left.has(imap.UID(n)) != (in[byte(n)] && !out[byte(n)]) {
				t.Fatalf("%s without %s is %s at %d", x, y, left, n)
			}
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("1 7 5 3 2 0 1:2")
	f.Add("1 7 5 3 2 20000 ")
	f.Fuzz(func(t *testing.T, text string) {
		if c, ok := parseCursor(tandem.Cursor(text)); ok {
			if again, ok := parseCursor(tandem.Cursor(c.String())); !ok || again.String() != c.String() {
				t.Errorf("%q became %q", text, c)
			}
		}
	})
}
