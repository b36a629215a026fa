package people_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
)

func card(name, mail string, more ...string) string {
	first, last, _ := strings.Cut(name, " ")
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + name + "\r\nN:" + last + ";" + first + ";;;\r\nFN:" + name + "\r\nEMAIL:" + mail + "\r\n" +
		strings.Join(append(more, ""), "\r\n") + "END:VCARD\r\n"
}

// jpeg is the beginning of a picture of n bytes; nobody looks further.
func jpeg(n int) string {
	return "\xff\xd8\xff\xe0\x00\x10JFIF\x00" + strings.Repeat("x", n-11)
}

func photo(n int) string {
	return "PHOTO;ENCODING=b;TYPE=JPEG:" + base64.StdEncoding.EncodeToString([]byte(jpeg(n)))
}

func (k *kit) search(query, options string) string {
	k.Helper()
	return k.ask(k.svc.Search, "Search", "<Search><Store><Name>GAL</Name><Query>"+query+"</Query>"+options+"</Store></Search>")
}

func (k *kit) lookFor(query, options string) string {
	k.Helper()
	return k.ask(k.svc.Find, "Find", "<Find><SearchId>1</SearchId><ExecuteSearch><GalSearchCriterion><Query>"+query+"</Query>"+options+"</GalSearchCriterion></ExecuteSearch></Find>")
}

// names are the names in an answer, in order.
func names(answer string) string {
	var out []string
	for _, part := range strings.Split(answer, "DisplayName=")[1:] {
		for _, end := range []string{" Phone=", " Office=", " Title=", " Company=", " FirstName=", " Alias=", " EmailAddress=", " Picture{", "}"} {
			part, _, _ = strings.Cut(part, end)
		}
		out = append(out, part)
	}
	return strings.Join(out, ", ")
}

// TestSearch: users and the asker's own contacts, by the beginnings of words, in order of their names, whichever command asks.
// MS-ASCMD_R416 to R426, R3698, R3699, R10031995 to R132004
func TestSearch(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Contact, card("Zoe Adams", "zoe@example.org", "TEL;TYPE=WORK:1", "TEL;TYPE=CELL:2", "TEL;TYPE=HOME:3", "TITLE:Smith", "ORG:Forge"),
		card("adam Young", "adam@example.org"), card("Émile Zola", "emile@example.fr"), card("Bob Adams", "Bob@Example.org", "TEL;TYPE=CELL:77"), card("O'Neil %_*", "on@example.org"))
	k.Put("bob", tandem.Contact, card("Secret Adams", "secret@example.org"))
	for query, want := range map[string]string{
		"adam":              "adam Young, Ann Adams, Bob Adams, Zoe Adams",
		"ADAMS":             "Ann Adams, Bob Adams, Zoe Adams",
		"zoe ad":            "Zoe Adams",
		"ad zo":             "Zoe Adams",
		"zoe@example.org":   "Zoe Adams",
		"bob@example":       "Bob Adams", // told once, with what the card adds
		"dams":              "",
		"nobody":            "",
		"émile":             "Émile Zola",
		"%":                 "O'Neil %_*",
		"&apos;; DROP --":   "",
		"secret":            "", // another user's contact
		"*":                 "",
		"\\":                "",
		"\"adam\" OR \"x\"": "",
	} {
		got := k.search(query, "")
		if query == "%" || query == "*" || query == "\\" {
			want = names(got) // whatever it is, it is an answer
		}
		if names(got) != want || !strings.HasPrefix(got, "Search{Status=1 Response{Store{Status=1") {
			t.Errorf("%s: %s\nin %s", query, names(got), got)
		}
		if f := k.lookFor(query, ""); names(f) != want || !strings.HasPrefix(f, "Find{Status=1 Response{Store=Mailbox Status=1") { // MS-ASCMD_R45251807
			t.Errorf("Find %s: %s\nin %s", query, names(f), f)
		}
	}
	want := "Result{Properties{DisplayName=Zoe Adams Phone=1 Title=Smith Company=Forge FirstName=Zoe LastName=Adams HomePhone=3 MobilePhone=2 EmailAddress=zoe@example.org}} Range=0-0 Total=1}"
	if got := k.search("zoe", ""); !strings.Contains(got, want) {
		t.Error(got)
	}
	if got := k.lookFor("zoe", ""); !strings.Contains(got, want) {
		t.Error(got)
	}
	if got := k.search("ann", ""); !strings.Contains(got, "DisplayName=Ann Adams Alias=ann EmailAddress=ann@example.org") { // MS-ASCMD_R5711, R1002501
		t.Error(got)
	}
	if got := k.search("bob", ""); !strings.Contains(got, "MobilePhone=77 Alias=bob EmailAddress=bob@example.org") {
		t.Error(got)
	}
	// MS-ASCMD_R3847, R38391805
	if got := k.search("nobody", ""); got != "Search{Status=1 Response{Store{Status=1}}}" {
		t.Error(got)
	}
	if got := k.lookFor("nobody", ""); got != "Find{Status=1 Response{Store=Mailbox Status=1}}" {
		t.Error(got)
	}
	k.Valid()
}

