package event

// Pick implements kind.Picker.
func (h Handler) Pick(body, from []byte, labels []string) ([]byte, error) {
	return h.calendar().Pick(body, from, labels)
}
