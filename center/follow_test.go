package center

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"tandem"
	"tandem/provider/memory"
	"tandem/store"
)

func TestFollowLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.hub.Close()
		add := func(item, text string) {
			t.Helper()
			if err := w.store.Events.Add(t.Context(), store.Event{When: 1, Item: item, Text: text}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		for _, text := range []string{"one", "two", "three"} {
			add("a", text)
		}
		ctx, cancel := context.WithCancel(t.Context())
		follow := func(after int64, item string, told *[]string) chan error {
			ended := make(chan error, 1)
			go func() {
				ended <- w.hub.FollowLog(ctx, after, item, func(e store.Event) { *told = append(*told, e.Text) })
			}()
			synctest.Wait()
			return ended
		}
		var newest, of, all []string
		ends := []chan error{follow(-2, "", &newest), follow(0, "b", &of), follow(0, "", &all)}
		add("b", "four")
		add("a", "five")
		for _, x := range []struct{ got, want []string }{
			{newest, []string{"two", "three", "four", "five"}}, {of, []string{"four"}}, {all, []string{"one", "two", "three", "four", "five"}},
		} {
			if !slices.Equal(x.got, x.want) {
				t.Errorf("told %q, want %q", x.got, x.want)
			}
		}
		cancel()
		for _, ended := range ends {
			if err := <-ended; err != nil {
				t.Errorf("cancelled: %v", err)
			}
		}
		var late []string
		ctx = t.Context()
		ended := follow(4, "", &late)
		if err := w.store.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !tandem.IsKind(err, tandem.Gone) || !slices.Equal(late, []string{"five"}) {
			t.Errorf("with a store that was closed: told %q, %v", late, err)
		}
	})
}
