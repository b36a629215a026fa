package notify

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/internal/netguard"
	"tandem/store"
	"tandem/store/sqlite"
)

// vault keeps secrets in memory.
type vault struct {
	mu sync.Mutex // guards what follows
	m  map[string]string
}

func (v *vault) Get(_ context.Context, name string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s, ok := v.m[name]; ok {
		return s, nil
	}
	return "", tandem.Errorf(tandem.NotFound, "no secret %s", name)
}

func (v *vault) Put(_ context.Context, name, secret string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.m[name] = secret
	return nil
}

// navigator is what a browser has: its key and its secret.
type navigator struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newNavigator(t *testing.T) navigator {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := navigator{key, make([]byte, 16)}
	_, _ = rand.Read(b.auth)
	return b
}

func (b navigator) subscription(endpoint string) Subscription {
	s := Subscription{Endpoint: endpoint, Agent: "Firefox"}
	s.Keys.P256dh = base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes())
	s.Keys.Auth = base64.RawURLEncoding.EncodeToString(b.auth)
	return s
}

// open decrypts a message as a browser does. RFC 8291 3.4, RFC 8188 2
func (b navigator) open(body []byte) ([]byte, error) {
	if len(body) < 86 || body[20] != 65 {
		return nil, fmt.Errorf("%d bytes are no message", len(body))
	}
	salt, size, sender, sealed := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:86], body[86:]
	if len(sealed) > int(size) {
		return nil, errors.New("more than one record")
	}
	theirs, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, err
	}
	shared, err := b.key.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender), 32)
	if err != nil {
		return nil, err
	}
	cek, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, err
	}
	plain = []byte(strings.TrimRight(string(plain), "\x00"))
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		return nil, errors.New("the last record has no end")
	}
	return plain[:len(plain)-1], nil
}

