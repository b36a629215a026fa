//go:build unix

package atomicfile

func portable(old, new string) error { return renameNewPortable(old, new) }
