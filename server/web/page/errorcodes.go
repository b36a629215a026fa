package page

import "tandem/center/explain"

// codesPath is the page that says what the codes of errors mean; each has its part of it, by its name.
const codesPath = "/log/codes"

// errorCodes says what each code of an error means, why it comes about and what to do.
func (p *Pages) errorCodes(c *call) error {
	return c.show("log", c.words.T("What the codes of errors mean"), "error-codes", explain.All())
}