// vapid checks how a request is signed, and returns its claims. RFC 8292 2, RFC 7515
func vapid(header, key string) (claims map[string]any, err error) {
	rest, ok := strings.CutPrefix(header, "vapid t=")
	token, public, ok2 := strings.Cut(rest, ", k=")
	parts := strings.Split(token, ".")
	if !ok || !ok2 || len(parts) != 3 || public != key {
		return nil, fmt.Errorf("%q is not signed with the key that the browser was given", header)
	}
	point, err := base64.RawURLEncoding.DecodeString(public)
	if err != nil || len(point) != 65 {
		return nil, errors.New("no key")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(sig) != 64 {
		return nil, errors.New("no signature")
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, err
	}
	if !ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return nil, errors.New("the signature is wrong")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	return claims, json.Unmarshal(raw, &claims)
}

// pushBench is a push service on this computer, and a user.
type pushBench struct {
	*testing.T
	st     *store.Store
	p      *Push
	url    string
	mu     sync.Mutex // guards what follows
	status map[string]int
	got    []*http.Request
	bodies [][]byte
}

func newPushBench(t *testing.T) *pushBench {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &pushBench{T: t, st: st, status: map[string]int{}}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got, b.bodies = append(b.got, r), append(b.bodies, body)
		if s := b.status[r.URL.Path]; s != 0 {
			http.Error(w, "no such\nsubscription", s)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(func() { srv.Close(); st.Close() })
	b.url = srv.URL
	b.p = &Push{Notices: st.Notices, Secrets: &vault{m: map[string]string{}}, Client: srv.Client(), Base: func() string { return "https://sync.example.org" }}
	if err := st.Accounts.AddUser(t.Context(), store.User{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPush: what is sent can be read by the browser that asked for it and by nobody else, and is signed with the key that it was given.
func TestPush(t *testing.T) {
	t.Parallel()
	b := newPushBench(t)
	key, err := b.p.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one, other := newNavigator(t), newNavigator(t)
	if _, err := b.p.Subscribe(t.Context(), "anna", one.subscription(b.url+"/push/1"), 5); err != nil {
		t.Fatal(err)
	}
	u := store.User{Name: "anna"}
	m := Message{Key: "notify/7", Title: "Contacts fails", Text: strings.Repeat("wörd ", 1000), Link: "/items/x"}
	if err := b.p.Send(t.Context(), u, m); err != nil {
		t.Fatal(err)
	}
	plain, err := one.open(b.bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	var got Payload
	if err := json.Unmarshal(plain, &got); err != nil || got.Title != m.Title || got.Link != m.Link || got.Tag != m.Key || len([]rune(got.Text)) != 1000 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := other.open(b.bodies[0]); err == nil {
		t.Error("another browser reads it")
	}
	r := b.got[0]
	claims, err := vapid(r.Header.Get("Authorization"), key)
	if err != nil || claims["aud"] != b.url || claims["sub"] != "https://sync.example.org" {
		t.Errorf("%v, %v", claims, err)
	}
	if exp, _ := claims["exp"].(float64); int64(exp) <= time.Now().Unix() || int64(exp) > time.Now().Unix()+86400 { // RFC 8292 2
		t.Errorf("it holds until %v", claims["exp"])
	}
	if r.Method != http.MethodPost || r.Header.Get("TTL") != "86400" || r.Header.Get("Content-Encoding") != "aes128gcm" {
		t.Errorf("%v", r.Header)
	}
	again := &Push{Notices: b.st.Notices, Secrets: b.p.Secrets}
	if k, err := again.Key(t.Context()); err != nil || k != key {
		t.Errorf("after a restart the key is %q, %v", k, err)
	}
}

// TestPushGone: a browser that is gone is forgotten, one whose push service fails is tried again.
func TestPushGone(t *testing.T) {
	t.Parallel()
	b := newPushBench(t)
	u, on := store.User{Name: "anna"}, Settings{Push: true}
	if ok, why := b.p.Ready(t.Context(), u, on); ok || !strings.Contains(why, "no browser") {
		t.Errorf("%v, %q", ok, why)
	}
	for i, status := range []int{410, 404, 503} {
		path := fmt.Sprint("/push/", i)
		b.status[path] = status
		if _, err := b.p.Subscribe(t.Context(), "anna", newNavigator(t).subscription(b.url+path), 5); err != nil {
			t.Fatal(err)
		}
	}
	if ok, _ := b.p.Ready(t.Context(), u, on); !ok {
		t.Error("not ready")
	}
	if err := b.p.Send(t.Context(), u, Message{Title: "x"}); err != nil {
		t.Errorf("two are gone, one fails: %v", err)
	}
	list, err := b.st.Notices.Pushes(t.Context(), "anna")
	if err != nil || len(list) != 1 || list[0].Endpoint != b.url+"/push/2" {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := b.p.Send(t.Context(), u, Message{Title: "x"}); !tandem.IsKind(err, tandem.Transient) || !strings.Contains(err.Error(), "503 Service Unavailable: no such subscription") {
		t.Errorf("%v", err)
	}
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	b := newPushBench(t)
	good := newNavigator(t).subscription("https://push.example.org/x")
	for name, change := range map[string]func(*Subscription){
		"http":   func(s *Subscription) { s.Endpoint = "http://push.example.org/" },
		"no url": func(s *Subscription) { s.Endpoint = "x" },
		"key":    func(s *Subscription) { s.Keys.P256dh = "AAAA" },
		"auth":   func(s *Subscription) { s.Keys.Auth = s.Keys.Auth + "AA" },
		"base64": func(s *Subscription) { s.Keys.P256dh = "!" },
	} {
		bad := good
		change(&bad)
		if _, err := b.p.Subscribe(t.Context(), "anna", bad, 5); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range maxPushes + 3 {
		if _, err := b.p.Subscribe(t.Context(), "anna", newNavigator(t).subscription(fmt.Sprint("https://push.example.org/", i)), 5); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := b.st.Notices.Pushes(t.Context(), "anna"); err != nil || len(list) != maxPushes || list[0].Endpoint != "https://push.example.org/3" {
		t.Errorf("%d, %v", len(list), err)
	}
}

// TestPushStaysOutside: a push service, which a member names, does not lie in the hub's network.
func TestPushStaysOutside(t *testing.T) {
	t.Parallel()
	b := newPushBench(t)
	b.p.Client = netguard.Client(func(context.Context) bool { return false }, 10*time.Second)
	if _, err := b.p.Subscribe(t.Context(), "anna", newNavigator(t).subscription(b.url+"/x"), 5); err != nil {
		t.Fatal(err)
	}
	if err := b.p.Send(t.Context(), store.User{Name: "anna"}, Message{Title: "x"}); !errors.Is(err, netguard.ErrPrivate) || len(b.got) != 0 {
		t.Errorf("%v, %d requests", err, len(b.got))
	}
}
