// Package boot tells one run of the operating system from another. What was written but not yet durable when the
// machine stopped may be lost; comparing boot ids tells that it stopped in between.
package boot

// ID names the current run of the operating system, the same for every process in it; "unknown" where the system does
// not tell.
func ID() string {
	if id := read(); id != "" {
		return id
	}
	return "unknown"
}
