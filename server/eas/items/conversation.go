package items

import (
	"context"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Always has conversations moved; mailbox.Always does.
type Always interface {
	// Set has a conversation moved for good, beginning now. NotFound, if it has no messages.
	Set(ctx context.Context, user string, conversation []byte, to tandem.Collection, who store.Author) error
}

// recipients is the id of the recipient information cache, which is no folder that mail goes into. MS-ASCMD 2.2.3.30.6
const recipients = "RI"

// move answers the move of a conversation, for good. MS-ASCON 3.2.5.3
func (a *answer) move(ctx context.Context, op *wbxml.Element) (*wbxml.Element, error) {
	id := op.Child(wbxml.ItemOperationsConversationId)
	if id == nil {
		id = wbxml.Empty(wbxml.ItemOperationsConversationId)
	}
	status, err := a.always(ctx, op, id.Content())
	if err != nil {
		return nil, err
	}
	return wbxml.New(wbxml.ItemOperationsMove, wbxml.Text(wbxml.ItemOperationsStatus, status), id), nil
}

// always sets that a conversation is moved, and moves what there is of it. MS-ASCON 2.2.2.10
func (a *answer) always(ctx context.Context, op *wbxml.Element, id []byte) (status string, err error) {
	to := op.Get(wbxml.ItemOperationsDstFldId)
	switch {
	case misplaced(op):
		return statusSyntax, nil
	case !op.Child(wbxml.ItemOperationsOptions).Has(wbxml.ItemOperationsMoveAlways):
		return statusOptions, nil
	case to == "":
		return statusSyntax, nil
	case to == recipients:
		return statusIDs, nil
	}
	c, _, err := a.Folders.FindView(ctx, a.r, to)
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		return statusNotFound, nil
	case err != nil:
		return "", err
	case c.Kind != tandem.Mail || !c.Owned || a.Always == nil:
		return statusNotAllowed, nil
	case len(id) == 0:
		return statusSyntax, nil
	}
	if role := mailbox.RoleOf(c.Collection); role == mailbox.Drafts || role == mailbox.Outbox { // MS-ASCON_R175
		return statusNotAllowed, nil
	}
	err = a.Always.Set(ctx, a.r.User.Name, id, c.Collection, store.Author{User: a.r.User.Name, Via: a.r.Device.Via()})
	if tandem.IsKind(err, tandem.NotFound) {
		return statusNotFound, nil
	}
	return statusOK, err
}
