package account

import (
	"strings"
	"testing"
)

// The reference implementation's own test value (phc-winner-argon2, test.c): password "password", salt "somesalt".
const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestReferenceHash(t *testing.T) {
	p, err := parsePHC(reference)
	if err != nil {
		t.Fatal(err)
	}
	if !p.is("password") || p.is("differentpassword") || p.String() != reference {
		t.Fatalf("%s is not the hash of its password", p)
	}
}

func TestBadHashes(t *testing.T) {
	for _, bad := range []string{
		"", "x", "$argon2id$", strings.Replace(reference, "argon2id", "argon2i", 1), strings.Replace(reference, "v=19", "v=16", 1), strings.Replace(reference, "m=65536", "m=1", 1),
		strings.Replace(reference, "m=65536", "m=99999999", 1), strings.Replace(reference, "t=2", "t=0", 1), strings.Replace(reference, "p=1", "p=0", 1),
		strings.Replace(reference, "p=1", "p=1,x=2", 1), strings.Replace(reference, "m=65536", "m=065536", 1), reference + "$x", reference + "!", "$argon2id$v=19$m=8,t=1,p=1$$",
		"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA",
	} {
		if p, err := parsePHC(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, p)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"abcde-fghij-kmnpq-rstuv": "abcdefghijkmnpqrstuv", " ABCDE fghij KMNPQ rstuv": "abcdefghijkmnpqrstuv", "abcde-fghij-kmnpq-rstu": "", "abcde-fghij-kmnpq-rstuvw": "",
		"abcde-fghij-kmnpq-rstul": "", "abcde-fghij-kmnpq-rstu0": "", "": "", "äbcde-fghij-kmnpq-rstuv": "",
	} {
		if got := plain(in, appGroups); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:80": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "[2001:db8:1:2:3::4]:80": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "": "", "@": "@", "host:80": "host:80",
	} {
		if got := network(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func FuzzPHC(f *testing.F) {
	f.Add(reference)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parsePHC(text); err == nil && p.String() != text {
			t.Errorf("%q is read as %q", text, p)
		}
	})
}

func FuzzBasic(f *testing.F) {
	f.Add("Basic YW5uYTpwYXNzd29yZA==")
	f.Add("basic ZvxyOrxi")
	f.Fuzz(func(t *testing.T, header string) {
		list, err := readBasic(header)
		if (err == nil) == (len(list) == 0) || len(list) > 2 {
			t.Errorf("%q is read as %q, %v", header, list, err)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	s := &Service{cfg: Config{Random: strings.NewReader(strings.Repeat("x", 1<<20))}}
	hash, err := s.hash("password", DefaultCost)
	if err != nil {
		b.Fatal(err)
	}
	p, err := parsePHC(hash)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.is("password")
	}
}
