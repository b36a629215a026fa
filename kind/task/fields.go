package task

import "tandem/kind"

// Fields implements kind.Fielder.
func (h Handler) Fields(body []byte) ([]kind.Field, error) { return h.calendar().Fields(body) }

// WithTitle implements kind.Titler.
func (h Handler) WithTitle(body []byte, title string) ([]byte, error) {
	return h.calendar().WithTitle(body, title)
}
