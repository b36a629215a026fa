// Package mailkit starts real mail servers for one test: Dovecot, with IMAP and LMTP on loopback, in a folder of its own and without privileges. It also has a proxy
// that cuts connections where a test wants it. Where the server is not installed the test is skipped with a notice.
package mailkit

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/internal/need"
	"tandem/test/peer"
)

// Config is what a server should be like. The zero Config is an ordinary one.
type Config struct {
	Users        []string // names; none: anna. The password of each is Password
	Mail         string   // mail_location; "": maildir:~/mail. "~" is Server.Home
	Separator    string   // between the names of folders within folders; "": "/"
	Prefix       string   // what the names of all folders but the inbox begin with, such as "INBOX."
	Capabilities string   // what the server says that it can; "": all that it can
	TLS          bool     // IMAPS and STARTTLS, with a certificate of its own
	Lines        string   // further lines of the configuration
	Fsync        bool     // writes to the disk are waited for, as in a real server
}

// Password is that of every user.
const Password = "secret words"

// Server is a Dovecot that runs until its test ends.
type Server struct {
	IMAP  string // host and port of IMAP, with STARTTLS where Config.TLS
	IMAPS string // host and port of IMAP over TLS; "" without Config.TLS
	LMTP  string // host and port of LMTP
	Dir   string
	Pin   string // SHA-256 of the certificate in hexadecimal
	CA    string // file of the certificate

	t    testing.TB
	uid  int // whom it runs as
	gid  int
	path string // of the program
	conf string
	proc *peer.Process
}

// Home is the folder of a user's mail; with the usual Config the Maildir is "mail" in it.
func (s *Server) Home(user string) string { return filepath.Join(s.Dir, "home", user) }

// Dovecot starts a server.
func Dovecot(t testing.TB, c Config) *Server {
	t.Helper()
	s := &Server{t: t, path: need.Program(t, "dovecot", "dovecot-imapd")}
	s.identity()
	var err error
	if s.Dir, err = os.MkdirTemp("", "mailkit"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(s.Dir) }) // what a server writes while it ends may stay in the system's temporary folder
	if err := os.Chmod(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if len(c.Users) == 0 {
		c.Users = []string{"anna"}
	}
	var users strings.Builder
	for _, u := range c.Users {
		fmt.Fprintf(&users, "%s:{PLAIN}%s\n", u, Password)
	}
	s.write("users", users.String())
	ports := peer.FreePorts(t, 3)
	s.IMAP, s.LMTP = fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	imaps := 0
	if c.TLS {
		imaps = ports[2]
		s.IMAPS = fmt.Sprintf("127.0.0.1:%d", imaps)
		s.certificate()
	}
	s.conf = s.write("dovecot.conf", s.configuration(c, ports[0], imaps, ports[1]))
	s.own()
	s.Start()
	return s
}

// configuration is the text of the server's settings.
func (s *Server) configuration(c Config, imap, imaps, lmtp int) string {
	name, group := "nobody", "nogroup"
	if u, err := user.LookupId(fmt.Sprint(s.uid)); err == nil {
		name = u.Username
	}
	if g, err := user.LookupGroupId(fmt.Sprint(s.gid)); err == nil {
		group = g.Name
	}
	or := func(a, b string) string {
		if a == "" {
			return b
		}
		return a
	}
	ssl, fsync := "ssl = no\n", "never"
	if c.TLS {
		ssl = fmt.Sprintf("ssl = yes\nssl_cert = <%[1]s/cert.pem\nssl_key = <%[1]s/key.pem\n", s.Dir)
	}
	if c.Fsync {
		fsync = "optimized"
	}
	caps := ""
	if c.Capabilities != "" {
		caps = "imap_capability = " + c.Capabilities + "\n"
	}
	return fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
protocols = imap lmtp
%[2]sdisable_plaintext_auth = no
default_internal_user = %[3]s
default_internal_group = %[4]s
default_login_user = %[3]s
first_valid_uid = 1
mail_max_userip_connections = 100
auth_mechanisms = plain login
auth_failure_delay = 0
mail_fsync = %[5]s
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%u %[1]s/users
}
userdb {
  driver = static
  args = uid=%[6]d gid=%[7]d home=%[1]s/home/%%u
}
mail_location = %[8]s
namespace inbox {
  inbox = yes
  separator = %[9]s
  prefix = %[10]s
  mailbox Sent {
    special_use = \Sent
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  service_count = 0
  inet_listener imap {
    address = 127.0.0.1
    port = %[11]d
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = %[12]d
  }
}
service imap {
  service_count = 100
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = %[13]d
  }
}
%[14]s%[15]s`, s.Dir, ssl, name, group, fsync, s.uid, s.gid, or(c.Mail, "maildir:~/mail"), or(c.Separator, "/"), c.Prefix, imap, imaps, lmtp, caps, c.Lines)
}

func (s *Server) write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// certificate makes one for loopback, valid for an hour.
func (s *Server) certificate() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	s.Pin = hex.EncodeToString(sum[:])
	s.CA = s.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})))
}

// Start starts the server again after Stop.
func (s *Server) Start() {
	s.t.Helper()
	cmd := exec.Command(s.path, "-F", "-c", s.conf)
	as(cmd, s.uid, s.gid)
	s.proc = peer.Start(s.t, cmd)
	s.proc.Ready(s.t, func(ctx context.Context) bool { return greets(ctx, s.IMAP) }, s.Log)
}

// Stop ends the server with all its connections.
func (s *Server) Stop() { s.proc.Stop() }

// Log is what the server wrote down.
func (s *Server) Log() string {
	data, _ := os.ReadFile(filepath.Join(s.Dir, "log")) // error: it wrote nothing
	return string(data)
}

func greets(ctx context.Context, addr string) bool {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return false
	}
	hello := make([]byte, 4)
	n, _ := c.Read(hello) // error: it does not greet yet
	return n > 0 && hello[0] == '*'
}