// TestSearchRange covers MS-ASCMD_R419, R420, R431, R3725, R3729, R3735, R3736, R4361, R4638, R72172518.
func TestSearchRange(t *testing.T) {
	k := newKit(t)
	for i := range 150 {
		k.Put("ann", tandem.Contact, card(fmt.Sprintf("Kim K%03d", i), fmt.Sprint(i, "@x")))
	}
	rng := func(r string) string { return "<Options><Range>" + r + "</Range></Options>" }
	for r, want := range map[string]struct {
		search, find string // what is told, or the status
		n            int
	}{
		"":                       {"Range=0-99 Total=150", "Range=0-99 Total=150", 100},
		"0-0":                    {"Range=0-0 Total=150", "Range=0-0 Total=150", 1},
		"0-9":                    {"Range=0-9 Total=150", "Range=0-9 Total=150", 10},
		"0-99":                   {"Range=0-99 Total=150", "Range=0-99 Total=150", 100},
		"10-19":                  {"Range=10-19 Total=150", "4", 10},
		"0-100":                  {"12", "Range=0-99 Total=150", 100}, // MS-ASCMD_R37071816
		"0-999":                  {"12", "Range=0-99 Total=150", 100},
		"99-199":                 {"12", "4", 0},
		"9-0":                    {"2", "2", 0},
		"-1-3":                   {"2", "2", 0},
		"0":                      {"2", "2", 0},
		"a-b":                    {"2", "2", 0},
		"0-1000":                 {"2", "2", 0},
		"1-99999999999999999999": {"2", "2", 0},
	} {
		options := rng(r)
		if r == "" {
			options = ""
		}
		got := k.search("kim", options)
		if len(want.search) > 2 {
			if !strings.Contains(got, want.search) || strings.Count(got, "Result{") != want.n {
				t.Errorf("Search %s: %d, %.200s", r, strings.Count(got, "Result{"), got)
			}
		} else if got != "Search{Status=1 Response{Store{Status="+want.search+"}}}" {
			t.Errorf("Search %s: %.200s", r, got)
		}
		got = k.lookFor("kim", options)
		switch want.find {
		case "2":
			if got != "Find{Status=2}" {
				t.Errorf("Find %s: %.200s", r, got)
			}
		case "4":
			if got != "Find{Status=1 Response{Store=Mailbox Status=4}}" {
				t.Errorf("Find %s: %.200s", r, got)
			}
		default:
			if !strings.Contains(got, want.find) {
				t.Errorf("Find %s: %.200s", r, got)
			}
		}
	}
	if got := k.search("kim k00", rng("20-30")); got != "Search{Status=1 Response{Store{Status=12}}}" {
		t.Error(got)
	}
	k.Valid()
}

// TestSearchStores: what is not served, and what is nonsense. MS-ASCMD_R4329, R4332, R4336, R4350, R3850
func TestSearchStores(t *testing.T) {
	k := newKit(t)
	store := func(s string) string { return "Search{Status=1 Response{Store{" + s + "}}}" }
	for ask, want := range map[string]string{
		"": "Search{Status=3}", "<Ping/>": "Search{Status=3}", "<Search/>": "Search{Status=3}", "<Search><Store/></Search>": store("Status=2"),
		"<Search><Store><Name>Mailbox</Name><Query><And><FreeText>x</FreeText></And></Query></Store></Search>":                                store("Status=1 Result"),
		"<Search><Store><Name>Mailbox</Name><Query>x</Query><Options><Range>0-400</Range></Options></Store></Search>":                         store("Status=12"),
		"<Search><Store><Name>Mailbox</Name><Query>x</Query><Options><Range>x</Range></Options></Store></Search>":                             store("Status=2"),
		"<Search><Store><Name>Mailbox</Name></Store></Search>":                                                                                store("Status=2"),
		"<Search><Store><Name>DocumentLibrary</Name><Query/></Store></Search>":                                                                store("Status=4"),
		"<Search><Store><Name>Attic</Name><Query>x</Query></Store></Search>":                                                                  store("Status=2"),
		"<Search><Store><Name>GAL</Name></Store></Search>":                                                                                    store("Status=2"),
		"<Search><Store><Name>GAL</Name><Query/></Store></Search>":                                                                            store("Status=2"),
		"<Search><Store><Name>GAL</Name><Query>   </Query></Store></Search>":                                                                  store("Status=2"),
		"<Search><Store><Name>GAL</Name><Query>" + strings.Repeat("a ", 200) + "</Query></Store></Search>":                                    store("Status=8"),
		"<Search><Store><Name>gal</Name><Query>ann</Query><Options><airsync:CollectionId>0</airsync:CollectionId></Options></Store></Search>": store("Status=1 Result{Properties{DisplayName=Ann Adams Alias=ann EmailAddress=ann@example.org}} Range=0-0 Total=1"), // field note 42
	} {
		if got := k.ask(k.svc.Search, "Search", ask); got != want {
			t.Errorf("%s: %s, want %s", ask, got, want)
		}
	}
	find := func(s string) string {
		return "<Find><SearchId>1</SearchId><ExecuteSearch>" + s + "</ExecuteSearch></Find>"
	}
	for ask, want := range map[string]string{
		"": "Find{Status=2}", "<Ping/>": "Find{Status=2}", "<Find/>": "Find{Status=2}", "<Find><ExecuteSearch/></Find>": "Find{Status=2}", find(""): "Find{Status=2}",
		find("<MailBoxSearchCriterion><Query><FreeText>x</FreeText></Query></MailBoxSearchCriterion>"): "Find{Status=1 Response{Store=Mailbox Status=1}}",
		find("<GalSearchCriterion/>"): "Find{Status=2}",
		find("<GalSearchCriterion><Query>" + strings.Repeat("a", 300) + "</Query></GalSearchCriterion>"): "Find{Status=2}",
	} {
		if got := k.ask(k.svc.Find, "Find", ask); got != want {
			t.Errorf("%s: %s, want %s", ask, got, want)
		}
	}
	k.Valid()
}

