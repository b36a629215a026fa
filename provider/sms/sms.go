// Package sms is the provider for backups of text messages as the Android app SMS Backup & Restore writes them: one XML file with all messages, text and pictures.
//
// The file is read from its beginning to its end, in bounded memory whatever its size, and written beside itself and renamed, so that a cut leaves
// the file as it was. What is not written is copied byte for byte. Messages that come in many batches are appended to two files in turn, so that a batch costs
// what is in it.
package sms

import (
	"context"

	"tandem"
	"tandem/provider"
)

// Provider declares the provider.
func Provider() *provider.Provider {
	return &provider.Provider{
		Name:  "sms",
		Title: "Backup of text messages",
		Help: "An XML file with text messages (SMS and MMS) as the Android app SMS Backup & Restore writes and reads it. Everything in it is kept, pictures and fields that Tandem " +
			"does not know too; the file is replaced as a whole, never half written. An empty file is an empty backup. " +
			"Attributes that begin with tandem_ are Tandem's own; the app passes over them.",
		Examples: []string{"sms:~/backup/sms.xml"},
		Kinds:    []tandem.Kind{tandem.SMS},
		Local:    true,
		Features: features,
		Open:     open,
	}
}

// batch is how many writes are made in one change of the file.
const batch = 10000

var features = provider.Features{Cursor: false, Attrs: true, Batch: batch}

func open(ctx context.Context, place provider.Place, _ provider.Env) (*provider.Opened, error) {
	return Open(ctx, place.Path)
}

// Open opens the file at path.
func Open(ctx context.Context, path string) (*provider.Opened, error) {
	r := &Replica{path: path}
	r.life, r.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := r.check(); err != nil {
		return nil, err
	}
	return &provider.Opened{Replica: r, Kind: tandem.SMS, Place: "sms:" + path, Features: features}, nil
}
