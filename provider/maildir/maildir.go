package maildir

import (
	"context"

	"tandem"
	"tandem/provider"
)

// batch is how many writes one Apply should carry: it waits for the disk a few times however many there are.
const batch = 1000

// Provider declares the provider.
func Provider() *provider.Provider {
	return &provider.Provider{
		Name:  "maildir",
		Title: "Mail in Maildir folders",
		Help: "A folder of mail in the Maildir format, one file per message, as Dovecot, Courier, Postfix, procmail, mutt and mbsync keep it. A place is one folder: " +
			"~/Maildir is the inbox, ~/Maildir/.Archive.2024 a folder in it. Other programs may use the folder at the same time. " +
			"Messages are kept byte for byte. Flags are those of the file names (read, answered, forwarded, flagged, draft); keywords are kept where Dovecot keeps them, " +
			"26 in a folder; the time of receipt is that of the file. An empty folder becomes a Maildir. " +
			"The file tandem-id in a folder holds the folder's identity.",
		Examples: []string{"maildir:~/Maildir", "maildir:~/Maildir/.Archive"},
		Kinds:    []tandem.Kind{tandem.Mail},
		Local:    true,
		Features: provider.Features{Watch: true, Attrs: true, Batch: batch},
		Open: func(ctx context.Context, p provider.Place, _ provider.Env) (*provider.Opened, error) {
			return Open(ctx, p.Path)
		},
		List: func(ctx context.Context, p provider.Place, _ provider.Env) ([]provider.Found, error) {
			return List(ctx, p.Path)
		},
		Folders: func(_ context.Context, p provider.Place, _ provider.Env) (provider.Folders, error) {
			return &Tree{root: p.Path}, nil
		},
	}
}

// Open opens the folder at path as a replica. It plants the folder's identity if it can, and makes a Maildir of an empty folder.
func Open(ctx context.Context, path string) (*provider.Opened, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &Replica{path: path, patience: lockWait, closed: make(chan struct{})}
	if err := r.openRoot(); err != nil {
		return nil, err
	}
	return &provider.Opened{
		Replica:  r,
		Kind:     tandem.Mail,
		Place:    "maildir:" + path,
		Features: provider.Features{ReadOnly: r.readOnly, Watch: true, Attrs: true, Batch: batch},
	}, nil
}
