package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// accounts: an address book of a Radicale and a folder, against vdirsyncer. Beside each is told for how long of it the server had something to answer, and how much processor
// time that took; and for how long it had not, which is the tool's own share. What of ours is the start of the program and the store follows from runs without a server.
func accounts(c config) ([]row, error) {
	if !(tool{args: []string{"radicale"}}).available() {
		return nil, nil
	}
	r, err := startBookServer(filepath.Join(c.dir, "radicale"))
	if err != nil {
		return nil, err
	}
	defer r.stop()
	var b book
	count := int(5000 * c.scale)
	for round := range min(c.rounds, 3) {
		base := filepath.Join(c.dir, fmt.Sprintf("dav-%d", round))
		peers, err := davPeers(c, r, base, round)
		if err != nil {
			return nil, err
		}
		for i := range peers {
			t := peers[(i+round)%len(peers)]
			dir := filepath.Join(base, t.name)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return nil, err
			}
			coll := r.collection(davBook(t.name, round))
			if err := r.fill(coll, count, 1, 0); err != nil {
				return nil, err
			}
			if err := r.warm(davBook(t.name, round)); err != nil {
				return nil, err
			}
			for step, name := range []string{": first sync from the server", ": no change", ": 1 % changed there", ": 1 % changed here"} {
				switch step {
				case 2:
					err = r.fill(coll, count, 100, 1)
				case 3:
					err = editFiles(dir)
				}
				if err != nil {
					return nil, err
				}
				if err := measureServed(&b, r, "address book"+name, t); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := measureStart(&b, c, filepath.Join(c.dir, "dav-0", "data")); err != nil {
		return nil, err
	}
	rows := b.rows()
	for i := range rows {
		if rows[i].tool != "tandem" && rows[i].tool != "vdirsyncer" {
			rows[i].ratio = 0 // it is no peer
		}
	}
	return rows, nil
}

// measureStart measures what every run of ours begins and ends with: the program alone, and the program with a data folder that is opened and closed.
func measureStart(b *book, c config, data string) error {
	for _, t := range []struct {
		name string
		args []string
	}{{"program start", []string{"version"}}, {"program start and store", []string{"log", "--data", data}}} {
		for range startRuns {
			f, err := (tool{name: "tandem", args: append([]string{c.tandem}, t.args...), quiet: true}).once()
			if err != nil {
				return err
			}
			b.add("address book: "+t.name+" alone", "tandem", f)
		}
	}
	return nil
}

// startRuns is how often what takes milliseconds is measured.
const startRuns = 21

func davBook(tool string, round int) string { return fmt.Sprintf("%s-%d", tool, round) }

// measureServed runs a tool once, and the server's own time beside it.
func measureServed(b *book, r *bookServer, scenario string, t tool) error {
	before := r.cpu()
	r.watch.take()
	f, err := t.once()
	if err != nil {
		return err
	}
	answering, spent := r.watch.take(), r.cpu()-before
	b.add(scenario, t.name, f)
	b.add(scenario, "Radicale, for "+t.name, figures{wall: answering, user: spent})
	b.add(scenario, t.name+" by itself", figures{wall: f.wall - answering})
	fmt.Fprintf(os.Stderr, "      of it Radicale had something to answer for %.3f s (processor time %.3f s); %.3f s, %.1f %%, are the tool's own\n", answering.Seconds(), spent.Seconds(),
		(f.wall - answering).Seconds(), 100*(f.wall-answering).Seconds()/f.wall.Seconds())
	return nil
}

// editFiles changes the note of every hundredth card in a folder.
func editFiles(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for i, e := range list {
		if i%100 != 0 || !strings.HasSuffix(e.Name(), ".vcf") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(data), "NOTE:", "NOTE:Here. ", 1)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func davPeers(c config, r *bookServer, base string, round int) ([]tool, error) {
	if err := os.MkdirAll(base, 0o755); err != nil {
		return nil, err
	}
	at := func(name string) string { return filepath.Join(base, name) }
	conf := fmt.Sprintf("[general]\nstatus_path = %q\n\n[pair p]\na = \"a\"\nb = \"b\"\ncollections = null\n\n[storage a]\ntype = \"filesystem\"\npath = %q\nfileext = \".vcf\"\n\n"+
		"[storage b]\ntype = \"carddav\"\nurl = %q\nusername = \"anna\"\npassword = \"secret\"\n", at("status"), at("vdirsyncer"), r.url+"anna/"+davBook("vdirsyncer", round)+"/")
	if err := os.WriteFile(at("vdirsyncer.conf"), []byte(conf), 0o644); err != nil {
		return nil, err
	}
	place := "carddav://anna@" + strings.TrimPrefix(r.url, "http://") + "anna/" + davBook("tandem", round) + "/?password-from=env:BENCH_PASSWORD&login=basic" // as vdirsyncer logs in, which does not wait to be asked
	peers := []tool{{name: "tandem", args: []string{c.tandem, "sync", "vdir:" + at("tandem"), place, "--data", at("data")}, env: []string{"BENCH_PASSWORD=secret"}}}
	if (c.peer == "" || c.peer == "vdirsyncer") && (tool{args: []string{"vdirsyncer"}}).available() {
		script := fmt.Sprintf("test -d %[1]q || yes | vdirsyncer -c %[2]q discover >/dev/null; exec vdirsyncer -c %[2]q sync", at("status"), at("vdirsyncer.conf"))
		peers = append(peers, tool{name: "vdirsyncer", args: []string{"sh", "-c", script}})
	}
	return peers, nil
}

// bookServer is a Radicale for the time of the measurement.
type bookServer struct {
	cmd   *exec.Cmd
	dir   string
	url   string // of watch, which stands before it
	watch *between
}

func startBookServer(dir string) (*bookServer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	users, conf := filepath.Join(dir, "users"), filepath.Join(dir, "config")
	if err := os.WriteFile(users, []byte("anna:secret\n"), 0o600); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("[server]\nhosts = %s\nmax_connections = 64\n[auth]\ntype = htpasswd\nhtpasswd_filename = %s\nhtpasswd_encryption = plain\n[storage]\nfilesystem_folder = %s\n[logging]\nlevel = error\n",
		addr, users, filepath.Join(dir, "data"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	watch, err := standBetween(addr)
	if err != nil {
		return nil, err
	}
	r := &bookServer{cmd: exec.Command("radicale", "--config", conf), dir: dir, url: "http://" + watch.addr() + "/", watch: watch}
	r.cmd.Stderr = os.Stderr
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
			return r, conn.Close()
		}
		select {
		case <-ctx.Done():
			r.stop()
			return nil, fmt.Errorf("the server is not ready at %s", addr)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (r *bookServer) stop() {
	r.watch.close()
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait() // killed
}

// cpu is the time that the server has spent working, 0 where the system does not tell.
func (r *bookServer) cpu() time.Duration { return cpuOf(r.cmd.Process.Pid) }

// warm makes the server read a collection that was put under it, which it does once.
func (r *bookServer) warm(name string) error {
	req, err := http.NewRequest("PROPFIND", r.url+"anna/"+name+"/", strings.NewReader(`<propfind xmlns="DAV:"><prop><getetag/><sync-token/></prop></propfind>`))
	if err != nil {
		return err
	}
	req.SetBasicAuth("anna", "secret")
	req.Header.Set("Depth", "1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// collection is the folder of an address book.
func (r *bookServer) collection(name string) string {
	return filepath.Join(r.dir, "data", "collection-root", "anna", name)
}

// fill writes cards where the server keeps them, as an edit by another client would.
func (r *bookServer) fill(coll string, count, step, edit int) error {
	if err := os.MkdirAll(coll, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(coll, ".Radicale.props"), []byte(`{"tag": "VADDRESSBOOK", "D:displayname": "book"}`), 0o644); err != nil {
		return err
	}
	return writeRecords(coll, ".vcf", count, step, edit, vcard)
}
