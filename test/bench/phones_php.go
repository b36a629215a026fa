package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tandem/test/easclient"
)

// phpServers starts the servers in PHP that can be started here, and says what the others lack. stop ends them.
func phpServers(ctx context.Context, dir, cards string) (servers []phoneServer, stop func() error, err error) {
	var stops []func() error
	stop = func() (err error) {
		for _, s := range stops {
			err = errors.Join(err, s())
		}
		return err
	}
	none := func() error { return nil }
	if hordeVersion() == "" {
		fmt.Fprintln(os.Stderr, "bench: Horde's ActiveSync (php-horde-activesync, -autoloader, -controller and -db, php-cli, php-sqlite3) is not installed; its rows are left out")
	} else {
		h, err := startHorde(ctx, dir, cards)
		if err != nil {
			return nil, nil, err
		}
		stops = append(stops, h.stop)
		servers = append(servers, phoneServer{"Horde's library, plain HTTP", h.phone, h.spent, none, none})
	}
	if lacks := groupwareLacks(); len(lacks) > 0 {
		fmt.Fprintln(os.Stderr, "bench: Horde Groupware is not installed; its rows are left out. It lacks", strings.Join(lacks, ", "))
		return servers, stop, nil
	}
	g, err := startGroupware(ctx, dir, cards)
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	stops = append(stops, g.stop)
	return append(servers, phoneServer{"Horde Groupware, plain HTTP", g.phone, g.spent, none, none},
		phoneServer{"Horde Groupware with an index more, plain HTTP", g.phone, g.spent, g.addIndex, g.dropIndex}), stop, nil
}

// hordeServer is the peer of the phones' door: the Horde framework's Exchange ActiveSync library with a driver for a folder of vCards. It is under
// that library's licence, and so it is run from where it lies and not made a part of this program.
const hordeServer = "test/bench/php/server.php"

// horde is Debian's php-horde-activesync, served by PHP's own web server without TLS.
type horde struct {
	url string
	cmd *exec.Cmd
}

const hordeLibrary = "/usr/share/php/Horde/ActiveSync.php"

// hordeVersion is what is installed, "" if it or what it needs is not.
func hordeVersion() string {
	for _, need := range []string{hordeLibrary, "/usr/share/php/Horde/Db.php", "/usr/share/php/Horde/Controller.php", "/usr/share/php/Horde/Autoloader.php"} {
		if _, err := os.Stat(need); err != nil {
			return ""
		}
	}
	out, err := exec.Command("php", "-r", "require 'Horde/Autoloader/Default.php'; "+
		"if (extension_loaded('pdo_sqlite')) echo 'Horde_ActiveSync ', Horde_ActiveSync::LIBRARY_VERSION, ' on PHP ', PHP_VERSION;").Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// startHorde serves a folder of vCards.
func startHorde(ctx context.Context, dir, cards string) (*horde, error) {
	script, err := filepath.Abs(hordeServer)
	if err == nil {
		_, err = os.Stat(script)
	}
	if err != nil {
		return nil, fmt.Errorf("the benchmark is to be run in the folder of the project: %w", err)
	}
	env := append(os.Environ(), "FOLDER="+cards, "DATABASE="+filepath.Join(dir, "horde.db"), "PHP_CLI_SERVER_WORKERS=2")
	setup := exec.Command("php", script)
	setup.Env = env
	if out, err := setup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("horde's database: %w: %s", err, tail(out))
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, err
	}
	h := &horde{url: "http://" + address, cmd: exec.Command("php", "-q", "-d", "opcache.validate_timestamps=0", "-d", "opcache.file_update_protection=0", "-d", "opcache.jit_buffer_size=64M", "-d", "opcache.jit=tracing", "-S", address, script)}
	h.cmd.Env = env
	log, err := os.Create(filepath.Join(dir, "horde.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	h.cmd.Stdout, h.cmd.Stderr = log, log
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			return h, conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("php does not serve at %s", address), h.stop())
}

func (h *horde) stop() error {
	pids, err := family(h.cmd.Process.Pid)
	if err != nil {
		return err
	}
	for _, pid := range pids { // its workers do not end with it
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Kill()
		}
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
	}
	var exit *exec.ExitError
	if err := h.cmd.Wait(); !errors.As(err, &exit) {
		return err
	}
	return nil
}

// family is a process and its children.
func family(pid int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	pids := []int{pid}
	for f := range strings.FieldsSeq(string(text)) {
		child, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		pids = append(pids, child)
	}
	return pids, nil
}

func (h *horde) spent() (figures, error) {
	pids, err := family(h.cmd.Process.Pid)
	if err != nil {
		return figures{}, err
	}
	return spentBy(pids...)
}

func (h *horde) phone(id string) *easclient.Phone { return hordePhone(h.url, id) }

// hordePhone is a phone of the one user that the servers in PHP have.
func hordePhone(url, id string) *easclient.Phone {
	return easclient.NewPhone(&easclient.Client{Base: url, User: "user0", Password: "any", DeviceID: id, DeviceType: "iPhone",
		Agent: "Apple-iPhone15C2/2101.303", Version: contactsVersion})
}
