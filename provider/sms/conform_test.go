package sms_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tandem"
	kindsms "tandem/kind/sms"
	"tandem/provider"
	"tandem/provider/providertest"
	"tandem/provider/sms"
)

func body(n, v, size int) []byte {
	m := kindsms.Message{From: []kindsms.Party{{Number: "+4917" + strconv.Itoa(n)}}, Date: 1_700_000_000_000 + int64(n), Text: fmt.Sprintf("text %d version %d", n, v) + strings.Repeat(" and on", size/7)}
	b, err := tandem.ReadBody(m.Body(), 1<<30)
	if err != nil {
		panic(err)
	}
	return b
}

func element(id tandem.ID, b []byte) string {
	m, err := kindsms.Parse(tandem.Bytes(b))
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`  <sms protocol="0" address="%s" date="%d" type="1" subject="null" body="%s" read="0" tandem_id="%s" />`+"\n", m.From[0].Number, m.Date, m.Text, id)
}

func TestConformity(t *testing.T) {
	providertest.Run(t, providertest.Factory{
		Kind: tandem.SMS, Body: body, Rewrites: true,
		ID:     func(n int) tandem.ID { return tandem.ID(fmt.Sprintf("record-%d", n)) },
		OddIDs: []tandem.ID{"with space", "größer", "名前", "a#b", "%41", "x.y.z", `q"<>&'`, "😀"},
		Attrs: func(v int) tandem.Attrs {
			return tandem.MakeAttrs(map[string]string{"seen": strings.Repeat("1", v%2), "box": []string{"", "sent", "draft", "outbox"}[v%4], "flagged": strings.Repeat("1", v/2%2)})
		},
		New: func(t *testing.T) *providertest.Place {
			path := filepath.Join(t.TempDir(), "sms.xml")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return &providertest.Place{
				Open: func(ctx context.Context) (*provider.Opened, error) { return sms.Open(ctx, path) },
				Edit: func(id tandem.ID, b []byte) error { return edit(path, id, b) },
				Vanish: func() (func(), error) {
					return func() {
						if err := os.Rename(path+"-aside", path); err != nil {
							t.Error(err)
						}
					}, os.Rename(path, path+"-aside")
				},
			}
		},
	})
}

// edit changes a file as another program would.
func edit(path string, id tandem.ID, b []byte) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(data)
	if text == "" {
		text = "<smses count=\"0\">\n</smses>\n"
	}
	was := regexp.MustCompile(`(?m)^.*tandem_id="` + regexp.QuoteMeta(string(id)) + `".*\n`)
	now := ""
	if b != nil {
		now = element(id, b)
	}
	if was.MatchString(text) {
		text = was.ReplaceAllLiteralString(text, now)
	} else {
		text = strings.Replace(text, "</smses>", now+"</smses>", 1)
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
