package center

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tandem"
	"tandem/center/command"
	"tandem/center/notify"
	"tandem/center/progress"
	way "tandem/center/reach"
	"tandem/center/webhook"
	"tandem/internal/sysevents"
	"tandem/kind"
	"tandem/partner/account"
	"tandem/partner/away/sieve"
	"tandem/partner/device"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	"tandem/partner/trace"
	"tandem/provider"
	"tandem/session"
	"tandem/store"
)

// Runner performs one run; it is session's, put in by whoever builds the hub.
type Runner func(ctx context.Context, p session.Pair, opt session.Options) (*session.Report, error)

// Config is what a hub stands on. Everything without a remark must be set.
type Config struct {
	Store    *store.Store
	Places   *provider.Registry
	Kind     func(tandem.Kind) (kind.Handler, bool)
	Run      Runner
	OpenHome func(c tandem.Collection) (*provider.Opened, error)
	Env      provider.Env
	Accounts *account.Service                // users; nil where nobody asks for them
	Devices  *device.Service                 // their devices; likewise
	Outgoing *outgoing.Service               // their mail on its way out; likewise
	Filters  *sieve.Service                  // servers that answer while they are away; likewise
	Secrets  *seal.Keeper                    // passwords of accounts elsewhere; likewise
	Traces   *trace.Book                     // of what devices and the hub say to each other; likewise
	Version  string                          // of the program, for people who look into trouble
	Dir      string                          // the data folder, which must not be synced itself; "": none
	Verify   func(ctx context.Context) error // looks the store over for damage; nil: nothing to look over
	// Doors checks what the program around the hub has open to others; nil: nothing is.
	Doors func(ctx context.Context) []Check

	// Left finds what is left over of the program around the hub; nil: nothing.
	Left func(ctx context.Context) ([]Leftover, error)

	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nowhere
	News  func(SyncNews)   // nil, or told of the runs that nobody asked for; called concurrently
	Times Times

	// Ran is told of every run that ended, whoever began it, but not of previews; nil: nobody is. It must not block.
	Ran func(Ran)

	// System tells what happens to the computer until ctx is done, one event after the other; nil: nothing. Package sysevents has one.
	System func(ctx context.Context, tell func(sysevents.Event))

	// Notify tells people what needs them, Push is its way to browsers, Hooks tells webhooks; nil: nobody is told.
	Notify *notify.Service
	Push   *notify.Push
	Hooks  *webhook.Service

	// Command runs the commands of items; nil: command.Run.
	Command func(ctx context.Context, j command.Job) (output string, err error)

	// Connect brings up a connection of the computer by its name, and waits until it is there; letGo takes it down again. nil: it cannot be done here. Package sysevents has one.
	Connect func(ctx context.Context, name string) (letGo func(context.Context) error, err error)

	// Query is asked before an order to a handler, and may refuse it; nil: nobody. Discover tells what could be set up; nil: nothing.
	Query    func(ctx context.Context, o HandlerOrder) error
	Discover func(ctx context.Context) ([]Discovered, error)
}

// Times are the hub's waits. Zero fields mean the defaults.
type Times struct {
	Quiet    time.Duration // how long nothing must happen after a hint before a run starts; 200 ms
	Patience time.Duration // how long a stream of hints may put a run off; 2 s
	Rescan   time.Duration // between looks at places that tell of changes; 10 min
	Poll     time.Duration // between looks at places that do not; 1 min
	RetryMin time.Duration // first wait after a failure, doubled each time; 5 s
	RetryMax time.Duration // 15 min
}

func (t Times) filled() Times {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&t.Quiet, 200*time.Millisecond)
	set(&t.Patience, 2*time.Second)
	set(&t.Rescan, 10*time.Minute)
	set(&t.Poll, time.Minute)
	set(&t.RetryMin, 5*time.Second)
	set(&t.RetryMax, 15*time.Minute)
	return t
}

// maxRuns is how many pairs are synced at the same time. More would only make each slower.
const maxRuns = 4

// Hub is the sync center of one data folder. It implements Service.
type Hub struct {
	cfg      Config
	slots    chan struct{} // one token per run that may go on at the same time
	news     board
	shown    *progress.Board // how far all runs are
	noting   sync.Mutex      // held while notes about handlers change
	verified lastVerified    // what Verify found for who asks next

	mu        sync.Mutex                 // guards what follows
	lanes     map[string]*lane           // by job.lane
	busy      map[string]int             // runs going on, by job.key
	active    map[*active]struct{}       // runs going on or waiting for their turn
	keepers   map[string]*keeper         // by item name
	followers map[string]*accountKeeper  // by name of the partner
	started   context.Context            // what keepers live in; nil before Start and after Close
	failing   map[string]failedState     // by item name
	tried     map[string]bool            // items and accounts of which it is known whether they fail
	said      map[string]string          // what commands wrote last, by phase and item name
	reaches   map[string]reach           // by item name, as runs found it
	off       map[string]bool            // handlers of which nothing is synced
	resting   map[string]func()          // items that are paused, with what stops the wait for the end of that
	foreign   map[int64]*foreign         // sessions that are done elsewhere
	moved     chan struct{}              // closed and replaced when a session that is done elsewhere comes further
	phones    map[phoneFolder]shownPhone // runs of phones that go on
	results   results                    // of runs that were begun
	stop      context.CancelFunc
	tasks     sync.WaitGroup // keepers, the listener, the daily tidying; added to under mu
	tidied    time.Time      // when it was last looked whether tidying is due
	around    around         // what is known of the computer
	links     way.Book       // what is known of the ways to partners
	recalled  [][]string     // the networks on which the throughputs were measured that were kept from before the start
	dialed    dialed         // connections that were brought up for runs
}

