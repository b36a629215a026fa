package center

import (
	"context"

	"tandem"
	"tandem/store"
)

// titled gives entries of history a title that people know, where what was kept has none but an id: what the version itself says, else what it is. Files are known by
// their paths.
func (h *Hub) titled(ctx context.Context, list []store.Past) []store.Past {
	for i := range list {
		p := &list[i]
		if p.Title != "" && p.Title != string(p.Record) || p.Kind == tandem.File || p.Kind == tandem.Picture {
			continue
		}
		p.Title = recordLabel(p.Kind) + " without a title"
		handler, ok := h.cfg.Kind(p.Kind)
		if !ok || p.Body.IsZero() {
			continue
		}
		body, err := h.cfg.Store.Blobs.Get(ctx, p.Body)
		if err != nil {
			continue // history says what it can; putting the version back says what is wrong
		}
		if info, err := handler.Inspect(body); err == nil {
			if text := info.Summary.String(); text != "" {
				p.Title = text
			}
		}
	}
	return list
}

// recordLabel is what people call a record of a kind.
func recordLabel(k tandem.Kind) string {
	switch k {
	case tandem.SMS:
		return "text message"
	case tandem.Mail:
		return "message"
	case tandem.Table:
		return "row"
	}
	return string(k)
}
