package contentline

// A Part is one outermost component cut out of a text.
type Part struct {
	Component *Component
	Data      []byte // its exact bytes, from BEGIN to the end of the END line; part of the text, not a copy
	Line      int    // physical line of its BEGIN
}

// Split cuts a parsed text into its outermost components. text must be what doc was parsed from, and doc not edited.
func Split(text []byte, doc *Document) []Part {
	var parts []Part
	at := 0
	for _, it := range doc.Items {
		n := size([]Item{it})
		if it.Child != nil {
			parts = append(parts, Part{Component: it.Child, Data: text[at : at+n : at+n], Line: it.Child.Begin.num})
		}
		at += n
	}
	return parts
}