// failedState remembers how an item last failed, so that the log tells of a lasting failure once.
type failedState struct {
	text    string
	user    string
	failure *Failure
}

// lane lets one run at a time pass. All items of a home collection share one: each must see what the other created before
// it creates the same.
type lane struct {
	token chan struct{} // holds one token while nobody runs
	users int           // runs that hold or wait for the token; guarded by Hub.mu
}

var _ Service = (*Hub)(nil)

// New makes a hub. Nothing runs by itself before Start.
func New(cfg Config) *Hub {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.News == nil {
		cfg.News = func(SyncNews) {}
	}
	if cfg.Command == nil {
		cfg.Command = command.Run
	}
	cfg.Times = cfg.Times.filled()
	return &Hub{cfg: cfg, shown: progress.NewBoard(), reaches: map[string]reach{}, off: map[string]bool{}, resting: map[string]func(){}, foreign: map[int64]*foreign{}, moved: make(chan struct{}), phones: map[phoneFolder]shownPhone{}, results: newResults(), slots: make(chan struct{}, maxRuns), lanes: map[string]*lane{}, busy: map[string]int{}, active: map[*active]struct{}{}, keepers: map[string]*keeper{}, followers: map[string]*accountKeeper{}, failing: map[string]failedState{}, said: map[string]string{}, tried: map[string]bool{}, around: around{changed: make(chan struct{})}}
}

// Start begins the continuous sync of all enabled items, and returns. It goes on until Close.
func (h *Hub) Start(ctx context.Context) error {
	if err := h.startKeeping(ctx); err != nil {
		return err
	}
	return h.awaitEnds(ctx)
}

func (h *Hub) startKeeping(ctx context.Context) error {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err == nil {
		err = h.loadOff(ctx)
	}
	if err == nil {
		err = h.loadPauses(ctx)
	}
	if err == nil {
		err = h.recallRates(ctx)
	}
	if err != nil {
		return err
	}
	accounts, err := h.accounts(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.started != nil {
		return tandem.Errorf(tandem.Exists, "the hub is running already")
	}
	h.started, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	wakeups := h.cfg.Store.Home.Subscribe(h.started)
	h.tasks.Add(1)
	go func() {
		defer h.tasks.Done()
		h.listen(wakeups)
	}()
	h.tasks.Add(1)
	go func(ctx context.Context) {
		defer h.tasks.Done()
		h.tidyDaily(ctx)
	}(h.started)
	if h.cfg.Notify != nil {
		h.tasks.Add(1)
		go func(ctx context.Context) {
			defer h.tasks.Done()
			h.tellPeople(ctx)
		}(h.started)
	}
	if h.cfg.System != nil {
		h.tasks.Add(1)
		go func(ctx context.Context) {
			defer h.tasks.Done()
			h.cfg.System(ctx, func(e sysevents.Event) { h.happened(ctx, e) })
		}(h.started)
	}
	for _, it := range items {
		h.keepLocked(it, true)
	}
	for _, a := range accounts {
		h.keepAccountLocked(a)
	}
	return nil
}

// Close stops continuous sync and waits for running sessions to end, which they do within two seconds. It does not
// close the store.
func (h *Hub) Close() error {
	h.mu.Lock()
	if h.stop != nil {
		h.stop()
	}
	h.started, h.stop = nil, nil
	h.mu.Unlock()
	h.tasks.Wait()
	h.news.close()
	h.mu.Lock()
	clear(h.keepers)
	clear(h.followers)
	h.mu.Unlock()
	return nil
}

// enter waits for a job's turn. The returned function must be called when the run is over.
func (h *Hub) enter(ctx context.Context, name, key string) (leave func(), err error) {
	out, err := h.enterLane(ctx, name)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		out()
		return nil, ctx.Err()
	case h.slots <- struct{}{}:
	}
	h.count(key, 1)
	return func() {
		h.count(key, -1)
		<-h.slots
		out()
	}, nil
}

// enterLane waits until nobody else is in a lane.
func (h *Hub) enterLane(ctx context.Context, name string) (leave func(), err error) {
	h.mu.Lock()
	l := h.lanes[name]
	if l == nil {
		l = &lane{token: make(chan struct{}, 1)}
		l.token <- struct{}{}
		h.lanes[name] = l
	}
	l.users++
	h.mu.Unlock()

	out := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(h.lanes, name)
		}
	}
	select {
	case <-ctx.Done():
		out()
		return nil, ctx.Err()
	case <-l.token:
	}
	return func() {
		l.token <- struct{}{}
		out()
	}, nil
}

func (h *Hub) count(key string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[key] += n; h.busy[key] == 0 {
		delete(h.busy, key)
	}
}

// isBusy reports whether a run of the job with this key is going on.
func (h *Hub) isBusy(key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy[key] > 0
}

func (h *Hub) now() int64 { return h.cfg.Now().Unix() }
