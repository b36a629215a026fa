//go:build unix && !linux && !darwin

package vdir

const nameRule = ""
