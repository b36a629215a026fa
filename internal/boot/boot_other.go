//go:build !linux && !darwin && !windows

package boot

func read() string { return "" }
