package transfer

import (
	"context"
	"maps"
	"net/http"

	"tandem"
	"tandem/server/dav/files"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// collection copies a whole collection, or moves it, which is to give it another name: its number, its records and what partners know of it stay.
func (e *errand) collection(ctx context.Context) error {
	if err := files.CheckName(&proto.Resource{ID: tandem.ID(e.dst.Segment)}); err != nil {
		return err
	}
	if err := e.Locks.Permit(ctx, e.r, proto.Change{Resource: e.src, Deep: true, Reads: !e.move}); err != nil {
		return err
	}
	if !e.move {
		return e.copyCollection(ctx)
	}
	if !e.src.Reach.Owned {
		return davxml.Failf(http.StatusForbidden, "the collection is somebody else's")
	}
	if _, err := e.Home.PutCollection(ctx, named(e.src.Reach.Collection, e.dst)); err != nil {
		return nameTaken(err)
	}
	return e.Locks.Forget(ctx, e.src)
}

// named is a collection under the name that a client wants it to have: a tree's name is its segment, another's only the way to it.
func named(c tandem.Collection, as *proto.Resource) tandem.Collection {
	c.Props = maps.Clone(c.Props)
	if as.Tree() {
		c.Name = as.Segment
		return c
	}
	if c.Props == nil {
		c.Props = map[string]string{}
	}
	c.Props[proto.HrefProp] = as.Segment
	return c
}

func nameTaken(err error) error {
	if tandem.IsKind(err, tandem.Exists) {
		return davxml.Failf(http.StatusConflict, "%v", err)
	}
	return err
}

// copyCollection makes a collection of the user's own with the same properties and, unless only itself was asked for, the same records.
func (e *errand) copyCollection(ctx context.Context) error {
	c := named(e.src.Reach.Collection, e.dst)
	c.ID, c.User = 0, e.r.User.Name
	c, err := props.PutNamed(ctx, e.Home, c)
	if err != nil {
		return nameTaken(err)
	}
	if err := e.fill(ctx, c); err != nil {
		if failed := e.Home.RemoveCollection(context.WithoutCancel(ctx), c.ID); failed != nil {
			return failed
		}
		return uidTaken(err, e.dst)
	}
	return nil
}

// fill copies what is in a collection, and its properties, into a new one.
func (e *errand) fill(ctx context.Context, c tandem.Collection) error {
	e.dst.Reach.Collection, e.dst.Record, e.to = c, nil, nil
	own, err := e.Props.Properties(ctx, e.src.Reach.ID, 0)
	if err != nil {
		return err
	}
	if err := replaceProperties(ctx, e.Props, c.ID, 0, own[0]); err != nil || e.r.Depth == 0 {
		return err
	}
	e.from = nil
	for rec, err := range e.Lookup.Below(ctx, e.src.Reach.ID, "", true) {
		if err != nil {
			return err
		}
		e.from = append(e.from, rec)
	}
	if len(e.from) == 0 {
		return nil
	}
	_, err = e.copyRecords(ctx)
	return err
}
