package disk

import (
	"path/filepath"
	"testing"
)

func TestFree(t *testing.T) {
	free, err := Free(t.TempDir())
	if err != nil || free <= 0 {
		t.Errorf("Free = %d, %v", free, err)
	}
	if _, err := Free(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing path has free space")
	}
}

func TestUsed(t *testing.T) {
	used, err := Used(t.TempDir())
	if err != nil || used < 0 {
		t.Errorf("Used = %d, %v", used, err)
	}
	if _, err := Used(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing path takes room")
	}
}
