package mail

import (
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/wire/mime"
)

// fieldsText bounds how much of the text of a message Fields tells, in bytes.
const fieldsText = 64 << 10

// Fields implements kind.Fielder.
func (Handler) Fields(body []byte) ([]kind.Field, error) {
	b := tandem.Bytes(body)
	e, _, _, err := Read(b)
	if err != nil {
		return nil, err
	}
	text, err := e.Text(b, fieldsText)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, f := range e.Files {
		files = append(files, f.Name)
	}
	date := ""
	if e.Date != 0 {
		date = time.Unix(e.Date, 0).UTC().Format("2006-01-02 15:04 UTC")
	}
	var out []kind.Field
	for _, f := range []kind.Field{{Label: "subject", Text: e.Subject}, {Label: "from", Text: names(e.From)}, {Label: "to", Text: names(e.To)}, {Label: "copy to", Text: names(e.Cc)},
		{Label: "blind copy to", Text: names(e.Bcc)}, {Label: "date", Text: date}, {Label: "sender checked", Text: e.Checked.String()}, {Label: "text", Text: strings.TrimSpace(text)}, {Label: "attachments", Text: strings.Join(files, "\n")},
		{Label: "size", Text: strconv.Itoa(len(body)) + " bytes"}} {
		if f.Text != "" {
			out = append(out, f)
		}
	}
	return out, nil
}

func names(list []mime.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return strings.Join(out, "\n")
}
