package boot

import (
	"runtime"
	"testing"
)

func TestIDIsSteady(t *testing.T) {
	a, b := ID(), ID()
	if a == "" || a != b {
		t.Fatalf("ids %q and %q of one boot", a, b)
	}
	if runtime.GOOS == "linux" && a == "unknown" {
		t.Fatal("no boot id on Linux")
	}
}
