// Package interop runs Tandem against the world: real bodies of many programs, and foreign programs working in the
// same folders. Programs that are not installed are skipped with a notice; see package need.
package interop
