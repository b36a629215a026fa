//go:build unix

package files

// checkName refuses what this system cannot hold; here the file system itself tells.
func checkName(string) error { return nil }

// nameRule is the rule for ids of Features.Names.
const nameRule = ""
