package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// bigFile: one large file, first sync, then a small edit in the middle.
func bigFile(c config) ([]row, error) {
	var b book
	size := int64(c.scale * float64(2<<30))
	for round := range c.rounds {
		base := filepath.Join(c.dir, fmt.Sprintf("big-%d", round))
		src := filepath.Join(base, "src")
		if err := makeBig(src, size, round); err != nil {
			return nil, err
		}
		peers := filePeers(c, base)
		for i := range peers {
			p := peers[(i+round)%len(peers)]
			if !p.first.available() {
				continue
			}
			if err := bigRound(&b, p, base, src, size, round); err != nil {
				return nil, err
			}
		}
		if err := os.RemoveAll(base); err != nil {
			return nil, err
		}
	}
	return b.rows(), nil
}

func bigRound(b *book, p filePeer, base, src string, size int64, round int) error {
	a, other := filepath.Join(base, p.first.name+"-a"), filepath.Join(base, p.first.name+"-b")
	if err := copyTree(src, a); err != nil {
		return err
	}
	if err := os.MkdirAll(other, 0o755); err != nil {
		return err
	}
	f, err := p.first.once()
	if err != nil {
		return err
	}
	b.add("big: first sync", p.first.name, f)
	if err := editMiddle(filepath.Join(a, "image.bin"), size, round); err != nil {
		return err
	}
	if f, err = p.again.once(); err != nil {
		return err
	}
	b.add("big: 1 MiB edited", p.again.name, f)
	if err := sameFile(filepath.Join(a, "image.bin"), filepath.Join(other, "image.bin")); err != nil {
		return fmt.Errorf("%s: %w", p.first.name, err)
	}
	if err := os.RemoveAll(a); err != nil {
		return err
	}
	return os.RemoveAll(other)
}

func makeBig(dir string, size int64, seed int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "image.bin"))
	if err != nil {
		return err
	}
	defer f.Close()
	r := rand.NewChaCha8([32]byte{byte(seed), 3})
	buf := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(buf)) {
		r.Read(buf)
		if _, err := f.Write(buf[:min(int64(len(buf)), size-at)]); err != nil {
			return err
		}
	}
	return f.Close()
}

func editMiddle(path string, size int64, seed int) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, min(1<<20, size/4))
	rand.NewChaCha8([32]byte{byte(seed), 4}).Read(buf)
	if _, err := f.WriteAt(buf, size/2+12345); err != nil {
		return err
	}
	return f.Close()
}
