//go:build unix

package davpeers

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tandem/internal/need"
	"tandem/test/peer"
)

// SOGo starts a SOGo with one user, over a PostgreSQL and a memcached of its own. Root runs them as the users of their packages, since neither server works for
// root.
func SOGo(t testing.TB) *Server {
	t.Helper()
	sogod := need.Program(t, "sogod", "sogo")
	memcached := need.Program(t, "memcached")
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(bins) == 0 {
		need.Missing(t, "PostgreSQL, from the Debian package postgresql")
	}
	bin := filepath.Dir(bins[len(bins)-1])
	const conf = "/etc/sogo/sogo.conf" // read and then overruled by the command line
	if f, err := os.Open(conf); err != nil {
		need.Missing(t, "leave to read "+conf)
	} else {
		f.Close()
	}
	dir := commonDir(t)
	ports := peer.FreePorts(t, 3)
	db, cache, port := ports[0], ports[1], ports[2]

	data := ownDir(t, dir, "postgres")
	if out, err := as("postgres", exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "sogo", "-N")).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	p := peer.Start(t, as("postgres", exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(db), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")))
	p.Ready(t, peer.Answers("tcp", "127.0.0.1:"+strconv.Itoa(db)), nil)
	s := &Server{Name: "SOGo", URL: fmt.Sprintf("http://127.0.0.1:%d/", port), User: "anna", Password: "secret", Dir: dir, Home: "/SOGo/dav/anna/"}
	base := fmt.Sprintf("postgresql://sogo:x@127.0.0.1:%d/postgres", db)
	sql(t, p, bin, db, "CREATE TABLE sogo_users (c_uid varchar(60) PRIMARY KEY, c_name varchar(60), c_password varchar(60), c_cn varchar(128), mail varchar(128));"+
		"INSERT INTO sogo_users VALUES ('"+s.User+"','"+s.User+"','"+s.Password+"','Anna','anna@example.org')")

	peer.Start(t, as("sogo", exec.Command(memcached, "-l", "127.0.0.1", "-p", strconv.Itoa(cache), "-U", "0"))).Ready(t, peer.Answers("tcp", "127.0.0.1:"+strconv.Itoa(cache)), nil)
	home := ownDir(t, dir, "sogo")
	cmd := exec.Command(sogod, "-WOPort", fmt.Sprintf("127.0.0.1:%d", port), "-WONoDetach", "YES", "-WOWorkersCount", "3", "-WOLogFile", filepath.Join(home, "log"), "-WOPidFile", filepath.Join(home, "pid"),
		"-SOGoProfileURL", base+"/sogo_user_profile", "-OCSFolderInfoURL", base+"/sogo_folder_info", "-OCSSessionsFolderURL", base+"/sogo_sessions_folder",
		"-OCSEMailAlarmsFolderURL", base+"/sogo_alarms_folder", "-SOGoMemcachedHost", fmt.Sprintf("127.0.0.1:%d", cache), "-SOGoTimeZone", "UTC",
		"-SOGoUserSources", `({type=sql;id=users;viewURL="`+base+`/sogo_users";canAuthenticate=YES;isAddressBook=NO;userPasswordAlgorithm=plain;})`)
	cmd.Env = append(os.Environ(), "HOME="+home)
	p = peer.Start(t, as("sogo", cmd))
	p.Ready(t, peer.Answers("tcp", fmt.Sprintf("127.0.0.1:%d", port)), nil)
	s.PID = p.Cmd.Process.Pid
	if status, text := s.Do(t, "PROPFIND", s.Home, "", "Depth", "0"); status != 207 {
		log, _ := os.ReadFile(filepath.Join(home, "log"))
		t.Fatalf("SOGo answers %d %s\n%s%s", status, text, p.Output(), log)
	}
	return s
}

// sql runs statements once the database takes them.
func sql(t testing.TB, p *peer.Process, bin string, port int, text string) {
	t.Helper()
	for range 100 {
		out, err := exec.Command(filepath.Join(bin, "psql"), "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "sogo", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", text).CombinedOutput()
		if err == nil {
			return
		}
		if !strings.Contains(string(out), "starting up") {
			t.Fatalf("psql: %v\n%s\n%s", err, out, p.Output())
		}
	}
	t.Fatalf("the database does not start:\n%s", p.Output())
}

// commonDir is a folder that other users may enter, which the test's own is not.
func commonDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "davpeers-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ownDir makes a folder that belongs to a user.
func ownDir(t testing.TB, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if uid, gid, ok := ids(name); ok {
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// ids are those of a user that root may become; false for who is not root, and stays who he is.
func ids(name string) (uid, gid int, ok bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return 0, 0, false
		}
	}
	uid, errU := strconv.Atoi(u.Uid)
	gid, errG := strconv.Atoi(u.Gid)
	return uid, gid, errU == nil && errG == nil
}

// as makes root run a command as another user.
func as(name string, cmd *exec.Cmd) *exec.Cmd {
	if uid, gid, ok := ids(name); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	cmd.Dir = "/"
	return cmd
}
