package items

import (
	"context"

	"tandem"
	"tandem/partner/access"
	"tandem/store"
	"tandem/wire/wbxml"
)

// emptyBatch is how many records are deleted in one transaction.
const emptyBatch = 256

// empty answers EmptyFolderContents: every record goes to history. MS-ASCMD 2.2.3.60
func (a *answer) empty(ctx context.Context, op *wbxml.Element) (*wbxml.Element, error) {
	id := op.Get(wbxml.AirSyncCollectionId)
	status := func(v string) (*wbxml.Element, error) {
		return wbxml.New(wbxml.ItemOperationsEmptyFolderContents, wbxml.Text(wbxml.ItemOperationsStatus, v), wbxml.Text(wbxml.AirSyncCollectionId, clip(id, wbxml.AirSyncCollectionId))), nil
	}
	if id == "" || misplaced(op) {
		return status(statusSyntax)
	}
	c, _, err := a.Folders.FindView(ctx, a.r, id)
	if tandem.IsKind(err, tandem.NotFound) {
		return status(statusNotFound)
	}
	if err != nil {
		return nil, err
	}
	if c.Right < access.Write {
		return status(statusNotAllowed)
	}
	if a.Meetings != nil && c.Kind == tandem.Event {
		closing, err := a.Meetings.Close(ctx, c.Collection)
		if err != nil {
			return nil, err
		}
		defer func() { _ = a.Meetings.Closed(ctx, closing, true) }() // of what is left nobody is told; what cannot be delivered now is noted, and the log has it
	}
	who := store.Author{User: a.r.User.Name, Via: a.r.Device.Via()}
	left := false
	for seq, more := int64(0), true; more; {
		var recs []store.HomeRecord
		if recs, more, err = a.Home.Since(ctx, c.ID, seq, emptyBatch); err != nil {
			return nil, err
		}
		var writes []store.HomeWrite
		for _, rec := range recs {
			seq = rec.Seq
			if !rec.Deleted && rec.Seq <= c.Seq { // what comes in meanwhile was not there when the person looked
				writes = append(writes, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}, Title: rec.Title})
			}
		}
		out, err := a.Home.Write(ctx, c.ID, who, writes)
		if tandem.IsKind(err, tandem.NotFound) { // the folder itself went away
			return status(statusNotFound)
		}
		if err != nil {
			return nil, err
		}
		for _, o := range out {
			left = left || o.Status != tandem.Applied
		}
		more = more && seq < c.Seq
	}
	if op.Child(wbxml.ItemOperationsOptions).Has(wbxml.ItemOperationsDeleteSubFolders) && c.Owned {
		some, err := a.prune(ctx, c)
		if err != nil {
			return nil, err
		}
		left = left || some
	}
	if left {
		return status(statusPartly)
	}
	return status(statusOK)
}

// prune removes the folders within one; left tells that some cannot be, as something hangs on them. MS-ASCMD 2.2.3.44
func (a *answer) prune(ctx context.Context, c access.Reach) (left bool, err error) {
	below, err := a.Folders.Below(ctx, a.r.User.Name, c.ID)
	if err != nil {
		return false, err
	}
	for _, kid := range below {
		err := a.Home.RemoveCollection(ctx, kid.ID)
		switch {
		case tandem.IsKind(err, tandem.Busy):
			left = true
		case err != nil && !tandem.IsKind(err, tandem.NotFound):
			return left, err
		}
	}
	return left, nil
}
