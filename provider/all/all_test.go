package all_test

import (
	"testing"

	"tandem/provider/all"
)

func TestDeclarations(t *testing.T) {
	if err := all.Registry().Check(); err != nil {
		t.Error(err)
	}
}
