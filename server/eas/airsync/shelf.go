package airsync

import (
	"fmt"
	"sync"
	"time"

	"tandem/kind/eas"
	"tandem/store"
	"tandem/wire/wbxml"
)

// shownKey names a version of a record as devices of one sort are shown it.
type shownKey struct {
	collection, number, seq int64
	to                      string // see audience
}

// audience tells apart all on which views depend besides the record.
func audience(o eas.Options) string {
	_, offset := time.Unix(o.Now, 0).In(o.Zone).Zone()
	var part any
	if o.Part != nil {
		part = *o.Part
	}
	return fmt.Sprintf("%d %q %q %q %q %d %d %+v %+v %+v %d", o.Version, o.Language, o.Name, o.Address, o.Zone, offset, o.Now, o.Quirks, o.Bodies, part, o.MIME)
}

// hourly takes the present to the hour: to show records that is exact enough, and what was shown can be used again.
func hourly(o eas.Options) eas.Options {
	o.Now -= o.Now % 3600
	return o
}

// shelf keeps records as they were shown, for a device that asks again and for the user's next device. What was not wanted for longest goes
// first, by and large: what was used since the newer half was begun is in that half. The zero value keeps what fits into shelfBytes.
type shelf struct {
	mu     sync.Mutex
	newer  map[shownKey]*wbxml.Frozen // guarded by mu
	older  map[shownKey]*wbxml.Frozen // guarded by mu
	filled int                        // bytes in newer, guarded by mu
}

// shelfBytes is about how much a shelf keeps, and shelfEntry what an entry takes besides its bytes.
const (
	shelfBytes = 8 << 20
	shelfEntry = 200
)

func (s *shelf) get(k shownKey) *wbxml.Frozen {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.newer[k]
	if f == nil {
		if f = s.older[k]; f != nil {
			delete(s.older, k)
			s.add(k, f)
		}
	}
	return f
}

func (s *shelf) put(k shownKey, f *wbxml.Frozen) {
	if f.Size() > shelfBytes/16 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(k, f)
}

// add puts a record into the newer half. s.mu is held.
func (s *shelf) add(k shownKey, f *wbxml.Frozen) {
	if s.newer == nil || s.filled > shelfBytes/2 {
		s.older, s.newer, s.filled = s.newer, map[shownKey]*wbxml.Frozen{}, 0
	}
	s.newer[k] = f
	s.filled += f.Size() + shelfEntry
}

// frozen is the record's ApplicationData, from the shelf if it is there; nil if it is not and the record has no body.
func (p *part) frozen(r store.HomeRecord) (*wbxml.Frozen, error) {
	key := shownKey{p.col.ID, r.Number, r.Seq, p.to}
	if f := p.s.shelf.get(key); f != nil || r.Body == nil {
		return f, nil
	}
	data, err := p.data(r, hourly(p.show))
	if err != nil {
		return nil, err
	}
	f, err := wbxml.Freeze(&wbxml.Element{Tag: wbxml.AirSyncApplicationData, Children: data})
	if err == nil {
		p.s.shelf.put(key, f)
	}
	return f, err
}
