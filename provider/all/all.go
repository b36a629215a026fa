// Package all names the providers that come with Tandem.
package all

import (
	"slices"

	"tandem/provider"
	"tandem/provider/dav"
	"tandem/provider/files"
	"tandem/provider/home"
	"tandem/provider/imap"
	"tandem/provider/maildir"
	"tandem/provider/plugin"
	"tandem/provider/sms"
	"tandem/provider/vdir"
	"tandem/provider/webcal"
)

// Registry returns the providers a person can name in a place.
func Registry() *provider.Registry {
	return provider.NewRegistry(slices.Concat(dav.Providers(), imap.Providers(), webcal.Providers(), []*provider.Provider{files.Provider(), home.Provider(), maildir.Provider(), sms.Provider(), vdir.Provider()})...)
}

// With returns them, and besides them the programs that are registered in a data folder: a program that is registered or removed is known or gone at once.
func With(data string) *provider.Registry { return Registry().With(plugin.Source(data)) }
