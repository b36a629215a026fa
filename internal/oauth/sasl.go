package oauth

import "github.com/emersion/go-sasl"

// xoauth2 is the mechanism that Gmail and Outlook had before OAUTHBEARER was made of it.
type xoauth2 struct{ user, token string }

// XOAUTH2 logs a user in with a token, where a server does not know OAUTHBEARER (RFC 7628).
func XOAUTH2(user, token string) sasl.Client { return &xoauth2{user, token} }

// Start implements sasl.Client.
func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next implements sasl.Client: the server tells why it refuses, and wants to hear something before it does.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
