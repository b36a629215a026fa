package outgoing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/internal/masked"
	"tandem/internal/oauth"
	"tandem/store"
)

// doubt begins the Error of a message of which nobody knows whether it was sent.
const doubt = "the server did not say whether it took the message"

// waits are the seconds between tries; after the last, the message is given up. RFC 5321 4.5.4.1
var waits = [...]int64{60, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 86400}

// failure is why some recipients will not get the message.
type failure struct {
	to   []string
	text string
}

// submit gives the message to the user's server.
func (s *Service) submit(ctx context.Context, u store.User, m store.Outgoing, body tandem.Body) error {
	a, hub, ok, err := s.route(ctx, u, m)
	if err != nil {
		return err
	}
	if !ok {
		return s.giveUp(ctx, u, m, body, failure{m.To, "there is no server to send through"})
	}
	c, err := s.connect(ctx, u, a, hub)
	if err != nil {
		return s.again(ctx, u, m, body, err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	err = c.Mail(m.From, nil)
	if err != nil && m.From == "" && permanent(err) { // servers that take mail of nobody from nobody
		from := Address(u)
		if hub {
			from = a.From
		}
		err = c.Mail(from, nil)
	}
	if err != nil {
		return s.again(ctx, u, m, body, err)
	}
	var taken, later []string
	var refused []failure
	var why error
	for _, to := range m.To {
		err := c.Rcpt(to, nil)
		switch {
		case err == nil:
			taken = append(taken, to)
		case permanent(err):
			refused = append(refused, failure{[]string{to}, err.Error()})
		default:
			later, why = append(later, to), err
		}
	}
	for _, f := range refused { // before the message goes out: told twice is told once, see bounce
		if err := s.bounce(ctx, u, m, body, f); err != nil {
			return err
		}
	}
	if err := s.refuse(ctx, &m, slices.Concat(taken, later), refused); err != nil {
		return err
	}
	if len(taken) > 0 {
		var ours *recordError
		switch err := s.data(ctx, c, &m, body, taken, later); {
		case err == nil:
		case errors.As(err, &ours): // what the queue says holds: tried again from what we remember, it would be sent twice
			return err
		case errors.Is(err, errDoubt):
			return s.doubted(ctx, u, m, body)
		case permanent(err):
			refused = append(refused, failure{taken, err.Error()})
			if err := s.bounce(ctx, u, m, body, refused[len(refused)-1]); err != nil {
				return err
			}
			if err := s.refuse(ctx, &m, later, refused[len(refused)-1:]); err != nil {
				return err
			}
		default:
			m.To = append(taken, later...)
			return s.again(ctx, u, m, body, err)
		}
	}
	_ = c.Quit() // error: the server has the message
	if len(later) > 0 {
		m.To = later
		return s.again(ctx, u, m, body, why)
	}
	text := ""
	if len(refused) > 0 {
		text = refused[len(refused)-1].text
	}
	return s.settle(ctx, &m, func(m *store.Outgoing) { end(m, text) })
}

// refuse notes those for whom a server refused the message; rest are those it has still to reach.
func (s *Service) refuse(ctx context.Context, m *store.Outgoing, rest []string, refused []failure) error {
	if len(refused) == 0 {
		return nil
	}
	return s.settle(ctx, m, func(m *store.Outgoing) {
		m.To = rest
		for _, f := range refused {
			m.Refused = union(m.Refused, f.to)
		}
	})
}

// end settles a message that nobody is left to get: it was sent, given up, or sent to some only. text is what the last one who refused it said, "" if none did this time.
func end(m *store.Outgoing, text string) {
	m.To, m.State, m.Error = slices.Clone(m.Refused), store.Sent, text
	switch {
	case len(m.Refused) == 0:
	case m.Reached == 0 && len(m.Doubt) == 0:
		m.State = store.Failed
	default:
		m.State = store.Partly
	}
	if len(m.Refused) > 0 && text == "" {
		m.Error = "it was refused for " + strings.Join(m.Refused, ", ") + ", as its sender was told"
	}
	if len(m.Doubt) > 0 {
		m.Error = doubt
	}
}

var errDoubt = errors.New(doubt)

// recordError is trouble with our own records of a message, while it was given to a server.
type recordError struct{ err error }

func (e *recordError) Error() string { return e.err.Error() }
func (e *recordError) Unwrap() error { return e.err }

// data sends the body. Before its end is sent, the queue notes the doubt; afterwards it notes who has it. A recordError says that it could not note something: then what it says already stands.
func (s *Service) data(ctx context.Context, c *smtp.Client, m *store.Outgoing, body tandem.Body, taken, later []string) error {
	r, err := body.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	if err := s.settle(ctx, m, func(m *store.Outgoing) { m.To, m.Error = slices.Concat(taken, later), inDoubt(taken) }); err != nil {
		return &recordError{err} // the end was not sent: the server has nothing
	}
	err = w.Close()
	var answer *smtp.SMTPError
	switch {
	case err == nil:
		if err := s.settle(ctx, m, func(m *store.Outgoing) { m.To, m.Error, m.Reached = later, "", m.Reached+len(taken) }); err != nil {
			return &recordError{err}
		}
		return nil
	case errors.As(err, &answer):
		if e := s.settle(ctx, m, func(m *store.Outgoing) { m.Error = err.Error() }); e != nil {
			return &recordError{e}
		}
		return err
	}
	return errDoubt
}

// inDoubt is the Error of a message that some may have and some may not.
func inDoubt(to []string) string { return doubt + ": " + strings.Join(to, ", ") }

// doubted goes on where nobody knows who has a message: we stopped, or the line broke, between its last byte and the answer. Those who may have it do not get it again, and the sender is told; the others get it
// later.
func (s *Service) doubted(ctx context.Context, u store.User, m store.Outgoing, body tandem.Body) error {
	var taken, later []string
	named := ", " + strings.TrimPrefix(m.Error, doubt+": ") + ", " // not taken apart: a comma may be in an address
	for _, to := range m.To {
		if strings.Contains(named, ", "+to+", ") {
			taken = append(taken, to)
		} else {
			later = append(later, to)
		}
	}
	if len(taken) == 0 {
		taken, later = m.To, nil
	}
	if err := s.bounce(ctx, u, m, body, failure{taken, doubt}); err != nil {
		return err
	}
	err := s.settle(ctx, &m, func(m *store.Outgoing) {
		m.To, m.Doubt, m.Error = later, union(m.Doubt, taken), ""
		if len(later) == 0 {
			m.State, m.Error = store.Failed, doubt
		}
	})
	if err != nil || len(later) == 0 {
		return err
	}
	return s.again(ctx, u, m, body, errors.New("the server takes the message for some only, and has not said whether it took it for the others"))
}

func permanent(err error) bool {
	var e *smtp.SMTPError
	return errors.As(err, &e) && e.Code/100 == 5
}

// connect opens a connection to a server and logs in: the user's, or the hub's own.
func (s *Service) connect(ctx context.Context, u store.User, a Account, hub bool) (*smtp.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	dial := s.Dial
	if a.Guarded {
		dial = s.guard(u.Name)
	}
	conn, err := dial(ctx, net.JoinHostPort(a.Host, strconv.Itoa(a.Port)))
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{}
	if s.Roots != nil {
		cfg = s.Roots.Clone()
	}
	cfg.ServerName = a.Host
	var c *smtp.Client
	switch a.TLS {
	case "tls":
		secure := tls.Client(conn, cfg)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		c = smtp.NewClient(secure)
	case "starttls":
		if c, err = smtp.NewClientStartTLS(conn, cfg); err != nil {
			conn.Close()
			return nil, err
		}
	default:
		c = smtp.NewClient(conn)
	}
	c.CommandTimeout, c.SubmissionTimeout = 5*time.Minute, 12*time.Minute // RFC 5321 4.5.3.2
	if err := s.login(ctx, c, u, a, hub); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (s *Service) login(ctx context.Context, c *smtp.Client, u store.User, a Account, hub bool) error {
	name := s.Name
	if name == "" {
		name = "localhost"
	}
	if err := c.Hello(name); err != nil {
		return err
	}
	if a.User == "" {
		return nil
	}
	password, err := s.passwordOf(ctx, u, hub)
	if err != nil {
		return err
	}
	how := sasl.NewPlainClient("", a.User, password)
	switch {
	case a.Auth == "token" && !c.SupportsAuth("OAUTHBEARER") && c.SupportsAuth("XOAUTH2"): // Outlook knows no other
		how = oauth.XOAUTH2(a.User, password)
	case a.Auth == "token":
		how = sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: a.User, Token: password, Host: a.Host, Port: a.Port})
	case !c.SupportsAuth("PLAIN") && c.SupportsAuth("LOGIN"):
		how = sasl.NewLoginClient(a.User, password)
	}
	return unsaid(c.Auth(how), password)
}

// unsaid is the error of a login without what was logged in with, which some servers repeat.
func unsaid(err error, secret string) error {
	var no *smtp.SMTPError
	switch {
	case err == nil:
	case errors.As(err, &no):
		no.Message = masked.Text(no.Message, secret)
	case masked.Text(err.Error(), secret) != err.Error():
		return errors.New(masked.Text(err.Error(), secret))
	}
	return err
}

// again tries a message later, or gives it up when it was tried for long enough or for good reason. A login that is refused may be mended by its owner, and so is tried again.
func (s *Service) again(ctx context.Context, u store.User, m store.Outgoing, body tandem.Body, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if m.Tries >= len(waits) {
		return s.giveUp(ctx, u, m, body, failure{m.To, fmt.Sprintf("given up after %d tries: %v", m.Tries, why)})
	}
	to := m.To
	return s.settle(ctx, &m, func(m *store.Outgoing) {
		m.To, m.Error, m.Next = to, why.Error(), s.Now().Unix()+waits[m.Tries]
		m.Tries++
	})
}

// giveUp tells the sender and settles the message.
func (s *Service) giveUp(ctx context.Context, u store.User, m store.Outgoing, body tandem.Body, f failure) error {
	if err := s.bounce(ctx, u, m, body, f); err != nil {
		return err
	}
	return s.settle(ctx, &m, func(m *store.Outgoing) {
		m.Refused = union(m.Refused, f.to)
		end(m, f.text)
	})
}

// guard connects for a user who does not administer the hub.
func (s *Service) guard(user string) func(ctx context.Context, address string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		if s.Guard == nil {
			return nil, &tandem.Error{Kind: tandem.Denied, Op: "connect to", Thing: address, Err: errors.New("only administrators name mail servers here"), Remedy: "ask one to set it"}
		}
		return s.Guard(ctx, user, address)
	}
}
