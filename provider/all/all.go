// Package all names the providers that come with Tandem.
package all

import (
	"tandem/provider"
	"tandem/provider/dav"
	"tandem/provider/files"
	"tandem/provider/home"
	"tandem/provider/vdir"
)

// Registry returns the providers a person can name in a place.
func Registry() *provider.Registry {
	return provider.NewRegistry(append(dav.Providers(), files.Provider(), home.Provider(), vdir.Provider())...)
}
