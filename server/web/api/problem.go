package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tandem"
	"tandem/center"
)

// Problem is an error as the API answers it. RFC 9457
type Problem struct {
	Title  string `json:"title" doc:"what sort of error it is"`
	Status int    `json:"status"`
	Detail string `json:"detail" doc:"what was tried, with what, and why it failed"`
	Kind   string `json:"kind" doc:"the sort, for programs"`
	Thing  string `json:"thing,omitempty" doc:"what it is about"`
	Cause  string `json:"cause,omitempty"`
	Remedy string `json:"remedy,omitempty" doc:"what can be done about it"`
	Wait   int64  `json:"wait,omitempty" doc:"seconds after which it may work"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter. RFC 9457 3
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(p.Wait, 10))
	}
	return h
}

// statusOf is the one table from kinds of errors to HTTP. RFC 9110 15
func statusOf(kind tandem.ErrorKind, wait int64) int {
	switch kind {
	case tandem.NotFound:
		return http.StatusNotFound
	case tandem.Gone:
		return http.StatusGone
	case tandem.Invalid, tandem.TooNew:
		return http.StatusBadRequest
	case tandem.Exists, tandem.Changed, tandem.Held:
		return http.StatusConflict
	case tandem.Busy:
		if wait > 0 {
			return http.StatusTooManyRequests
		}
		return http.StatusConflict
	case tandem.Denied:
		return http.StatusForbidden
	case tandem.TooLarge:
		return http.StatusRequestEntityTooLarge
	case tandem.Full:
		return http.StatusInsufficientStorage
	case tandem.Transient, tandem.Unreadable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problemOf makes a problem of an error. What nobody foresaw is told to the hub's log only.
func problemOf(err error, log *slog.Logger) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	f := center.FailureOf(err)
	if f.Kind == tandem.Internal {
		log.Error("api", "err", err)
		return &Problem{Title: f.Kind.String(), Status: http.StatusInternalServerError, Kind: f.Kind.String(), Detail: "internal error", Remedy: "see the hub's log"}
	}
	bare := *f
	bare.Remedy = ""
	return &Problem{Title: f.Kind.String(), Status: statusOf(f.Kind, f.Wait), Detail: bare.Err().Error(), Kind: f.Kind.String(), Thing: f.Thing, Cause: f.Text, Remedy: cmp.Or(f.Remedy, helpOf(*f)), Wait: f.Wait}
}

// malformed is what huma says of a request that is not as the description says, with what a Problem has besides.
type malformed struct {
	huma.ErrorModel
	Kind   string `json:"kind"`
	Cause  string `json:"cause"`
	Remedy string `json:"remedy"`
}

// explained has huma's own errors name cause and remedy as all others do.
func explained(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	var causes []string
	for _, e := range m.Errors {
		causes = append(causes, strings.TrimPrefix(e.Location+": ", ": ")+e.Message)
	}
	return &malformed{ErrorModel: *m, Kind: tandem.Invalid.String(), Cause: cmp.Or(strings.Join(causes, "; "), m.Detail), Remedy: "write the request as /api/openapi.json describes it"}, nil
}

// helpOf is what helps where a part that knows no API did not say.
func helpOf(f center.Failure) string {
	switch f.Kind {
	case tandem.NotFound:
		return "ask for the list of what there is, and take the name or id from there"
	case tandem.Invalid:
		return "see in /api/openapi.json what is taken here"
	}
	return ""
}

// Fail answers with an error.
func Fail(w http.ResponseWriter, err error, log *slog.Logger) { write(w, problemOf(err, log)) }

func write(w http.ResponseWriter, p *Problem) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // an error here means that the asker is gone
}

// describeProblems says in the description how errors look. What is wrong with a request before anything is asked of the hub (422, 400) looks as huma makes it, with what explained adds.
func (a *API) describeProblems() {
	doc := a.huma.OpenAPI()
	ref := doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, item := range doc.Paths {
		for _, o := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
			if o == nil {
				continue
			}
			for code, r := range o.Responses {
				if code >= "4" && code != "422" {
					r.Content = map[string]*huma.MediaType{"application/problem+json": {Schema: ref}}
				}
			}
		}
	}
}
