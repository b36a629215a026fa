package davxml

import (
	"fmt"
	"net/http"
)

// Condition is a precondition or postcondition that a request did not meet: an HTTP status and the element that says which. RFC 4918 16
type Condition struct {
	Status  int
	Name    Name       // such as D("lock-token-submitted"); empty: the status says it all
	Details []*Element // within the element, such as hrefs
	Text    string     // for people, DAV:responsedescription
}

func (c *Condition) Error() string {
	s := fmt.Sprintf("%d %s", c.Status, http.StatusText(c.Status))
	if c.Name.Local != "" {
		s += ", " + c.Name.Local
	}
	if c.Text != "" {
		s += ": " + c.Text
	}
	return s
}

// Element is the DAV:error for the answer's body, nil where the status says it all.
func (c *Condition) Element() *Element {
	if c.Name.Local == "" {
		return nil
	}
	e := New(D("error"), New(c.Name, c.Details...))
	if c.Text != "" {
		e.Add(NewText(D("responsedescription"), c.Text))
	}
	return e
}

// Fail makes a Condition.
func Fail(status int, name Name, details ...*Element) *Condition {
	return &Condition{Status: status, Name: name, Details: details}
}

// Failf makes a Condition without an element but with a text for people.
func Failf(status int, format string, args ...any) *Condition {
	return &Condition{Status: status, Text: fmt.Sprintf(format, args...)}
}

// ParseCondition reads the body of a refusal: status and the DAV:error in it, if there is one.
func ParseCondition(status int, root *Element) *Condition {
	c := &Condition{Status: status}
	if !root.Is(D("error")) {
		return c
	}
	c.Text = root.Get(D("responsedescription"))
	for e := range root.Elements() {
		if e.Name != D("responsedescription") {
			c.Name, c.Details = e.Name, e.Children
			break
		}
	}
	return c
}
