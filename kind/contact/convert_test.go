package contact

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// lines are a card's own lines, unfolded, without BEGIN, VERSION and END.
func lines(t testing.TB, b []byte) string {
	t.Helper()
	f, err := vcard.Parse(b, contentline.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	s := strings.NewReplacer("\r\n ", "", "\r\n", "|").Replace(string(f.Doc.Bytes()))
	s = strings.TrimPrefix(s, "BEGIN:VCARD|VERSION:")
	_, s, _ = strings.Cut(s, "|")
	return strings.TrimSuffix(s, "|END:VCARD|")
}

func TestConvert(t *testing.T) {
	for _, c := range []struct{ name, from, to, in, out string }{
		{"preference", "3.0", "4.0", "FN:A|TEL;TYPE=home,pref:1", "FN:A|TEL;TYPE=home;PREF=1:1"},
		{"preference", "4.0", "3.0", "FN:A|N:A|TEL;TYPE=home;PREF=1:1", "FN:A|N:A|TEL;TYPE=home,pref:1"},
		{"second preference", "4.0", "3.0", "FN:A|N:A|TEL;TYPE=home;PREF=2:1", "FN:A|N:A|TEL;TYPE=home;PREF=2:1"},
		{"group of contacts", "3.0", "4.0", "FN:A|X-ADDRESSBOOKSERVER-KIND:group|X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", "FN:A|KIND:group|MEMBER:urn:uuid:1"},
		{"group of contacts", "4.0", "3.0", "FN:A|N:A|KIND:group|MEMBER:urn:uuid:1", "FN:A|N:A|X-ADDRESSBOOKSERVER-KIND:group|X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1"},
		{"picture", "3.0", "4.0", "FN:A|PHOTO;ENCODING=b;TYPE=JPEG:QUJD", "FN:A|PHOTO:data:image/jpeg;base64,QUJD"},
		{"picture", "4.0", "3.0", "FN:A|N:A|PHOTO:data:image/jpeg;base64,QUJD", "FN:A|N:A|PHOTO;TYPE=JPEG;ENCODING=b:QUJD"},
		{"number", "4.0", "3.0", "FN:A|N:A|TEL;VALUE=uri;TYPE=cell:tel:+49-1;ext=2", `FN:A|N:A|TEL;TYPE=cell:+49-1\;ext=2`},
		{"address of sip", "4.0", "3.0", "FN:A|N:A|TEL;VALUE=uri:sip:a@b", "FN:A|N:A|TEL;VALUE=uri:sip:a@b"},
		{"birthday", "3.0", "4.0", "FN:A|BDAY:1980-04-12", "FN:A|BDAY:19800412"},
		{"birthday", "4.0", "3.0", "FN:A|N:A|BDAY:19800412", "FN:A|N:A|BDAY:1980-04-12"},
		{"no year", "4.0", "3.0", "FN:A|N:A|BDAY:--0412", "FN:A|N:A|BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12"},
		{"no year", "3.0", "4.0", "FN:A|BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", "FN:A|BDAY:--0412"},
		{"a year alone", "4.0", "3.0", "FN:A|N:A|BDAY:1980", "FN:A|N:A|X-TANDEM-BDAY:1980"},
		{"a year alone, back", "3.0", "4.0", "FN:A|X-TANDEM-BDAY:1980", "FN:A|BDAY:1980"},
		{"birthday in words", "4.0", "3.0", "FN:A|N:A|BDAY;VALUE=text:circa 1800", "FN:A|N:A|X-TANDEM-BDAY;VALUE=text:circa 1800"},
		{"no date at all", "3.0", "4.0", "FN:A|BDAY:spring", "FN:A|BDAY;VALUE=text;X-TANDEM-NAME=BDAY:spring"},
		{"time of birth", "4.0", "3.0", "FN:A|N:A|BDAY:19800412T083000+0200", "FN:A|N:A|BDAY;VALUE=date-time:1980-04-12T08:30:00+02:00"},
		{"anniversary", "4.0", "3.0", "FN:A|N:A|ANNIVERSARY:20100506|item1.URL:x", "FN:A|N:A|item2.X-ABDATE:2010-05-06|item2.X-ABLabel:_$!<Anniversary>!$_|item1.URL:x"},
		{"anniversary", "3.0", "4.0", "FN:A|item2.X-ABDATE:2010-05-06|item2.X-ABLabel:_$!<Anniversary>!$_", "FN:A|ANNIVERSARY:20100506"},
		{"another anniversary", "3.0", "4.0", "FN:A|X-ANNIVERSARY:2010-05-06", "FN:A|ANNIVERSARY;X-TANDEM-NAME=X-ANNIVERSARY:20100506"},
		{"another anniversary, back", "4.0", "3.0", "FN:A|N:A|ANNIVERSARY;X-TANDEM-NAME=X-ANNIVERSARY:20100506", "FN:A|N:A|X-ANNIVERSARY:2010-05-06"},
		{"anniversary of a group", "4.0", "3.0", "FN:A|N:A|item1.ANNIVERSARY:20100506|item1.X-ABLabel:x", "FN:A|N:A|item1.X-TANDEM-ANNIVERSARY:2010-05-06|item1.X-ABLabel:x"},
		{"another date", "3.0", "4.0", "FN:A|item2.X-ABDATE:2010-05-06|item2.X-ABLabel:First day", "FN:A|item2.X-ABDATE:2010-05-06|item2.X-ABLabel:First day"},
		{"spouse", "4.0", "3.0", "FN:A|N:A|RELATED;TYPE=spouse;VALUE=text:Bob", "FN:A|N:A|item1.X-ABRELATEDNAMES:Bob|item1.X-ABLabel:_$!<Spouse>!$_"},
		{"spouse", "3.0", "4.0", "FN:A|item3.X-ABRELATEDNAMES:Bob|item3.X-ABLabel:_$!<Spouse>!$_", "FN:A|RELATED;TYPE=spouse;VALUE=text:Bob"},
		{"brother", "3.0", "4.0", "FN:A|item3.X-ABRELATEDNAMES:Bob|item3.X-ABLabel:_$!<Brother>!$_", "FN:A|item3.X-ABRELATEDNAMES:Bob|item3.X-ABLabel:_$!<Brother>!$_"},
		{"spouse of two in a group", "3.0", "4.0", "FN:A|item3.X-ABRELATEDNAMES:Bob|item3.URL:x|item3.X-ABLabel:_$!<Spouse>!$_", "FN:A|item3.X-ABRELATEDNAMES:Bob|item3.URL:x|item3.X-ABLabel:_$!<Spouse>!$_"},
		{"anniversary, month alone", "4.0", "3.0", "FN:A|N:A|ANNIVERSARY:--05", "FN:A|N:A|X-TANDEM-ANNIVERSARY:--05"},
		{"place", "3.0", "4.0", "FN:A|GEO:37.3;-122.0", "FN:A|GEO:geo:37.3,-122.0"},
		{"place", "4.0", "3.0", "FN:A|N:A|GEO:geo:37.3,-122.0", "FN:A|N:A|GEO:37.3;-122.0"},
		{"place", "2.1", "3.0", "N:A|FN:A|GEO:37.3,-122.0", "N:A|FN:A|GEO:37.3;-122.0"},
		{"offset", "3.0", "4.0", "FN:A|TZ:-05:00", "FN:A|TZ;VALUE=utc-offset:-0500"},
		{"offset", "4.0", "3.0", "FN:A|N:A|TZ;VALUE=utc-offset:-0500", "FN:A|N:A|TZ:-05:00"},
		{"zone", "4.0", "3.0", "FN:A|N:A|TZ:Europe/Berlin", "FN:A|N:A|TZ:Europe/Berlin"},
		{"label", "3.0", "4.0", `FN:A|ADR;TYPE=home:;;S;T;;1;|LABEL;TYPE=home:S 1\nT`, `FN:A|ADR;TYPE=home;LABEL=S 1^nT:;;S;T;;1;`},
		{"label", "4.0", "3.0", `FN:A|N:A|ADR;TYPE=home;LABEL=S 1^nT:;;S;T;;1;`, `FN:A|N:A|ADR;TYPE=home:;;S;T;;1;|LABEL;TYPE=home:S 1\nT`},
		{"label of no address", "3.0", "4.0", `FN:A|ADR;TYPE=home:;;S;T;;1;|LABEL;TYPE=work:X`, `FN:A|ADR;TYPE=home:;;S;T;;1;|X-TANDEM-LABEL;TYPE=work:X`},
		{"two addresses alike", "4.0", "3.0", "FN:A|N:A|ADR;LABEL=x:;;S|ADR;LABEL=y:;;T", "FN:A|N:A|ADR;LABEL=x:;;S|ADR;LABEL=y:;;T"},
		{"sorting", "3.0", "4.0", "FN:A|N:van der Harten;Rene|SORT-STRING:Harten", "FN:A|N;SORT-AS=Harten:van der Harten;Rene"},
		{"sorting", "4.0", "3.0", `FN:A|N;SORT-AS="Harten,Rene":van der Harten;Rene`, `FN:A|N:van der Harten;Rene|SORT-STRING:Harten\,Rene`},
		{"sorting by both", "4.0", "3.0", `FN:A|N;SORT-AS=Harten,Rene:van der Harten;Rene`, `FN:A|N;SORT-AS=Harten,Rene:van der Harten;Rene`},
		{"sorting without a name", "3.0", "4.0", "FN:A|SORT-STRING:Harten", "FN:A|X-TANDEM-SORT-STRING:Harten"},
		{"class", "3.0", "4.0", "FN:A|CLASS:PRIVATE|MAILER:m", "FN:A|X-TANDEM-CLASS:PRIVATE|X-TANDEM-MAILER:m"},
		{"class, back", "4.0", "3.0", "FN:A|N:A|X-TANDEM-CLASS:PRIVATE", "FN:A|N:A|CLASS:PRIVATE"},
		{"4.0 alone", "4.0", "3.0", "FN:A|N:A|GENDER:F|LANG:de|RELATED;TYPE=friend:urn:uuid:2", "FN:A|N:A|X-GENDER:F|X-TANDEM-LANG:de|X-TANDEM-RELATED;TYPE=friend:urn:uuid:2"},
		{"4.0 in 3.0", "3.0", "4.0", "FN:A|KIND:org", "FN:A|KIND;X-TANDEM-NAME=KIND:org"},
		{"4.0 in 3.0, back", "4.0", "3.0", "FN:A|N:A|KIND;X-TANDEM-NAME=KIND:org", "FN:A|N:A|KIND:org"},
		{"agent", "3.0", "4.0", "FN:A|AGENT;VALUE=uri:http://x", "FN:A|RELATED;VALUE=uri;TYPE=agent:http://x"},
		{"agent", "4.0", "3.0", "FN:A|N:A|RELATED;TYPE=agent:http://x", "FN:A|N:A|AGENT;VALUE=uri:http://x"},
		{"agent within", "2.1", "3.0", "N:A|FN:A|AGENT:|BEGIN:VCARD|VERSION:2.1|N:B;C|FN:C B|END:VCARD", `N:A|FN:A|AGENT:BEGIN:VCARD\nVERSION:3.0\nN:B\;C\nFN:C B\nEND:VCARD`},
		{"agent within", "3.0", "2.1", `N:A|FN:A|AGENT:BEGIN:VCARD\nVERSION:3.0\nN:B\;C\nFN:C B\nEND:VCARD`, "N:A|FN:A|AGENT:|BEGIN:VCARD|VERSION:2.1|N:B;C|FN:C B|END:VCARD"},
		{"agent within", "3.0", "4.0", `FN:A|AGENT:BEGIN:VCARD\nEND:VCARD`, `FN:A|X-TANDEM-AGENT:BEGIN:VCARD\nEND:VCARD`},
		{"2.1", "2.1", "4.0", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Anna|TEL;HOME;PREF:1|EMAIL;INTERNET:a@b|NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab",
			`FN;X-TANDEM-ADDED=1:Anna Müller|N:Müller;Anna|TEL;TYPE=home;PREF=1:1|EMAIL:a@b|NOTE:a\nb`},
		{"4.0", "4.0", "2.1", `FN:Anna|TEL;TYPE=home;PREF=1:1|NOTE:a\nb`, "N;X-TANDEM-ADDED=1:;;;;|FN:Anna|TEL;HOME;PREF:1|NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab"},
		{"no name", "3.0", "4.0", "ORG:Acme;Sales", "FN;X-TANDEM-ADDED=1:Acme|ORG:Acme;Sales"},
		{"what was added goes", "4.0", "3.0", "N:A|ORG:Acme|FN;X-TANDEM-ADDED=1:Acme", "FN;X-TANDEM-ADDED=1:A|N:A|ORG:Acme"},
		{"instant messages", "4.0", "3.0", "FN:A|N:A|IMPP;PREF=1:xmpp:a@b", "FN:A|N:A|IMPP;TYPE=pref:xmpp:a@b"},
		{"labels", "3.0", "4.0", "FN:A|item1.URL:http://x|item1.X-ABLabel:_$!<HomePage>!$_", "FN:A|item1.URL:http://x|item1.X-ABLabel:_$!<HomePage>!$_"},
	} {
		in := []byte("BEGIN:VCARD\r\nVERSION:" + c.from + "\r\n" + strings.ReplaceAll(c.in, "|", "\r\n") + "\r\nEND:VCARD\r\n")
		out, err := Convert(in, c.to)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := lines(t, out); got != c.out || !strings.Contains(string(out), "VERSION:"+c.to) {
			t.Errorf("%s, %s to %s:\ngot  %s\nwant %s", c.name, c.from, c.to, got, c.out)
		}
		backThere(t, c.name, in, c.to)
	}
}

// backThere holds a card to the law: converted and converted back, it means what it meant.
func backThere(t testing.TB, name string, in []byte, to string) bool {
	t.Helper()
	_, card, err := parse(in)
	if err != nil {
		t.Fatal(err)
	}
	was := card.Version.String()
	out, err := Convert(in, to)
	if err != nil {
		t.Errorf("%s: to %s: %v", name, to, err)
		return false
	}
	if _, c, err := parse(out); err != nil || c.Version.String() != to {
		t.Errorf("%s: what came out of it: %v\n%s", name, err, out)
		return false
	}
	back, err := Convert(out, was)
	if err != nil {
		t.Errorf("%s: back to %s: %v", name, was, err)
		return false
	}
	if inspect(t, back) != inspect(t, in) {
		_, c, _ := parse(back)
		t.Errorf("%s: %s, %s and back means something else\n%s\n%s\n%s\n%s\n%s", name, was, to, show(card), show(c), in, out, back)
		return false
	}
	return true
}

func TestConvertSame(t *testing.T) {
	in := body("3.0", "fn:An", " na", "x-ODD;;=:1")
	if out, err := Convert(in, "3.0"); err != nil || string(out) != string(in) {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := Convert(in, "5.0"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("version 5.0: %v", err)
	}
	if _, err := Convert([]byte("BEGIN:VCARD"), "4.0"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("torn: %v", err)
	}
	bare := []byte("BEGIN:VCARD\nFN:A\nEND:VCARD\n")
	if out, err := Convert(bare, "4.0"); err != nil || string(out) != "BEGIN:VCARD\nVERSION:4.0\nFN:A\nEND:VCARD\n" {
		t.Errorf("without a version: %v\n%s", err, out)
	}
}

// TestConvertLaw holds over the corpora.
func TestConvertLaw(t *testing.T) {
	n, held := 0, 0
	for _, file := range corpus.Files(t, "vcf", ".vcf") {
		parts, err := vcard.Split(file.Data, contentline.Limits{})
		if err != nil {
			continue
		}
		for _, p := range parts {
			if _, _, err := parse(p.Data); err != nil {
				continue
			}
			for _, to := range []string{"2.1", "3.0", "4.0"} {
				if to == "2.1" && bytes.Contains(p.Data, []byte("\nAGENT")) && bytes.Contains(p.Data, []byte("VERSION:3.0")) {
					continue // its text, taken apart and put together again, is another text
				}
				n++
				if backThere(t, file.Name, p.Data, to) {
					held++
				}
			}
		}
	}
	t.Logf("%d of %d conversions there and back keep the meaning", held, n)
	if n < 300 {
		t.Errorf("only %d", n)
	}
}

// pools are lines of cards of each version, for any of them to meet any other.
var pools = map[string][]string{
	"4.0": {"FN:Anna", "N:Berg;Anna", `N;SORT-AS="Berg,Anna":Berg;Anna`, "N;SORT-AS=Berg,Anna:Berg;Anna", "TEL;TYPE=home;PREF=1:1", "TEL;TYPE=home;PREF=3:1", "TEL;VALUE=uri:tel:+1;ext=2",
		"TEL;VALUE=uri:sip:x", "EMAIL;TYPE=work:a@b", "KIND:group", "MEMBER:urn:uuid:1", "X-ADDRESSBOOKSERVER-KIND:group", "GENDER:F;x", "X-GENDER:F", "LANG;PREF=1:de", "ANNIVERSARY:20100506",
		"ANNIVERSARY:--05", "ANNIVERSARY;VALUE=text:spring", "X-ANNIVERSARY:20100506", "item1.ANNIVERSARY:20100506", "item1.X-ABLabel:x", "home.ANNIVERSARY:20100506", "BDAY:--0412", "BDAY:1980",
		"BDAY:19800412T083000Z", "BDAY:T10", "BDAY;VALUE=text:circa 1800", "BDAY:16040412", "BDAY;CALSCALE=gregorian:19800412", "RELATED;TYPE=spouse;VALUE=text:Bob",
		"RELATED;TYPE=spouse;PREF=1;VALUE=text:Bob", "RELATED;TYPE=friend:urn:uuid:2", "RELATED;TYPE=agent:urn:uuid:3", "RELATED;TYPE=agent;VALUE=text:x", "AGENT:x", "LABEL:x", "CLASS:PRIVATE",
		"X-TANDEM-CLASS:PUBLIC", "ADR;TYPE=home;LABEL=a^nb:;;S", "ADR;TYPE=work;PREF=2;LABEL=c:;;T", "ADR;LABEL=:;;U", "ADR;TYPE=home:;;V", "GEO:geo:1.5,-2", "GEO:geo:1,2;u=3", "TZ;VALUE=utc-offset:-0500", "TZ:-0500",
		"TZ:Europe/Berlin", "PHOTO:data:image/png;base64,QUJD", "PHOTO;MEDIATYPE=image/gif:http://x", "KEY;VALUE=text:abc", "NOTE;ALTID=1;LANGUAGE=de:a\\, b\\n", "CLIENTPIDMAP:1;urn:uuid:4", "XML:<a/>",
		"SORT-STRING:Z", "CATEGORIES:a,b\\,c", "ORG;SORT-AS=x:A;B", "IMPP;PREF=1:xmpp:a", "URL;PID=1.1:http://x", "item2.URL:http://y", "item2.X-ABLabel:_$!<HomePage>!$_", "item3.X-ABDATE:20100506", "item3.X-ABLabel:_$!<Anniversary>!$_", "item4.X-ABRELATEDNAMES:Bob", "item4.X-ABLabel:_$!<Spouse>!$_", "UID:urn:uuid:9", "X-ODD;A=b;C:d"},
	"3.0": {"FN:Anna", "N:Berg;Anna;;;", "SORT-STRING:Berg", "TEL;TYPE=home,pref:1", "TEL;TYPE=HOME;TYPE=VOICE:1", "TEL;TYPE=home;PREF=2:1", "EMAIL;TYPE=INTERNET,PREF:a@b", "EMAIL;TYPE=x400:c", "KIND:org", "MEMBER:x",
		"X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", "X-GENDER:F", "GENDER:M", "X-ANNIVERSARY:2010-05-06", "X-ANNIVERSARY:spring", "ANNIVERSARY:2010-05-06",
		"item1.X-ABDATE:2010-05-06", "item1.X-ABLabel:_$!<Anniversary>!$_", "item1.X-ABDATE;X-APPLE-OMIT-YEAR=1604:1604-05-06", "item2.X-ABRELATEDNAMES:Bob", "item2.X-ABLabel:_$!<Spouse>!$_",
		"item3.X-ABLabel:_$!<Friend>!$_", "item3.X-ABRELATEDNAMES;TYPE=pref:Eve", "RELATED;TYPE=friend:x", "BDAY:1980-04-12", "BDAY;VALUE=date:19800412", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12",
		"BDAY:1604-04-12", "BDAY:--04-12", "BDAY:spring", "BDAY:1980-04-12T08:30:00-01:00", "X-TANDEM-BDAY:1980", "ADR;TYPE=home:;;S", "LABEL;TYPE=home:a\\nb", "ADR;TYPE=work,pref:;;T", "LABEL;TYPE=work,pref:c", "LABEL:d",
		"LABEL;LANGUAGE=de;TYPE=home:e", "ADR:;;U", "AGENT;VALUE=uri:http://x", "AGENT:BEGIN:VCARD\\nFN:x\\nEND:VCARD", "CLASS:PRIVATE", "MAILER:m", "NAME:n", "PROFILE:VCARD", "GEO:1.5;-2", "GEO:x", "TZ:-05:00", "TZ:-0500",
		"TZ;VALUE=text:-05:00; EST", "PHOTO;ENCODING=b;TYPE=PNG:QUJD", "PHOTO;VALUE=uri:http://x", "SOUND;TYPE=OGG;ENCODING=b:QUJD", "KEY;ENCODING=b:QUJD", "KEY:abc", "NOTE:a\\, b\\;\\n", "CATEGORIES:a,b\\,c", "NICKNAME:x", "ORG:A;B",
		"IMPP;TYPE=pref:xmpp:a", "REV:2020-01-01T00:00:00Z", "SOURCE:http://x", "X-ODD;TYPE=a:b", "X-PHOTO;ENCODING=b:QUJD", "UID:9"},
	"2.1": {"N:Berg;Anna", "FN:Anna", "TEL;HOME;PREF:1", "TEL;X-OWN;CELL:2", "EMAIL;INTERNET:a@b", "ADR;HOME;ENCODING=QUOTED-PRINTABLE:;;S=0D=0AT", "LABEL;HOME;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab", "BDAY:19800412", "GEO:1.5,-2",
		"NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCll=3B", "NOTE:a\\nb;c,d", "PHOTO;JPEG;ENCODING=BASE64:QUJD", "PHOTO;VALUE=URL:http://x", "TZ:-05:00", "CATEGORIES:a,b", "ORG:A;B", "X-ODD;C:d\\;e", "URL:http://x", "REV:20200101T000000Z",
		"AGENT:|BEGIN:VCARD|VERSION:2.1|N:C|TEL;WORK:1|END:VCARD", "MAILER:m", "KIND:group", "SOUND;VALUE=CONTENT-ID:x", "KEY;X509;ENCODING=BASE64:QUJD"},
}

// TestConvertAny holds cards of any lines to the law, across one version: from 2.1 to 4.0 is both.
func TestConvertAny(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range 3_000 {
		for _, way := range [][2]string{{"4.0", "3.0"}, {"3.0", "4.0"}, {"2.1", "3.0"}, {"2.1", "4.0"}} {
			pool := pools[way[0]]
			var chosen []string
			for range 1 + r.IntN(7) {
				chosen = append(chosen, pool[r.IntN(len(pool))])
			}
			text := strings.ReplaceAll(strings.Join(chosen, "|"), "|", "\r\n")
			if !backThere(t, "any", body(way[0], text), way[1]) {
				if failed++; failed == 5 {
					t.Fatal("and more")
				}
			}
		}
	}
}

// FuzzConvert: what is a card stays one in every version, and comes back.
func FuzzConvert(f *testing.F) {
	f.Add("FN:A|BDAY:--0412|GEO:geo:1,2|TZ:-0500", uint8(2), uint8(1))
	f.Add("N:A;B|LABEL;HOME:x|ADR;HOME:;;x|AGENT:|BEGIN:VCARD|N:C|END:VCARD", uint8(0), uint8(2))
	f.Add("FN:A|SORT-STRING:b|CLASS:PUBLIC|PHOTO;ENCODING=b;TYPE=JPEG:QUJD|KIND:org", uint8(1), uint8(2))
	f.Fuzz(func(t *testing.T, text string, from, to uint8) {
		versions := []string{"2.1", "3.0", "4.0"}
		in := []byte("BEGIN:VCARD\r\nVERSION:" + versions[from%3] + "\r\n" + strings.ReplaceAll(text, "|", "\r\n") + "\r\nEND:VCARD\r\n")
		if _, _, err := parse(in); err != nil {
			return
		}
		out, err := Convert(in, versions[to%3])
		if err != nil {
			t.Fatalf("%v\n%q", err, in)
		}
		_, card, err := parse(out)
		if err != nil || card.Version.String() != versions[to%3] && card.Get("VERSION") != nil {
			t.Fatalf("%v\n%q\n%q", err, in, out)
		}
		if _, err := Convert(out, versions[from%3]); err != nil {
			t.Fatalf("back: %v\n%q\n%q", err, in, out)
		}
	})
}

func BenchmarkConvert(b *testing.B) {
	in := body("4.0", "UID:urn:uuid:1", "FN:Anna Müller", "N:Müller;Anna;;;", "TEL;TYPE=home;PREF=1:+49 1", "TEL;TYPE=cell;VALUE=uri:tel:+49-2", "EMAIL;TYPE=work:a@b.c",
		"BDAY:19800412", "ANNIVERSARY:20100506", "ADR;TYPE=home;LABEL=x:;;Street 1;Town;;123;", "GEO:geo:1.5,2.5", "NOTE:one\\, two\\nthree", "KIND:individual")
	for b.Loop() {
		if _, err := Convert(in, "3.0"); err != nil {
			b.Fatal(err)
		}
	}
}
