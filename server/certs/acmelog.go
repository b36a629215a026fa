package certs

import (
	"context"
	"errors"
	"log/slog"

	"github.com/mholt/acmez/v3/acme"
	"go.uber.org/zap/zapcore"
)

// problem is what the authority said: its type and detail, empty if it said nothing.
func problem(err error) (typ, detail string) {
	if p, ok := errors.AsType[acme.Problem](err); ok {
		return p.Type, p.Detail
	}
	return "", ""
}

// bridge lets certmagic, which logs by zap, log by slog. Its chatter about steps that went well is for who debugs, and so are its accounts of
// failures, which ACME tells in its own words.
type bridge struct{ log *slog.Logger }

// Enabled implements zapcore.LevelEnabler.
func (b *bridge) Enabled(zapcore.Level) bool {
	return b.log.Enabled(context.Background(), slog.LevelDebug)
}

// With implements zapcore.Core.
func (b *bridge) With(fields []zapcore.Field) zapcore.Core {
	return &bridge{log: b.log.With(values(fields)...)}
}

// Check implements zapcore.Core.
func (b *bridge) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) {
		return ce.AddCore(e, b)
	}
	return ce
}

// Write implements zapcore.Core.
func (b *bridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	b.log.Debug("certmagic", append([]any{"what", e.Message, "level", e.Level.String()}, values(fields)...)...)
	return nil
}

// Sync implements zapcore.Core.
func (b *bridge) Sync() error { return nil }

func values(fields []zapcore.Field) []any {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	out := make([]any, 0, 2*len(enc.Fields))
	for k, v := range enc.Fields {
		out = append(out, k, v)
	}
	return out
}
