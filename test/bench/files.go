package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// files: a tree of small files, first sync, no change, one per cent changed. Nothing is removed before the end: ext4 keeps
// away from inodes freed in the last minutes, and makes whoever creates files then pay for it.
func files(c config) ([]row, error) {
	var b book
	dirs, per := max(1, int(200*c.scale)), 100
	for round := range c.rounds {
		base := filepath.Join(c.dir, fmt.Sprintf("files-%d", round))
		src := filepath.Join(base, "src")
		if err := makeTree(src, dirs, per, 4096, uint64(round)); err != nil {
			return nil, err
		}
		if err := filesRound(c, &b, base, src, dirs, per, round); err != nil {
			return nil, err
		}
	}
	return b.rows(), nil
}

// filesRound runs every peer over its own copy of one tree. The order rotates, so that nobody always goes first.
func filesRound(c config, b *book, base, src string, dirs, per, round int) error {
	peers := filePeers(c, base)
	for i := range peers {
		p := peers[(i+round)%len(peers)]
		if !p.first.available() {
			continue
		}
		a := filepath.Join(base, p.first.name+"-a")
		if err := copyTree(src, a); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(base, p.first.name+"-b"), 0o755); err != nil {
			return err
		}
		steps := []struct {
			name   string
			change bool
			tool   tool
		}{{"files: first sync", false, p.first}, {"files: no change", false, p.again}, {"files: 1 % changed", true, p.again}}
		for _, s := range steps {
			if s.change {
				if err := touchTree(a, dirs, per, 4096, uint64(round)); err != nil {
					return err
				}
			}
			f, err := s.tool.once()
			if err != nil {
				return err
			}
			b.add(s.name, s.tool.name, f)
		}
		if err := sameTree(a, filepath.Join(base, p.first.name+"-b")); err != nil {
			return fmt.Errorf("%s did not bring the trees in step: %w", p.first.name, err)
		}
	}
	return nil
}

type filePeer struct{ first, again tool }

func filePeers(c config, base string) []filePeer {
	at := func(name, side string) string { return filepath.Join(base, name+"-"+side) }
	same := func(t tool) filePeer { return filePeer{t, t} }
	tandem := tool{name: "tandem", args: []string{c.tandem, "sync", "files:" + at("tandem", "a"), "files:" + at("tandem", "b"), "--data", at("tandem", "data")}}
	unison := tool{name: "unison", args: []string{"unison", at("unison", "a"), at("unison", "b"), "-batch", "-silent", "-times", "-perms", "-1"}, env: []string{"UNISON=" + at("unison", "data")}}
	rsync := tool{name: "rsync", args: []string{"rsync", "-a", at("rsync", "a") + "/", at("rsync", "b") + "/"}}
	work := at("rclone", "data")
	rclone := []string{"rclone", "bisync", at("rclone", "a"), at("rclone", "b"), "--workdir", work, "--config", "/dev/null", "--force"}
	return []filePeer{same(tandem), same(rsync), same(unison),
		{tool{name: "rclone", args: append(rclone, "--resync")}, tool{name: "rclone", args: rclone}}}
}

func fileName(d, f int) string {
	return filepath.Join(fmt.Sprintf("folder %03d", d), fmt.Sprintf("file-%03d.dat", f))
}

func makeTree(root string, dirs, per, size int, seed uint64) error {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})
	buf := make([]byte, size)
	for d := range dirs {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, fileName(d, 0))), 0o755); err != nil {
			return err
		}
		for f := range per {
			r.Read(buf)
			if err := os.WriteFile(filepath.Join(root, fileName(d, f)), buf, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// touchTree rewrites one file in a hundred.
func touchTree(root string, dirs, per, size int, seed uint64) error {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 2})
	buf := make([]byte, size)
	for d := range dirs {
		for f := d % 100; f < per; f += 100 {
			r.Read(buf)
			if err := os.WriteFile(filepath.Join(root, fileName(d, f)), buf, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyTree(from, to string) error { return os.CopyFS(to, os.DirFS(from)) }
