package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"tandem/test/easclient"
)

// groupwareConfig is how the benchmark configures the real Horde.
const groupwareConfig = "test/bench/php/groupware"

// groupware is the real peer of the phones' door, as people run it: Horde Groupware's ActiveSync server, which is Horde with the address books of
// Turba in an SQL database, with accounts, permissions, tags and history, behind nginx and PHP-FPM. All of it is Debian's, copied to the scratch
// folder, where its configuration and database stand as well.
type groupware struct {
	dir, url string
	php, web *exec.Cmd
}

// groupwareNeeds are what it is started from, in their packages.
func groupwareNeeds() map[string]string {
	return map[string]string{
		"php-horde":       "/usr/share/horde/rpc.php",
		"php-horde-turba": "/usr/share/horde/turba/lib/Application.php",
		"php8.2-fpm":      "/usr/sbin/php-fpm8.2",
		"php-sqlite3":     "/etc/php/8.2/mods-available/pdo_sqlite.ini",
		"nginx-light":     "/usr/sbin/nginx",
	}
}

// groupwareLacks names the packages that are not installed.
func groupwareLacks() (packages []string) {
	for name, path := range groupwareNeeds() {
		if _, err := os.Stat(path); err != nil {
			packages = append(packages, name)
		}
	}
	slices.Sort(packages)
	return packages
}

// groupwareVersion is what is installed, "" if something is lacking.
func groupwareVersion() string {
	if len(groupwareLacks()) > 0 {
		return ""
	}
	version := regexp.MustCompile(`\$version = '([^']+)'`)
	var parts []string
	for _, app := range []struct{ name, base string }{{"Horde", "/usr/share/horde"}, {"Turba", "/usr/share/horde/turba"}} {
		text, err := os.ReadFile(filepath.Join(app.base, "lib", "Application.php"))
		if m := version.FindSubmatch(text); err == nil && m != nil {
			parts = append(parts, app.name+" "+string(m[1]))
		}
	}
	return strings.Join(parts, " with ")
}

// startGroupware serves a folder of vCards, once they are imported.
func startGroupware(ctx context.Context, dir, cards string) (*groupware, error) {
	g := &groupware{dir: filepath.Join(dir, "groupware")}
	if err := g.install(ctx); err != nil {
		return nil, err
	}
	scripts := [][]string{{"horde-db-migrate"}, {"import.php", "user0", "any", cards}}
	for _, args := range scripts {
		args[0] = filepath.Join(g.dir, "horde", "bin", args[0])
		if out, err := exec.CommandContext(ctx, "php", append([]string{"-d", "memory_limit=1G", "-d", "display_errors=stderr"}, args...)...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", args[0], err, tail(out))
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, err
	}
	g.url = "http://" + address
	if err := g.configure(address); err != nil {
		return nil, err
	}
	return g, g.serve(address)
}

// install copies Horde, and puts its configuration beside.
func (g *groupware) install(ctx context.Context) error {
	home := filepath.Join(g.dir, "horde")
	for _, sub := range []string{"tmp", "vfs"} {
		if err := os.MkdirAll(filepath.Join(g.dir, sub), 0o700); err != nil {
			return err
		}
	}
	// Links are followed, for /etc/horde is to be ours; one of them leads nowhere, so it says nothing that cp fails.
	out, err := exec.CommandContext(ctx, "cp", "-rL", "/usr/share/horde", home).CombinedOutput()
	if _, e := os.Stat(filepath.Join(home, "rpc.php")); e != nil {
		return fmt.Errorf("copy of horde: %w: %s", errors.Join(err, e), tail(out))
	}
	for from, to := range map[string]string{
		filepath.Join(groupwareConfig, "conf.php"):   "config/conf.php",
		filepath.Join(groupwareConfig, "turba.php"):  "turba/config/conf.php",
		filepath.Join(groupwareConfig, "import.php"): "bin/import.php",
		"/usr/bin/horde-db-migrate":                  "bin/horde-db-migrate",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("the benchmark is to be run in the folder of the project: %w", err)
		}
		to = filepath.Join(home, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// configure writes what PHP-FPM and nginx read.
func (g *groupware) configure(address string) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	fill := strings.NewReplacer("@USER@", me.Username, "@GROUP@", group.Name, "@PORT@", port, "@FOLDER@", g.dir, "@WORKERS@", fmt.Sprint(runtime.NumCPU()))
	for _, name := range []string{"php-fpm.conf", "nginx.conf"} {
		text, err := os.ReadFile(filepath.Join(groupwareConfig, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(g.dir, name), []byte(fill.Replace(string(text))), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// serve starts PHP-FPM and nginx, and waits until they answer.
func (g *groupware) serve(address string) error {
	log, err := os.Create(filepath.Join(g.dir, "serve.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	g.php = exec.Command("/usr/sbin/php-fpm8.2", "-R", "-F", "-p", g.dir, "-y", filepath.Join(g.dir, "php-fpm.conf"), "-d", "opcache.enable=1",
		"-d", "opcache.validate_timestamps=0", "-d", "opcache.file_update_protection=0", "-d", "opcache.max_accelerated_files=20000",
		"-d", "opcache.memory_consumption=256", "-d", "opcache.jit=tracing", "-d", "opcache.jit_buffer_size=64M", "-d", "realpath_cache_size=16M", "-d", "realpath_cache_ttl=86400")
	g.web = exec.Command("/usr/sbin/nginx", "-p", g.dir, "-c", filepath.Join(g.dir, "nginx.conf"))
	for _, cmd := range []*exec.Cmd{g.php, g.web} {
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			return errors.Join(err, g.stop())
		}
	}
	for range 100 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			err = conn.Close()
		}
		if _, e := os.Stat(filepath.Join(g.dir, "php-fpm.sock")); err == nil && e == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.Join(fmt.Errorf("horde does not serve at %s; see %s", address, log.Name()), g.stop())
}

// stop ends both; each ends its workers.
func (g *groupware) stop() (err error) {
	for _, cmd := range []*exec.Cmd{g.web, g.php} {
		if cmd == nil || cmd.Process == nil {
			continue
		}
		err = errors.Join(err, cmd.Process.Signal(os.Interrupt))
		var exit *exec.ExitError
		if e := cmd.Wait(); !errors.As(e, &exit) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// addIndex gives the address book's table the index that Horde's own schema lacks: as it is made, every card that is looked up by its UID makes
// the database read all cards of its owner.
func (g *groupware) addIndex() error {
	return g.sql("CREATE INDEX benchmark ON turba_objects (object_uid); ANALYZE turba_objects")
}

func (g *groupware) dropIndex() error {
	return g.sql("DROP INDEX benchmark; DELETE FROM sqlite_stat1")
}

func (g *groupware) sql(statements string) error {
	out, err := exec.Command("php", "-r", `$db = new PDO("sqlite:" . $argv[1]); $db->exec($argv[2]);`, filepath.Join(g.dir, "horde.db"), statements).CombinedOutput()
	if err != nil {
		return fmt.Errorf("horde's database: %w: %s", err, tail(out))
	}
	return nil
}

func (g *groupware) spent() (figures, error) {
	var pids []int
	for _, cmd := range []*exec.Cmd{g.web, g.php} {
		more, err := family(cmd.Process.Pid)
		if err != nil {
			return figures{}, err
		}
		pids = append(pids, more...)
	}
	return spentBy(pids...)
}

func (g *groupware) phone(id string) *easclient.Phone { return hordePhone(g.url, id) }
