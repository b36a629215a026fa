package mail

import (
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/wire/wbxml"
)

// textMost is how much of a text is read for a client that sets no limit, in bytes; more than people read, and no danger to memory.
const textMost = 4 << 20

// text shows the body, the part of the message that is its own, or both, as the client asks for them. MS-ASCON_R245 to R248
func (v View) text(r eas.Record, e *Envelope, o eas.Options) (shown []*wbxml.Element, native *wbxml.Element, err error) {
	asked := o.Part != nil && o.Version >= eas.V141
	if !asked || len(o.Bodies) > 0 {
		var whole *wbxml.Element
		if whole, native, err = v.body(r, e, o); err != nil {
			return nil, nil, err
		}
		shown = append(shown, whole)
	}
	if !asked {
		return shown, native, nil
	}
	t, err := e.native(r, o.Language)
	return append(shown, body.Part(t, *o.Part)), native, err
}

// charsets finds what HTML says of its encoding, which is another one over here.
var charsets = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(<meta\b[^<>]{0,200}?\bcharset\s*=\s*["']?)[\w-]+`)
})

// native is the text in the form that it came in.
func (e *Envelope) native(r eas.Record, language string) (t body.Text, err error) {
	if len(e.HTML) > 0 {
		t.Type = eas.HTML
		t.Data, err = e.Markup(r.Body, textMost)
		t.Data, t.Whole = charsets().ReplaceAllString(t.Data, "${1}utf-8"), true
	} else {
		t.Data, err = e.Text(r.Body, textMost)
	}
	if len(e.HTML) == 0 && len(e.Plain) == 0 && e.Broken {
		t.Data = ""
	}
	if err == nil {
		t.Data = e.warned(t.Data, t.Type == eas.HTML, language)
	}
	return t, err
}

// bodies finds where the text of HTML begins.
var bodies = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)<body\b[^<>]{0,1000}>`) })

// warned is a text below a warning, where the reader's own server found that the message is not from whom it says: programs on phones do not look for that themselves.
func (e *Envelope) warned(text string, markup bool, language string) string {
	if !e.Checked.Forged() {
		return text
	}
	say := warningIn(language)
	from := say.nobody
	if len(e.From) == 1 && e.From[0].Email != "" {
		from = e.From[0].Email
	}
	warning := fmt.Sprintf(say.text, e.Checked.By, from)
	if !markup {
		return warning + "\n\n" + text
	}
	at := 0
	if i := bodies().FindStringIndex(text[:min(len(text), 64<<10)]); i != nil {
		at = i[1]
	}
	return text[:at] + "<p style=\"border:2px solid #c00;padding:4px\">" + html.EscapeString(warning) + "</p>" + text[at:]
}

// warning is what is said of a message that its domain disowns.
type warning struct{ text, nobody string }

// warningIn is the warning in a language, as it is named by whoever speaks it, by its tag, or in English. RFC 5646 2.1
func warningIn(language string) warning {
	tag, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(language)), "_", "-"), "-")
	if tag == "de" || strings.HasPrefix(tag, "deutsch") || strings.HasPrefix(tag, "german") {
		return warning{"Vorsicht: %s konnte nicht bestätigen, dass diese Nachricht von %s kommt.", "dem angegebenen Absender"}
	}
	return warning{"Careful: %s could not confirm that this message comes from %s.", "who it says"}
}

// body shows the text as the client prefers it, or the message itself. MS-ASAIRS 2.2.2.9
func (v View) body(r eas.Record, e *Envelope, o eas.Options) (shown, native *wbxml.Element, err error) {
	if p, ok := wantsMIME(e, o); ok {
		shown, err = whole(r, e, p)
		return shown, nil, err
	}
	t, err := e.native(r, o.Language)
	if err != nil {
		return nil, nil, err
	}
	o.Bodies = withoutMIME(o.Bodies)
	shown, native = body.Show(t, o)
	return shown, native, nil
}

func withoutMIME(all []eas.BodyPreference) []eas.BodyPreference {
	var out []eas.BodyPreference
	for _, p := range all {
		if p.Type != eas.MIME {
			out = append(out, p)
		}
	}
	return out
}

// wantsMIME tells whether the client gets the message itself, and how much of it. MS-ASCMD 2.2.3.110
func wantsMIME(e *Envelope, o eas.Options) (eas.BodyPreference, bool) {
	if o.MIME == 0 || o.MIME == 1 && e.Class != Signed && e.Class != Opaque && e.Class != Encrypted {
		return eas.BodyPreference{}, false
	}
	for _, p := range o.Bodies {
		if p.Type == eas.MIME {
			return p, true
		}
	}
	return eas.BodyPreference{}, false
}

// wholeMost is the size in bytes of the largest message that is handed out in one element.
const wholeMost = 64 << 20

// whole is a message as it is, or the beginning of it.
func whole(r eas.Record, e *Envelope, p eas.BodyPreference) (*wbxml.Element, error) {
	size, limit := e.Size, int64(wholeMost)
	if p.Truncation >= 0 {
		limit = min(limit, p.Truncation)
	}
	out := wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, strconv.Itoa(int(eas.MIME))),
		wbxml.Text(wbxml.AirSyncBaseEstimatedDataSize, strconv.FormatInt(size, 10)))
	if size > limit {
		out.Add(wbxml.Text(wbxml.AirSyncBaseTruncated, "1"))
		if p.AllOrNone {
			return out, nil
		}
	}
	in, err := r.Body.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil {
		return nil, err
	}
	return out.Add(wbxml.Opaque(wbxml.AirSyncBaseData, data)), nil
}
