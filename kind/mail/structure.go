package mail

import (
	"strings"

	"tandem/wire/mime"
)

// structure finds the text, the attachments and the class in the tree of a message.
func (e *Envelope) structure(root *mime.Part) {
	switch root.Type {
	case "multipart/signed":
		e.Class = Signed
		if strings.Contains(strings.ToLower(root.Params["protocol"]), "pgp-encrypted") {
			e.Class = Encrypted
		}
	case "multipart/encrypted":
		e.Class = Encrypted
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		e.Class = Opaque
	case "multipart/report":
		e.Class, e.Method = Report, strings.ToUpper(clip(root.Params["report-type"], 50))
	}
	e.walk(root, false)
	if e.Event != nil && e.Class == Plain {
		e.Class = Meeting
	}
}

// walk sorts a part and what is below it. related says that it is beside the text of a multipart/related, which shows it.
func (e *Envelope) walk(p *mime.Part, related bool) {
	if p.Multipart() && len(p.Parts) > 0 {
		switch p.Type {
		case "multipart/alternative":
			e.alternative(p, related)
			return
		case "multipart/related":
			root := rootOf(p)
			for _, c := range p.Parts {
				e.walk(c, related || c != root)
			}
			return
		}
		for _, c := range p.Parts {
			e.walk(c, related)
		}
		return
	}
	switch typ := p.Type; {
	case p.Multipart(): // without parts: its boundary never came, and people see the text
		e.Plain = append(e.Plain, section(p))
	case p.Disposition != "attachment" && p.Name == "" && !related && typ == "text/plain":
		e.Plain = append(e.Plain, section(p))
	case p.Disposition != "attachment" && p.Name == "" && !related && typ == "text/html":
		e.HTML = append(e.HTML, section(p))
	case typ == "text/calendar" && p.Params["method"] != "" && e.Event == nil:
		e.calendar(p)
		if p.Disposition == "attachment" || p.Name != "" {
			e.attach(p, related)
		}
	default:
		e.attach(p, related)
	}
}

func (e *Envelope) calendar(p *mime.Part) {
	s := section(p)
	e.Event, e.Method = &s, strings.ToUpper(p.Params["method"])
}

// alternative takes the texts of a multipart/alternative: one plain, one HTML, and the invitation. What else is offered is no attachment, but files within
// are. RFC 2046 5.1.4
func (e *Envelope) alternative(p *mime.Part, related bool) {
	plain, html := len(e.Plain), len(e.HTML)
	for _, c := range p.Parts {
		switch {
		case c.Type == "text/plain" && len(e.Plain) > plain, c.Type == "text/html" && len(e.HTML) > html, c.Type == "text/enriched", c.Type == "text/rtf",
			c.Type == "text/x-amp-html", c.Type == "text/watch-html":
			continue
		case c.Type == "text/calendar" && e.Event == nil:
			e.calendar(c)
			continue
		}
		e.walk(c, related)
	}
	// A text that came in one form only, beside texts that came before in the other: both lists must tell the whole.
	switch {
	case len(e.Plain) > plain && len(e.HTML) == html && html > 0, len(e.HTML) > html && len(e.Plain) == plain && plain > 0:
		e.Note = "its texts are in different forms"
	}
}

// rootOf is the part of a multipart/related that shows the others. RFC 2387 3.2
func rootOf(p *mime.Part) *mime.Part {
	if start := strings.Trim(p.Params["start"], "<> "); start != "" {
		for _, c := range p.Parts {
			if c.ID == start {
				return c
			}
		}
	}
	return p.Parts[0]
}

func section(p *mime.Part) Section {
	return Section{Path: p.Path, Start: p.Start, Body: p.Body, End: p.End, Encoding: p.Encoding, Charset: p.Params["charset"],
		Flowed: strings.EqualFold(p.Params["format"], "flowed"), DelSp: strings.EqualFold(p.Params["delsp"], "yes")}
}

// filesMax is how many attachments an envelope tells of.
const filesMax = 500

func (e *Envelope) attach(p *mime.Part, related bool) {
	if len(e.Files) >= filesMax || p.Disposition == "" && p.Name == "" && p.Size() == 0 {
		return
	}
	f := File{Section: section(p), Type: p.Type, Name: clip(oneLine(p.Name), 500), ID: clip(p.ID, 500), Place: clip(oneLine(p.Header.Get("Content-Location")), 1000), Size: p.Size(),
		Inline: (related || p.Disposition == "inline") && p.ID != "" && p.Disposition != "attachment"}
	if p.Encoding == "base64" {
		f.Size = max(0, (p.Size()-2*p.Lines)*3/4)
	}
	if f.Name == "" {
		f.Name = nameFor(p)
	}
	if packed(p) && len(e.packs) < packsMax {
		e.packs = append(e.packs, pack{section(p), len(e.Files)})
	}
	e.Files = append(e.Files, f)
}

// nameFor gives a file that came without a name one that tells what it is.
func nameFor(p *mime.Part) string {
	if p.Type == "message/rfc822" {
		subject := ""
		if len(p.Parts) > 0 {
			subject = strings.Map(func(r rune) rune {
				if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
					return '_'
				}
				return r
			}, p.Parts[0].Header.Text("Subject"))
		}
		if subject == "" {
			subject = "message"
		}
		return clip(subject, 100) + ".eml"
	}
	_, sub, _ := strings.Cut(p.Type, "/")
	switch sub {
	case "plain":
		sub = "txt"
	case "jpeg":
		sub = "jpg"
	case "octet-stream":
		sub = "bin"
	case "calendar":
		sub = "ics"
	case "pgp-signature":
		return "signature.asc"
	}
	return "part-" + strings.ReplaceAll(p.Path, ".", "-") + "." + clip(strings.TrimPrefix(sub, "x-"), 20)
}
