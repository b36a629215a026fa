// Package people answers what a device asks about users and those they know: Settings, the directory (Search and Find), ResolveRecipients and
// ValidateCert.
package people

import (
	"context"
	"crypto/x509"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/partner/mailbox"
	"tandem/store"
)

// Folders tells which folders a user has.
type Folders interface {
	// Shown are the collections that a device of this version sees.
	Shown(ctx context.Context, user string, v eas.Version) ([]access.Reach, error)
	// Below are the folders that lie within one, at any depth.
	Below(ctx context.Context, user string, collection int64) ([]access.Reach, error)
}

// Service answers the commands of this package.
type Service struct {
	Accounts store.Accounts
	Devices  store.Devices
	Home     store.Home
	Lookup   store.Lookup
	Texts    store.Texts
	Folders  Folders                  // nil: no mail is searched
	Contacts eas.View                 // how contacts are shown
	Views    map[tandem.Kind]eas.View // how what is found in a mailbox is shown

	// Far finds mail that is at servers and not in the hub; nil: nobody is asked.
	Far mailbox.Far
	// Info keeps what a device told about itself.
	Info func(ctx context.Context, user, id string, info map[string]string) (store.Device, error)
	// Away is told that what is answered while a user is away was set; nil: nobody is.
	Away func()
	// Recovery reports whether the policy of a device lets it leave a password here by which it can be unlocked.
	Recovery func(ctx context.Context, d store.Device) (bool, error)
	// KeepPassword keeps that password, sealed; an empty one is forgotten. Denied where none can be kept.
	KeepPassword func(ctx context.Context, d store.Device, password string) error
	// Zone is the time zone of a user.
	Zone func(user store.User) *time.Location
	// Roots are the authorities that may vouch for certificates; nil: those that this system trusts.
	Roots *x509.CertPool
}

// address is a user's mail address.
func address(u store.User) string {
	if u.Address != "" {
		return u.Address
	}
	return u.Name
}

// title is a user's name for people.
func title(u store.User) string {
	if u.Title != "" {
		return u.Title
	}
	return u.Name
}

// unix is a time in Unix seconds.
func unix(seconds int64) time.Time { return time.Unix(seconds, 0) }
