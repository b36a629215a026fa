package store

import "context"

// Notice is a cause that a person is told of once: it is open until it was solved, and when it comes back it is another one.
type Notice struct {
	ID    int64  // the store's key, never given out twice
	User  string // who is told
	Key   string // names the cause; unique per user among those that are open
	Sort  string // "error", "conflict", "question" or "device"
	Item  string // the sync item or device that it is about
	Code  string // the kind of error, as a word; "": none
	Title string // what it is about, in a few words
	Text  string
	Link  string // where to go from here: a path of the page
	Since int64  // Unix seconds since when it is open
	Told  int64  // Unix seconds of when the person was told; 0: not yet; below 0: they are being told since then, and it is not known whether they were
}

// NoticeChange is one transaction on the notices: what came, what was told of, what is solved, and what webhooks are sent about it.
type NoticeChange struct {
	Add        []Notice   // one whose cause is open is left as it is
	Telling    []int64    // people are being told of these IDs
	Told       []int64    // they were told of these
	When       int64      // of Telling and Told
	Solved     []int64    // these IDs are forgotten
	Deliveries []Delivery // as Hooks.Deliver adds them
}

// Notices keeps what people are told of.
type Notices interface {
	Notices(ctx context.Context, user string) ([]Notice, error) // that are open, the oldest first; "" : of all users
	ChangeNotices(ctx context.Context, c NoticeChange) error    // users that do not exist are left out
	// AddPush adds a browser that takes notifications, or replaces the one with this endpoint. NotFound: no such user.
	AddPush(ctx context.Context, p Push) (Push, error)
	Pushes(ctx context.Context, user string) ([]Push, error) // the oldest first; "" : of all users
	RemovePush(ctx context.Context, id int64) error          // NotFound
}

// Push is a browser that takes notifications. RFC 8030 5
type Push struct {
	ID       int64  // the store's key, never given out twice
	User     string // the owner
	Endpoint string // where messages for it go; unique
	Key      []byte // its public key, 65 bytes (p256dh). RFC 8291 3.2
	Auth     []byte // its secret, 16 bytes
	Agent    string // its User-Agent
	Added    int64  // Unix seconds
}

// Hook is a webhook: an address that is sent what happens.
type Hook struct {
	ID      int64    // the store's key, never given out twice
	User    string   // whose; "": the hub's, for its administrators
	URL     string   // with scheme
	Events  []string // which; none: all
	Items   []string // of which sync items only; none: all
	Enabled bool
	Added   int64 // Unix seconds
}

// Delivery is one message of a webhook.
type Delivery struct {
	ID    int64  // the store's key, never given out twice
	Hook  int64  // whose
	Key   string // names what it tells of: one key is delivered once to each hook
	Event string
	Body  []byte // JSON

	State  Sending
	Added  int64 // Unix seconds
	Next   int64 // when it is tried, Unix seconds
	Tries  int
	Status int    // HTTP status of the last try, 0: no answer
	Error  string // of the last try, for people
}

// Hooks keeps webhooks and what is on its way to them.
type Hooks interface {
	PutHook(ctx context.Context, h Hook) (Hook, error)                                                // ID 0 adds; otherwise that one is replaced (NotFound)
	Hooks(ctx context.Context, user string) ([]Hook, error)                                           // by ID; "*": of all users and the hub; "": the hub's
	RemoveHook(ctx context.Context, id int64) error                                                   // with its deliveries; NotFound
	Deliver(ctx context.Context, list []Delivery) (int, error)                                        // adds them, Waiting, and tells how many; what is there by its Key is left alone, and so is what is for no hook
	DueDeliveries(ctx context.Context, now int64, limit int) (list []Delivery, next int64, err error) // as Queue.Due
	PutDelivery(ctx context.Context, d Delivery) error                                                // State, Next, Tries, Status and Error of the one with its ID; NotFound
	Deliveries(ctx context.Context, hook int64, limit int) ([]Delivery, error)                        // newest first; limit 0: all
	PurgeDeliveries(ctx context.Context, before int64) (int, error)                                   // what is over and was added before
}
