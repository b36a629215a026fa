package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sameTree checks that two trees hold the same files, so that no figure is quoted for work that was not done. Dot
// folders at the top are the tools' own.
func sameTree(a, b string) error {
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		err := filepath.WalkDir(pair[0], func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(pair[0], p)
			if err != nil {
				return err
			}
			if d.IsDir() && strings.HasPrefix(d.Name(), ".") && rel != "." {
				return filepath.SkipDir
			}
			if d.IsDir() {
				return nil
			}
			one, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			two, err := os.ReadFile(filepath.Join(pair[1], rel))
			if err != nil {
				return err
			}
			if !bytes.Equal(one, two) {
				return fmt.Errorf("%s differs", rel)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sameBodies checks that two folders hold the same records under whatever names.
func sameBodies(a, b, ext string) error {
	count := map[string]int{}
	for step, dir := range map[int]string{1: a, -1: b} {
		names, err := filepath.Glob(filepath.Join(dir, "*"+ext))
		if err != nil {
			return err
		}
		for _, name := range names {
			body, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			count[string(body)] += step
		}
	}
	for body, n := range count {
		if n != 0 {
			return fmt.Errorf("%s and %s differ by %.80q", a, b, body)
		}
	}
	return nil
}

// sameFile compares two large files piece by piece.
func sameFile(a, b string) error {
	one, err := os.Open(a)
	if err != nil {
		return err
	}
	defer one.Close()
	two, err := os.Open(b)
	if err != nil {
		return err
	}
	defer two.Close()
	x, y := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err1 := one.Read(x)
		m, err2 := two.Read(y)
		if n != m || !bytes.Equal(x[:n], y[:m]) {
			return fmt.Errorf("%s and %s differ", a, b)
		}
		if err1 != nil || err2 != nil {
			if fmt.Sprint(err1) != fmt.Sprint(err2) {
				return fmt.Errorf("%s and %s differ in length", a, b)
			}
			return nil
		}
	}
}
