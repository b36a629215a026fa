package props

import (
	"net/http"
	"strconv"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Properties of files that are attributes of theirs, so that they travel into folders and back.
var (
	executableName = davxml.Name{Space: "http://apache.org/dav/props/", Local: "executable"}          // of Apache's mod_dav_fs, davfs2 and cadaver
	modifiedName   = davxml.Name{Space: "urn:schemas-microsoft-com:", Local: "Win32LastModifiedTime"} // of Windows
)

// plainFile reports whether a resource is a file, and neither a directory nor a link.
func plainFile(res *proto.Resource) bool {
	return res.Sort == proto.Member && res.Tree() && res.Record != nil && res.Record.Attrs.Get("type") == ""
}

// mode are the permissions of a file in octal, as far as they are known.
func mode(a tandem.Attrs) (bits uint64, known bool) {
	bits, err := strconv.ParseUint(a.Get("mode"), 8, 32)
	return bits, err == nil
}

// executable is T or F; it is not there where nobody has said so yet.
func executable(_ *query, res *proto.Resource) *davxml.Element {
	if !plainFile(res) {
		return nil
	}
	bits, known := mode(res.Record.Attrs)
	switch {
	case !known:
		return nil
	case bits&0o100 != 0:
		return davxml.NewText(executableName, "T")
	}
	return davxml.NewText(executableName, "F")
}

// setExecutable lets those execute a file who may read it, or nobody.
func setExecutable(p *patch, e *davxml.Element) error {
	if !plainFile(p.res) {
		return notHere()
	}
	bits, known := mode(p.attrs())
	switch e.Value() {
	case "T":
		if !known {
			bits = 0o644
		}
		bits |= bits & 0o444 >> 2
	case "F", "":
		if !known {
			return p.mayWrite()
		}
		bits &^= 0o111
	default:
		return davxml.Failf(http.StatusConflict, "a file is executable, T, or not, F")
	}
	p.setAttr("mode", strconv.FormatUint(bits, 8))
	return p.mayWrite()
}

// windowsModified is when a file was changed, as Windows asks for it.
func windowsModified(_ *query, res *proto.Resource) *davxml.Element {
	if !plainFile(res) {
		return nil
	}
	return davxml.NewText(modifiedName, proto.Modified(res.Record).Format(http.TimeFormat))
}

// setWindowsModified keeps the time of a file that Windows copies.
func setWindowsModified(p *patch, e *davxml.Element) error {
	if !plainFile(p.res) {
		return notHere()
	}
	when, err := http.ParseTime(e.Value())
	switch {
	case e == nil:
		return protected()
	case err != nil:
		return davxml.Failf(http.StatusConflict, "%q is no time", e.Value())
	}
	p.setAttr("mtime", strconv.FormatInt(when.UnixNano(), 10))
	return p.mayWrite()
}

// attrs are the attributes of the record as they will be.
func (p *patch) attrs() tandem.Attrs {
	a := p.res.Record.Attrs
	for key, value := range p.attr {
		a = a.With(key, value)
	}
	return a
}

func (p *patch) setAttr(key, value string) {
	if p.attr == nil {
		p.attr = map[string]string{}
	}
	p.attr[key] = value
}

// mostTries is how often attributes are set when others write at the same moment.
const mostTries = 5

// writeAttrs sets attributes of a record, whatever else became of it meanwhile.
func (p *patch) writeAttrs() error {
	for range mostTries {
		now := p.attrs()
		if now == p.res.Record.Attrs {
			return nil
		}
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.SetAttrs, ID: p.res.ID, If: p.res.Record.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: now}}}}
		out, err := p.svc.Home.Write(p.ctx, p.res.Reach.ID, p.author, []store.HomeWrite{w})
		if err != nil || out[0].Status == tandem.Applied {
			return err
		}
		if out[0].Status != tandem.PreconditionFailed {
			return out[0].Err
		}
		there := false
		for rec, err := range p.svc.Home.Get(p.ctx, p.res.Reach.ID, []tandem.ID{p.res.ID}) {
			if err != nil {
				return err
			}
			p.res.Record, there = &rec, true
		}
		if !there {
			return out[0].Err
		}
	}
	return &tandem.Error{Kind: tandem.Busy, Op: "set properties", Thing: string(p.res.ID), Remedy: "try again"}
}
