package transfer

import (
	"context"
	"slices"

	"tandem"
	"tandem/store"
)

// propertyPage is how many records' properties are read at a time.
const propertyPage = 1000

// copyProperties gives the copies the dead properties of what they are copies of, and no others. RFC 4918 9.8.2
func (e *errand) copyProperties(ctx context.Context) error {
	for page := range slices.Chunk(e.from, propertyPage) {
		if err := e.copyPage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func (e *errand) copyPage(ctx context.Context, page []store.HomeRecord) error {
	numbers, ids := make([]int64, len(page)), make([]tandem.ID, len(page))
	for i := range page {
		numbers[i], ids[i] = page[i].Number, e.idAt(page[i].ID)
	}
	have, err := e.Props.Properties(ctx, e.src.Reach.ID, numbers...)
	if err != nil {
		return err
	}
	if len(have) == 0 && !e.updates() {
		return nil
	}
	made := map[tandem.ID]int64{}
	for rec, err := range e.Home.Get(ctx, e.dst.Reach.ID, ids) {
		if err != nil {
			return err
		}
		made[rec.ID] = rec.Number
	}
	for i := range page {
		number, there := made[ids[i]]
		if !there {
			continue // deleted meanwhile
		}
		if err := replaceProperties(ctx, e.Props, e.dst.Reach.ID, number, have[page[i].Number]); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
	}
	return nil
}

// replaceProperties leaves a record with these properties and no others.
func replaceProperties(ctx context.Context, props store.Properties, collection, number int64, want map[string]string) error {
	old, err := props.Properties(ctx, collection, number)
	if err != nil {
		return err
	}
	set := map[string]string{}
	for name := range old[number] {
		set[name] = ""
	}
	for name, value := range want {
		set[name] = value
	}
	if len(set) == 0 {
		return nil
	}
	return props.SetProperties(ctx, collection, number, set)
}
