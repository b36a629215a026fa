package mail

import (
	"bytes"
	"io"
	"strings"

	"tandem"
	"tandem/wire/mime"
)

// Object is a calendar object of a message, with the method that the header of its part names, in upper case.
type Object struct {
	Method string
	Data   []byte
	Err    error // TooLarge: it was not read
}

// objectsMost is how many calendar objects of one message are read.
const objectsMost = 20

// Calendars are the calendar objects of a message in their order: a program that has several things to say, with different methods or about different events, says each in a part of its own. What is there
// twice, as a text and as a file, is told of once. RFC 6047 2.4
func (e *Envelope) Calendars(b tandem.Body) (all []Object, err error) {
	add := func(method string, s Section) error {
		one := *e
		one.Event = &s
		data, err := one.Calendar(b)
		switch {
		case tandem.IsKind(err, tandem.TooLarge):
			data = nil
		case err != nil:
			return err
		}
		for _, o := range all {
			if err == nil && o.Method == method && bytes.Equal(o.Data, data) {
				return nil
			}
		}
		all = append(all, Object{method, data, err})
		return nil
	}
	if e.Event == nil {
		return nil, nil
	}
	if err := add(e.Method, *e.Event); err != nil {
		return nil, err
	}
	for _, f := range e.Files {
		if len(all) == objectsMost {
			break
		}
		if f.Type != "text/calendar" || f.In != nil || f.Start == e.Event.Start {
			continue
		}
		method, err := f.method(b)
		if err == nil && method != "" {
			err = add(method, f.Section)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// method is the method that the header of a part names, in upper case.
func (s Section) method(b tandem.Body) (string, error) {
	head := s
	head.Body, head.End = s.Start, s.Body
	in, err := head.Raw(b)
	if err != nil {
		return "", err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, partHead))
	if err != nil {
		return "", err
	}
	root, _ := mime.Scan(bytes.NewReader(text), mime.Limits{Parts: 1}) // error: a reader of bytes has none
	return strings.ToUpper(root.Params["method"]), nil
}

// partHead is how much of the header of a part is looked at, in bytes.
const partHead = 64 << 10
