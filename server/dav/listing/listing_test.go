package listing

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1023: "1023", 1024: "1.0 K", 1536: "1.5 K", 3 << 20: "3.0 M", 5 << 30: "5.0 G", 2 << 40: "2.0 T"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
