package folders

import (
	"context"
	"encoding/json"
	"slices"

	"tandem"
	"tandem/server/eas/proto"
	"tandem/store"
)

// docName is the name of the document in which a device's hierarchy is kept.
const docName = "folders"

// generation is what a key stands for: the folders that the device has then.
type generation struct {
	Key     string   `json:"key"`
	Folders []Folder `json:"folders"`
}

// state is what is kept: the generation of the last key given out first, then the one before.
type state struct {
	Generations []generation `json:"generations"`

	raw []byte // as read
}

func (s *Service) load(ctx context.Context, device int64) (state, error) {
	docs, err := s.Devices.State(ctx, device, docName)
	if err != nil {
		return state{}, err
	}
	st := state{raw: docs[docName]}
	if st.raw != nil && json.Unmarshal(st.raw, &st) != nil {
		st.Generations = nil
	}
	return st, nil
}

// find returns the place of the generation of a key, -1 if it is none of ours.
func (st *state) find(key string) int {
	return slices.IndexFunc(st.Generations, func(g generation) bool { return g.Key == key })
}

// push records that the device, which was at generation from (-1: at none), is given folders under a new key. It returns the key, which is the one
// given before if the device asks for the same once more.
func (s *Service) push(ctx context.Context, r *proto.Request, st state, from int, folders []Folder) (string, error) {
	if from == 1 && slices.Equal(st.Generations[0].Folders, folders) {
		return st.Generations[0].Key, nil
	}
	key, err := s.key()
	if err != nil || r.Device.Number == 0 { // a device that only tries the account is not remembered
		return key, err
	}
	next := state{Generations: []generation{{key, folders}}}
	switch {
	case from >= 0:
		next.Generations = append(next.Generations, st.Generations[from])
	case len(st.Generations) > 0: // starting over: the answer may be lost, and the device go on as before
		next.Generations = append(next.Generations, st.Generations[0])
	}
	raw, err := json.Marshal(next)
	if err != nil {
		return "", err
	}
	return key, s.Devices.SwapState(ctx, r.Device.Number, store.Swap{Name: docName, Old: st.raw, New: raw})
}

// Stale reports whether the folders differ from what the device was last told. A device that never asked is not stale.
func (s *Service) Stale(ctx context.Context, r *proto.Request) (bool, error) {
	st, err := s.load(ctx, r.Device.Number)
	if err != nil || len(st.Generations) == 0 {
		return false, err
	}
	now, err := s.hierarchy(ctx, r)
	return err == nil && !slices.Equal(now, st.Generations[0].Folders), err
}

// isBusy reports that another request of the device was quicker, so that this one is to be sent again.
func isBusy(err error) bool { return tandem.IsKind(err, tandem.Changed) }
