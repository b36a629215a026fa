package wbxml

// Global tokens. MS-ASWBXML 1.6, WBXML 1.3 7.1
const (
	tokSwitchPage = 0x00
	tokEnd        = 0x01
	tokEntity     = 0x02
	tokStrI       = 0x03
	tokLiteral    = 0x04
	tokExtI0      = 0x40
	tokExtI2      = 0x42
	tokPI         = 0x43
	tokLiteralC   = 0x44
	tokExtT0      = 0x80
	tokExtT2      = 0x82
	tokStrT       = 0x83
	tokLiteralA   = 0x84
	tokExt0       = 0xc0
	tokExt2       = 0xc2
	tokOpaque     = 0xc3
	tokLiteralAC  = 0xc4

	hasContent    = 0x40
	hasAttributes = 0x80
)

const (
	charsetASCII  = 3   // US-ASCII in IANA's register of character sets
	charsetLatin1 = 4   // ISO-8859-1
	charsetUTF8   = 106 // UTF-8
)

// header reads version, public identifier, character set and string table. WBXML 1.3 5.4
func (d *Decoder) header() error {
	version, err := d.src.byte()
	if err != nil {
		return err
	}
	if version > 3 {
		if version == '<' || version == 0xef {
			return d.fault(0, BadHeader, "it begins like XML")
		}
		return d.fault(0, BadHeader, "version byte 0x%02x", version)
	}
	public, err := d.src.integer()
	if err == nil && public == 0 { // its name is in the string table; no name says more than the content
		_, err = d.src.integer()
	}
	if err != nil {
		return err
	}
	at := d.src.offset()
	charset, err := d.src.integer()
	if err != nil {
		return err
	}
	switch charset {
	case 0, charsetASCII, charsetUTF8: // 0: not known; all that is left is to hope for UTF-8
	case charsetLatin1:
		d.latin1 = true
	default:
		return d.fault(at, BadCharset, "number %d in IANA's register; UTF-8 is %d", charset, charsetUTF8)
	}
	n, err := d.src.integer()
	if err == nil && n > 0 {
		d.strings, err = d.src.appendN(nil, int64(n))
	}
	return err
}

// attributes skips attributes, or what is in a processing instruction, up to their END.
func (d *Decoder) attributes(at int64) error {
	for {
		tok, err := d.src.byte()
		if err != nil {
			return err
		}
		switch tok {
		case tokEnd:
			return nil
		case tokSwitchPage: // attributes have code pages of their own
			_, err = d.src.byte()
		case tokStrI:
			_, err = d.src.text()
		case tokEntity, tokStrT, tokLiteral:
			_, err = d.src.integer()
		case tokOpaque:
			var n uint32
			if n, err = d.src.integer(); err == nil {
				err = d.src.skip(int64(n))
			}
		case tokPI, tokLiteralC, tokLiteralA, tokLiteralAC:
			err = d.fault(d.src.offset()-1, BadToken, "0x%02x among attributes", tok)
		default:
			if tok&0x3f < tokPI&0x3f {
				err = d.extension(tok)
			}
		}
		if err != nil {
			return err
		}
	}
}

// extension skips what follows an extension token. WBXML 1.3 5.8.4.2
func (d *Decoder) extension(tok byte) error {
	var err error
	switch {
	case tok >= tokExtI0 && tok <= tokExtI2:
		_, err = d.src.text()
	case tok >= tokExtT0 && tok <= tokExtT2:
		_, err = d.src.integer()
	}
	return err // EXT_0 to EXT_2 stand alone
}
