//go:build unix && !linux && !darwin

package files

import "errors"

// renameNew gives an entry another name, which must be free.
func (f *folder) renameNew(name string, to *folder, toName string) error {
	return f.renameNewPortable(name, to, toName)
}

// exchange swaps two entries; errors.ErrUnsupported where that is not possible.
func (f *folder) exchange(string, *folder, string) error { return errors.ErrUnsupported }
