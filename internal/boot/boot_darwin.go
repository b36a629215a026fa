package boot

import "golang.org/x/sys/unix"

func read() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
