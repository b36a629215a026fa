package mime_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"tandem/internal/corpus"
	"tandem/wire/mime"
)

// oracle is how another program read a message: the parser of the Stalwart mail server, whose tests the corpus has.
type oracle struct {
	Parts []struct {
		Headers []struct {
			Name  string          `json:"name"`
			Value json.RawMessage `json:"value"`
		} `json:"headers"`
		Body   map[string]json.RawMessage `json:"body"`
		Header int64                      `json:"offset_header"`
		Start  int64                      `json:"offset_body"`
		End    int64                      `json:"offset_end"`
	} `json:"parts"`
}

// differ are the messages that the two read differently, and why ours may stand.
var differ = map[string]string{
	"malformed__000": "a message of nothing has an empty text to us",
	"malformed__001": "a boundary on the very first line of a message without a header: a line of text to us",
	"malformed__004": "boundaries that never come: the whole is text to us",
	"malformed__007": "nested multiparts with one boundary, and nothing in them",
	"malformed__009": "an inner multipart's boundary is the beginning of the outer one's: we tell them apart",
	"malformed__010": "the oracle finds no text at all",
	"malformed__011": "as 009",
	"malformed__012": "the oracle finds no text at all",
	"malformed__013": "an empty part at the end is a part to us",
	"malformed__014": "an empty part at the end is a part to us",
	"malformed__016": "three boundaries that begin alike, opened again after they were left: we do not open what is closed",
	"malformed__020": "a type is given twice: we take the first",
	"malformed__021": "a type is given twice: we take the first",
	"rfc__000":       "text that is said to be base64: we pass over what is none",
	"rfc__002":       "the oracle lists parts of messages within messages elsewhere",
	"rfc__004":       "the oracle lists parts of messages within messages elsewhere",
	"rfc__007":       "the oracle lists parts of messages within messages elsewhere",
	"rfc__008":       "the oracle lists parts of messages within messages elsewhere",
	"rfc__009":       "the oracle lists parts of messages within messages elsewhere",
}

// TestCorpusAgainstOracle: of what another program found in messages, broken ones among them, we find the same texts in the same places.
func TestCorpusAgainstOracle(t *testing.T) {
	compared := 0
	for _, f := range corpus.Files(t, "mime/mail-parser", ".json") {
		eml := strings.TrimSuffix(f.Path, ".json") + ".eml"
		data, err := os.ReadFile(eml)
		if err != nil {
			continue
		}
		var want oracle
		if json.Unmarshal(f.Data, &want) != nil || len(want.Parts) == 0 {
			continue
		}
		root, err := mime.Scan(bytes.NewReader(data), mime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		compared++
		var got, exp []string
		root.Walk(func(p *mime.Part) bool {
			if len(p.Parts) == 0 {
				text, _, err := p.Text(p.Section(bytes.NewReader(data)), 1<<20)
				if raw, _ := io.ReadAll(p.Decode(p.Section(bytes.NewReader(data)))); err == nil && !strings.HasPrefix(p.Type, "text/") {
					text = string(raw)
				}
				got = append(got, norm(text))
			}
			return true
		})
		for _, p := range want.Parts {
			for sort, raw := range p.Body {
				var text string
				switch sort {
				case "Text", "Html":
					if json.Unmarshal(raw, &text) != nil {
						t.Fatal(f.Name)
					}
				case "Binary", "InlineBinary":
					var ints []int
					if json.Unmarshal(raw, &ints) != nil {
						t.Fatal(f.Name)
					}
					b := make([]byte, len(ints))
					for i, v := range ints {
						b[i] = byte(v)
					}
					text = string(b)
				default:
					continue
				}
				exp = append(exp, norm(text))
			}
		}
		name := strings.TrimSuffix(path.Base(f.Name), ".json")
		if same := slices.Equal(got, exp); !same && differ[name] == "" {
			t.Errorf("%s:\n got %q\nwant %q", f.Name, got, exp)
		} else if same && differ[name] != "" {
			t.Errorf("%s: both read it alike, take it off the list", f.Name)
		}
	}
	if compared < 30 {
		t.Errorf("only %d messages were compared", compared)
	}
}

func norm(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
