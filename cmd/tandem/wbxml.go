package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/internal/ui"
	"tandem/wire/wbxml"
)

const wbxmlHelp = `Turns WBXML, the binary form in which phones speak Exchange ActiveSync, into XML that
can be read, and XML back into WBXML. Which way to go is seen from the first byte of
the input. Without a FILE, or with -, standard input is read.

Nothing is lost either way: an opaque value is base64, or marked <?wbxml opaque?>
where it is text; a tag that ActiveSync does not have is named after its number.
What had to be left out or repaired is told on standard error.

In XML the namespaces are those of the published schemas (xmlns="AirSync"). Other
spellings are read as well, and an element without a namespace where its name is clear.`

const wbxmlExamples = `  tandem wbxml request.wbxml
  curl -s … | tandem wbxml
  tandem wbxml answer.xml > answer.wbxml
  echo '03 01 6a 00 00 07 56 52 03 30 00 01 01' | tandem wbxml --hex
  tandem wbxml --hex answer.xml`

func (a *app) wbxmlCommand() *cobra.Command {
	digits := false
	c := &cobra.Command{
		Use:     "wbxml [FILE]",
		Short:   "Turn WBXML into XML, and XML into WBXML",
		Long:    wbxmlHelp,
		Example: wbxmlExamples,
		Args:    args(0, 1, "wbxml takes one file, or none to read standard input"),
		RunE: func(_ *cobra.Command, args []string) error {
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			return a.convertWBXML(name, digits)
		},
	}
	c.Flags().BoolVar(&digits, "hex", false, "the WBXML, read or written, is in hexadecimal digits")
	return c
}

const needsWBXML = "name a file that holds WBXML or its XML, or send it to standard input"

// A person converts a file of their own: the limits are there against a mistake, not against an attack.
const maxConvert = 1 << 30

func (a *app) convertWBXML(name string, digits bool) error {
	input, err := a.readInput(name)
	if err != nil {
		return err
	}
	thing := name
	if name == "-" {
		thing = "standard input"
	}
	begin := bytes.TrimLeft(bytes.TrimPrefix(input, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(begin) == 0 && len(bytes.TrimSpace(input)) == 0:
		return &tandem.Error{Kind: tandem.Invalid, Op: "convert", Thing: thing, Err: errors.New("there is nothing in it"), Remedy: needsWBXML}
	case len(begin) > 0 && begin[0] == '<':
		return a.writeWBXML(thing, input, digits)
	case digits:
		if input, err = fromDigits(input); err != nil {
			return &tandem.Error{Kind: tandem.Invalid, Op: "convert", Thing: thing, Err: err, Remedy: "leave --hex out if the file holds the bytes themselves"}
		}
	}
	return a.writeXML(thing, input, digits)
}

func (a *app) readInput(name string) ([]byte, error) {
	in := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "convert", Thing: name, Err: cause(err), Remedy: needsWBXML + "; you must be allowed to read it"}
		}
		defer f.Close()
		in = f
	}
	input, err := io.ReadAll(io.LimitReader(in, maxConvert+1))
	switch {
	case err != nil:
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "convert", Thing: name, Err: cause(err), Remedy: needsWBXML}
	case len(input) > maxConvert:
		return nil, &tandem.Error{Kind: tandem.TooLarge, Op: "convert", Thing: name, Err: fmt.Errorf("more than %d bytes", maxConvert), Remedy: "name one document, not a whole recording"}
	}
	return input, nil
}

// cause is what the system said, without the operation and the path that the message names already.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (a *app) writeXML(thing string, input []byte, digits bool) error {
	e, notes, err := wbxml.Unmarshal(input, wbxml.Limits{Bytes: maxConvert, Elements: maxConvert})
	for _, n := range notes {
		fmt.Fprintf(a.err, "tandem: note: %s\n", clean(n.String()))
	}
	if err != nil {
		remedy := "see that the file is whole, and holds the body of one request or answer and nothing else"
		var fault *wbxml.Error
		if errors.As(err, &fault) && fault.Fault == wbxml.BadHeader && !digits && hexDigit(input[0]) {
			remedy = "if it is written in hexadecimal digits, add --hex"
		}
		return &tandem.Error{Kind: tandem.Invalid, Op: "read WBXML from", Thing: thing, Err: err, Remedy: remedy}
	}
	w := bufio.NewWriter(a.out)
	if err := wbxml.ToXML(w, e); err != nil {
		return err
	}
	return w.Flush()
}

func (a *app) writeWBXML(thing string, input []byte, digits bool) error {
	e, err := wbxml.FromXML(bytes.NewReader(bytes.TrimPrefix(input, []byte("\ufeff"))))
	if err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: "read XML from", Thing: thing, Err: err, Remedy: "write the tags and namespaces of ActiveSync, as `tandem wbxml` itself writes them"}
	}
	b, err := wbxml.Marshal(e)
	if err != nil {
		return err
	}
	if digits {
		_, err = io.WriteString(a.out, toDigits(b))
		return err
	}
	if ui.Terminal(a.out) {
		return errUsage{errors.New("WBXML is no text for a terminal: send it to a file, or add --hex")}
	}
	_, err = a.out.Write(b)
	return err
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// fromDigits reads hexadecimal digits, two to a byte, in any grouping: 03016a00, 03 01 6a 00, 0x03,0x01, 03:01.
func fromDigits(text []byte) ([]byte, error) {
	var digits []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '0' && i+1 < len(text) && text[i+1]|0x20 == 'x':
			i++
		case hexDigit(c):
			digits = append(digits, c)
		case bytes.IndexByte([]byte(" \t\r\n,:;-"), c) < 0:
			return nil, fmt.Errorf("character %d, %q, is no hexadecimal digit", i+1, c)
		}
	}
	if len(digits)%2 != 0 {
		return nil, fmt.Errorf("an odd number of hexadecimal digits, %d", len(digits))
	}
	return hex.DecodeString(string(digits))
}

// toDigits writes 32 bytes a line.
func toDigits(b []byte) string {
	var out bytes.Buffer
	for len(b) > 0 {
		n := min(32, len(b))
		fmt.Fprintf(&out, "% x\n", b[:n])
		b = b[n:]
	}
	return out.String()
}