// TestPictures covers MS-ASCMD_R3287 to R3289, R3294 to R3297, R3310, R32831607 to R32831610, R4372 to R4375.
func TestPictures(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Contact, card("Kim A", "a@x", photo(100)), card("Kim B", "b@x"), card("Kim C", "c@x", photo(3000)), card("Kim D", "d@x", photo(200)))
	all := func(answer string) (out []string) {
		for _, part := range strings.Split(answer, "Picture{Status=")[1:] {
			status, _, _ := strings.Cut(part, "}")
			status, data, found := strings.Cut(status, ` Data="`)
			if found {
				status += fmt.Sprint(":", len(strings.TrimSuffix(data, `"`)))
			}
			out = append(out, status)
		}
		return out
	}
	for options, want := range map[string]string{
		"":           "[]",
		"<Picture/>": "[1:100 173 1:3000 1:200]",
		"<Picture><MaxSize>150</MaxSize></Picture>":                             "[1:100 173 174 174]",
		"<Picture><MaxPictures>1</MaxPictures></Picture>":                       "[1:100 173 175 175]",
		"<Picture><MaxPictures>0</MaxPictures></Picture>":                       "[175 173 175 175]",
		"<Picture><MaxSize>250</MaxSize><MaxPictures>1</MaxPictures></Picture>": "[1:100 173 174 175]",
		"<Picture><MaxSize>x</MaxSize><MaxPictures>-1</MaxPictures></Picture>":  "[1:100 173 1:3000 1:200]",
	} {
		if got := fmt.Sprint(all(k.search("kim", "<Options>"+options+"</Options>"))); got != want {
			t.Errorf("Search %s: %s, want %s", options, got, want)
		}
		if got := fmt.Sprint(all(k.lookFor("kim", "<Options>"+options+"</Options>"))); got != want {
			t.Errorf("Find %s: %s, want %s", options, got, want)
		}
	}
	k.Version = eas.V140 // MS-ASCMD_R7273
	if got := k.search("kim", "<Options><Picture/></Options>"); strings.Contains(got, "Picture") {
		t.Error(got)
	}
	k.Valid()
}

// TestLargeDirectory: with thousands of contacts a question costs what it finds, within bounds.
func TestLargeDirectory(t *testing.T) {
	k := newKit(t)
	var list []string
	for i := range 5000 {
		list = append(list, card(fmt.Sprintf("Common N%04d", i), fmt.Sprintf("n%d@x", i)))
	}
	k.Put("ann", tandem.Contact, list...)
	for query, most := range map[string]time.Duration{"n4321": 50 * time.Millisecond, "common": 2 * time.Second} {
		k.search(query, "") // the first fills caches
		start := time.Now()
		got := k.search(query, "")
		if took := time.Since(start); took > most {
			t.Errorf("%s took %v", query, took)
		}
		if !strings.Contains(got, "Result{") {
			t.Errorf("%s: %s", query, got)
		}
	}
	if got := k.search("common", ""); !strings.Contains(got, "Range=0-99 Total=500}") { // MS-ASCMD 2.2.3.184.3: an estimate
		t.Errorf("%s", got[len(got)-60:])
	}
}

func BenchmarkSearch(b *testing.B) {
	k := newKit(b)
	var list []string
	for i := range 5000 {
		list = append(list, card(fmt.Sprintf("Common N%04d", i), fmt.Sprintf("n%d@x", i)))
	}
	k.Put("ann", tandem.Contact, list...)
	for _, query := range []string{"n4321", "common"} {
		doc := k.XML("<Search><Store><Name>GAL</Name><Query>" + query + "</Query></Store></Search>")
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if _, err := k.svc.Search(b.Context(), k.Request("ann", "Search", doc)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
