package maildir

import (
	"slices"
	"strings"
	"testing"

	"tandem/kind/mail"
)

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		in, unique, fields, info string
		sep                      byte
	}{
		{"1204680122.27c448.host", "1204680122.27c448.host", "", "", 0},
		{"1204680122.27c448.host:2,RS", "1204680122.27c448.host", "", "RS", ':'},
		{"1204680122.27c448.host,S=123,W=125:2,", "1204680122.27c448.host", "S=123 W=125", "", ':'},
		{"1204680122.27c448.host,U=7,FMD5=7e33429f656f1e6e9d79b29c3f82c57e:2,S", "1204680122.27c448.host", "U=7 FMD5=7e33429f656f1e6e9d79b29c3f82c57e", "S", ':'},
		{"1.2.host;2,S", "1.2.host", "", "S", ';'},
		{"1.2.host!2,S", "1.2.host", "", "S", '!'},
		{"1.2.host:1,x", "1.2.host:1,x", "", "", 0},
		{":2,S", ":2,S", "", "", 0},
		{"a:2,b:2,S", "a:2,b", "", "S", ':'},
		{",S=1", ",S=1", "", "", 0},
	} {
		n := parseName(c.in)
		if n.unique != c.unique || strings.Join(n.fields, " ") != c.fields || n.info != c.info || n.sep != c.sep {
			t.Errorf("%q: %+v", c.in, n)
		}
		if n.String() != c.in {
			t.Errorf("%q is written %q", c.in, n)
		}
	}
}

func TestWellNamed(t *testing.T) {
	for id, want := range map[string]bool{"1.2.host": true, "1.2.a.b": true, "x.2.host": false, "1.2": false, "1..h": false, "1.2.h:2,": false, "1.2.h/x": false,
		"1.2.h,S=3": false, "1.2.größe": false, "": false, "1.2." + strings.Repeat("x", 200): false, "<1.2@x>": false} {
		if wellNamed(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"1.2.host,S=1,W=2:2,RS", "a;2,", "!2,", ",,=", "1.2.h:2,abT"} {
		f.Add(s)
	}
	words := keywords{"one", "two"}
	f.Fuzz(func(t *testing.T, s string) {
		n := parseName(s)
		if n.String() != s {
			t.Fatalf("%q is written %q", s, n)
		}
		flags := mail.Flags{Seen: true, Keywords: []string{"two"}}
		to := n.withFlags(flags, words)
		if to.sep == 0 {
			to.sep = ':'
		}
		again := parseName(to.String())
		if n.unique != "" && !strings.Contains(to.info, ",") && again.unique != n.unique {
			t.Fatalf("with flags %q is %q and then %q", n.unique, to, again.unique)
		}
		got := to.flags(words)
		if !got.Seen || got.Flagged || !slices.Equal(got.Keywords, flags.Keywords) {
			t.Fatalf("flags of %q: %+v", to, got)
		}
	})
}

func TestModifiedUTF7(t *testing.T) {
	for plain, coded := range map[string]string{
		"Archive": "Archive", "Entwürfe": "Entw&APw-rfe", "台北": "&U,BTFw-", "a&b": "a&-b", "~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "😀": "&2D3eAA-", "": "",
	} {
		if got := encodeName(plain, ""); got != coded {
			t.Errorf("%q is written %q, want %q", plain, got, coded)
		}
		if got := decodeName(coded); got != plain {
			t.Errorf("%q is read %q, want %q", coded, got, plain)
		}
	}
	if got := encodeName("v1.2/x", "./"); got != "v1&AC4-2&AC8-x" || decodeName(got) != "v1.2/x" {
		t.Errorf("dots and slashes are written %q", got)
	}
	for _, odd := range []string{"a&b", "&", "&!!-", "&AAA-", "Größe", "&2D0-", "&AAAA-"} {
		if got := decodeName(odd); got != odd {
			t.Errorf("%q, which is no modified UTF-7, is read %q", odd, got)
		}
	}
}

func FuzzModifiedUTF7(f *testing.F) {
	for _, s := range []string{"Entwürfe", "a&b", "&AC4-", "😀.x/y", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_ = decodeName(s)
		plain := strings.ToValidUTF8(strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "\ufffd", ""), "")
		if got := decodeName(encodeName(plain, "./")); got != plain {
			t.Fatalf("%q came back as %q", plain, got)
		}
	})
}
