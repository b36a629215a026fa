package setup

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/server/eas/check"
)

// checksAtOnce is how many check-ups run at the same time; more are turned away.
const checksAtOnce = 2

// checkTime is how long a check-up may take.
const checkTime = 45 * time.Second

// maxForm is the size in bytes of the largest form.
const maxForm = 4 << 10

// check plays a phone of the user in the form, and shows what it saw. Config.Check knows what may be called: nothing in the request
// says where to.
func (h *Handler) check(w http.ResponseWriter, r *http.Request) {
	v := h.view(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		v.CheckProblem = "This is too much for a name and a password."
		h.render(w, r, http.StatusRequestEntityTooLarge, v)
		return
	}
	v.User = strings.TrimSpace(r.PostForm.Get("user"))
	password := r.PostForm.Get("password")
	if v.User == "" || password == "" {
		v.CheckProblem = "Please type your user name and password."
		h.render(w, r, http.StatusBadRequest, v)
		return
	}
	select {
	case h.slots <- true:
		defer func() { <-h.slots }()
	default:
		w.Header().Set("Retry-After", "30")
		v.CheckProblem = "Others are checking just now. Please try again in half a minute."
		h.render(w, r, http.StatusTooManyRequests, v)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkTime)
	defer cancel()
	lines, err := h.cfg.Check(ctx, r, v.User, password)
	var e *tandem.Error
	switch {
	case tandem.IsKind(err, tandem.Denied):
		v.CheckProblem = "The user name or the password is wrong."
		h.render(w, r, http.StatusForbidden, v)
	case errors.As(err, &e) && e.Kind == tandem.Busy:
		wait := strconv.FormatInt(max(e.Wait, 5), 10)
		w.Header().Set("Retry-After", wait)
		v.CheckProblem = "Too many wrong passwords came from this address. Please wait " + wait + " seconds."
		h.render(w, r, http.StatusTooManyRequests, v)
	case err != nil:
		h.cfg.Log.Error("set-up check", "err", err)
		v.CheckProblem = "The check could not be made. The hub's log says why."
		h.render(w, r, http.StatusInternalServerError, v)
	default:
		v.Lines, v.Fine = lines, true
		for _, l := range lines {
			v.Fine = v.Fine && l.Level != "fail"
		}
		h.render(w, r, http.StatusOK, v)
	}
}

// mark is how a line's level is shown to who sees no colours.
func mark(l check.Line) string {
	switch l.Level {
	case "ok":
		return "✓"
	case "warn":
		return "!"
	}
	return "✗"
}

// words are how a line's level is read aloud.
func words(l check.Line) string {
	switch l.Level {
	case "ok":
		return "works"
	case "warn":
		return "warning"
	}
	return "fails"
}
