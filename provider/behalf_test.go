package provider

import "testing"

func TestUnbound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"net://a": "net://a", "net://a?on-behalf=ben": "net://a", "net://a?x=1&on-behalf=ben": "net://a?x=1", "net://a?on-behalf=ben&x=1": "net://a?x=1", "net://a?on-behalf-of=x": "net://a?on-behalf-of=x", "net:on-behalf=x": "net:on-behalf=x",
	} {
		if got := Unbound(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if (&Provider{}).MayBind() || !(&Provider{Options: []Option{BehalfOption()}}).MayBind() {
		t.Error("a provider says wrongly whether its places can be somebody's")
	}
}
