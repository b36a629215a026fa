package conn

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"

	"tandem"
)

// used is what a request was sent with.
type used struct {
	scheme string
	token  string
	nonce  string
}

// credentials is the Authorization header of a request, as far as it is known what the server wants.
func (c *Client) credentials(ctx context.Context, method string, at *url.URL) (string, used, error) {
	if !c.Trusts(at) {
		return "", used{}, nil
	}
	switch scheme := c.manners(ctx, at); scheme {
	case "basic":
		pw, err := c.secret(ctx)
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.cfg.User+":"+pw)), used{scheme: scheme}, err
	case "digest":
		pw, err := c.secret(ctx)
		if err != nil {
			return "", used{}, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.digest.answer(method, at.RequestURI(), c.cfg.User, pw), used{scheme: scheme, nonce: c.digest.nonce}, nil
	case "bearer":
		c.mu.Lock()
		have := c.token
		c.mu.Unlock()
		if have == "" {
			var err error
			if have, err = c.freshToken(ctx, ""); err != nil {
				return "", used{}, err
			}
		}
		return "Bearer " + have, used{scheme: scheme, token: have}, nil
	}
	return "", used{}, nil
}

func (c *Client) freshToken(ctx context.Context, stale string) (string, error) {
	if c.cfg.Token == nil {
		return "", c.refused("the server wants a token, and there is none")
	}
	token, err := c.cfg.Token.Token(ctx, stale)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = token
	return token, nil
}

// secret is the password, asked for once.
func (c *Client) secret(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock() // held while asking: the second asker waits for the first one's answer
	if c.asked {
		return c.password, nil
	}
	if c.cfg.Password == nil {
		return "", c.refused("the server wants a password, and there is none")
	}
	pw, err := c.cfg.Password(ctx)
	if err != nil {
		return "", err
	}
	c.password, c.asked = pw, true
	return pw, nil
}

func (c *Client) refused(why string) error {
	return &tandem.Error{Kind: tandem.Denied, Op: "log in to", Thing: c.cfg.Home.Host, Err: errors.New(why), Remedy: c.cfg.Relogin}
}

// challenged looks at a refusal for want of credentials, and tells whether to send the request again.
func (c *Client) challenged(ctx context.Context, resp *http.Response, at *url.URL, sent used) (bool, error) {
	if !c.Trusts(at) {
		return false, nil
	}
	offers := parseChallenges(resp.Header.Values("WWW-Authenticate"))
	switch {
	case sent.scheme == "bearer":
		_, err := c.freshToken(ctx, sent.token)
		return err == nil, err
	case sent.scheme == "basic" && (c.cfg.Login == "basic" || best(offers) == nil):
		return false, nil
	}
	d := best(offers)
	basic := has(offers, "basic")
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case d != nil && (c.cfg.Login == "auto" || c.cfg.Login == "digest"):
		if sent.scheme == "digest" && sent.nonce == d.nonce && !d.stale {
			return false, nil // refused with the very nonce it gives again: the password is wrong
		}
		if sent.scheme == "digest" && !d.stale && c.digest != nil && c.digest.tried > 1 {
			return false, nil
		}
		if c.digest != nil {
			d.tried = c.digest.tried + 1
		}
		if d.stale {
			d.tried = 0
		}
		c.scheme, c.digest = "digest", d
		return true, nil
	case basic && sent.scheme == "" && c.cfg.Login == "auto":
		c.scheme = "basic"
		c.offered = c.offered || c.unheard(at)
		return true, nil
	case sent.scheme == "" && c.cfg.Login == "auto" && c.cfg.Token != nil && has(offers, "bearer"):
		c.scheme = "bearer"
		return true, nil
	}
	return false, nil
}

// SwapUser makes the client log in under another name from now on, and returns the one before.
func (c *Client) SwapUser(user string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.cfg.User
	c.cfg.User = user
	if c.digest != nil {
		c.digest.tried = 0
	}
	return old
}

// User is the name under which the client logs in.
func (c *Client) User() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cfg.User
}
