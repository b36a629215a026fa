package recipient

import (
	"cmp"
	"errors"
	"strconv"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// View shows recipients as the few elements of a contact that the cache has. MS-ASCNTC 3.2.4.4
type View struct{}

var _ eas.View = View{}

// Class implements eas.View.
func (View) Class() string { return "Contacts" }

// Get implements eas.View.
func (View) Get(body []byte, _ eas.Options) ([]*wbxml.Element, error) {
	r, err := Parse(body)
	if err != nil {
		return nil, err
	}
	return []*wbxml.Element{wbxml.Text(wbxml.ContactsEmail1Address, eas.Clean(r.Email)), wbxml.Text(wbxml.ContactsFileAs, eas.Clean(cmp.Or(r.Name, r.Email))),
		wbxml.Text(wbxml.ContactsWeightedRank, strconv.Itoa(r.Rank()))}, nil
}

// Put implements eas.View: clients do not write recipients. MS-ASCMD 2.2.3.7.2
func (View) Put([]byte, []*wbxml.Element, eas.Put) (eas.Result, error) {
	return eas.Result{}, &tandem.Error{Kind: tandem.Invalid, Op: "write recipient", Err: errors.New("the recipient information cache is made by the hub")}
}
