package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"nettwin/control"
	"nettwin/control/intent"
)

// Intents is what the server needs of the keeper of intents.
type Intents interface {
	Create(ctx context.Context, f *intent.Fields, by control.Principal) (intent.Intent, error)
	Get(ctx context.Context, id string) (intent.Intent, error)
	List(ctx context.Context) ([]intent.Intent, error)
	Update(ctx context.Context, id string, patch []byte, by control.Principal) (intent.Intent, error)
	Delete(ctx context.Context, id string, by control.Principal) error
	Reports(ctx context.Context, id string) ([]intent.Report, error)
	Report(ctx context.Context, id, report string) (intent.Report, error)
	Turtle(r *intent.Report) (string, error)
	ReportIRI(r *intent.Report) string
	OtherID(v intent.Violation) string
	Listen() (<-chan intent.Report, func())
}

// intentRoutes are TMF921's.
func (s *Server) intentRoutes(r chi.Router) {
	read := func(next http.Handler) http.Handler { return s.opt.Gate.Require(Reader)(s.withIntents(next)) }
	operate := func(next http.Handler) http.Handler { return s.opt.Gate.Require(Operator)(s.withIntents(next)) }
	r.With(read).Get(intent.Path, s.intentList)
	r.With(operate).Post(intent.Path, s.intentCreate)
	r.With(read).Get(intent.Path+"/{id}", s.intentGet)
	r.With(operate).Patch(intent.Path+"/{id}", s.intentUpdate)
	r.With(operate).Delete(intent.Path+"/{id}", s.intentDelete)
	r.With(read).Get(intent.Path+"/{id}/intentReport", s.reportList)
	r.With(read).Get(intent.Path+"/{id}/intentReport/{report}", s.reportGet)
}

// errNoKeeper: the server was made without a keeper of intents.
var errNoKeeper = errors.New("this server keeps no intents")

func (s *Server) withIntents(next http.Handler) http.Handler {
	if s.opt.Intents != nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { s.failIntent(w, errNoKeeper) })
}

// The media types of bodies.
const (
	mediaJSON       = "application/json"
	mediaMergePatch = "application/merge-patch+json"
)

func (s *Server) intentCreate(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, mediaJSON)
	if err != nil {
		s.failIntent(w, err)
		return
	}
	f, err := intent.ReadFields(body)
	if err != nil {
		s.failIntent(w, err)
		return
	}
	made, err := s.opt.Intents.Create(r.Context(), f, principal(r))
	if err != nil {
		s.failIntent(w, err)
		return
	}
	w.Header().Set("Location", made.Href)
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(http.StatusCreated)
	_ = encode(w, made) // an error means that the client went away
}

// errMedia: a body of another type than the route takes.
var errMedia = errors.New("unsupported media type")

// readBody reads a body of one of the media types.
func readBody(w http.ResponseWriter, r *http.Request, media ...string) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(media, kind) {
		return nil, fmt.Errorf("%w: Content-Type %q: send %s", errMedia, clip(r.Header.Get("Content-Type")), strings.Join(media, " or "))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, intent.MaxIntentBytes))
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return body, nil
}

func (s *Server) intentGet(w http.ResponseWriter, r *http.Request) {
	one, err := s.opt.Intents.Get(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.failIntent(w, err)
		return
	}
	s.answerSelected(w, r, one)
}

// answerSelected answers a resource with the attributes that fields= selects
// (TMF630, "Retrieving Partial Resource Representation").
func (s *Server) answerSelected(w http.ResponseWriter, r *http.Request, resource any) {
	q := r.URL.Query()
	attributes, err := attributesOf(resource)
	if err == nil {
		err = onlyKnown(q, []string{"fields"})
	}
	if err != nil {
		s.failIntent(w, err)
		return
	}
	s.answer(w, selected(attributes, q.Get("fields")))
}

func (s *Server) intentUpdate(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, mediaMergePatch, mediaJSON)
	if err != nil {
		s.failIntent(w, err)
		return
	}
	changed, err := s.opt.Intents.Update(r.Context(), chi.URLParam(r, "id"), body, principal(r))
	if err != nil {
		s.failIntent(w, err)
		return
	}
	s.answer(w, changed)
}

func (s *Server) intentDelete(w http.ResponseWriter, r *http.Request) {
	if err := s.opt.Intents.Delete(r.Context(), chi.URLParam(r, "id"), principal(r)); err != nil {
		s.failIntent(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) intentList(w http.ResponseWriter, r *http.Request) {
	list, err := s.opt.Intents.List(r.Context())
	if err != nil {
		s.failIntent(w, err)
		return
	}
	answerPage(s, w, r, list)
}

// reportAnswer is an IntentReport of TMF921, with state and reasons besides.
type reportAnswer struct {
	ID          string             `json:"id"`
	Href        string             `json:"href"`
	Type        string             `json:"@type"`
	Name        string             `json:"name"`
	Description string             `json:"description,omitempty"`
	Created     time.Time          `json:"creationDate"`
	Number      int                `json:"reportNumber"`
	State       intent.State       `json:"state"`
	Reasons     []intent.Reason    `json:"reason"`
	Intent      intentRef          `json:"intent"`
	Expression  *intent.Expression `json:"expression"`
}

// intentRef is TMF's reference to an intent.
type intentRef struct {
	ID       string `json:"id"`
	Href     string `json:"href"`
	Type     string `json:"@type"`
	Referred string `json:"@referredType"`
}

func newIntentRef(id string) intentRef {
	return intentRef{ID: id, Href: intent.Path + "/" + id, Type: "IntentRef", Referred: intent.TypeIntent}
}

func (s *Server) newReportAnswer(r *intent.Report) (reportAnswer, error) {
	text, err := s.opt.Intents.Turtle(r)
	if err != nil {
		return reportAnswer{}, err
	}
	value, err := json.Marshal(text)
	if err != nil {
		return reportAnswer{}, err
	}
	ref := newIntentRef(r.Intent)
	a := reportAnswer{ID: r.ID(), Href: ref.Href + "/intentReport/" + r.ID(), Type: "IntentReport", Name: string(r.State), Created: r.Time,
		Number: r.Number, State: r.State, Reasons: r.Reasons, Intent: ref,
		Expression: &intent.Expression{Type: intent.TurtleExpression, IRI: s.opt.Intents.ReportIRI(r), Value: value}}
	var messages []string
	for _, reason := range r.Reasons {
		messages = append(messages, reason.Message)
	}
	a.Description = strings.Join(messages, "; ")
	if a.Reasons == nil {
		a.Reasons = []intent.Reason{}
	}
	return a, nil
}

func (s *Server) reportList(w http.ResponseWriter, r *http.Request) {
	list, err := s.opt.Intents.Reports(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.failIntent(w, err)
		return
	}
	answers := make([]reportAnswer, 0, len(list))
	for i := range list {
		one, err := s.newReportAnswer(&list[i])
		if err != nil {
			s.failIntent(w, err)
			return
		}
		answers = append(answers, one)
	}
	answerPage(s, w, r, answers)
}

func (s *Server) reportGet(w http.ResponseWriter, r *http.Request) {
	report, err := s.opt.Intents.Report(r.Context(), chi.URLParam(r, "id"), chi.URLParam(r, "report"))
	if err != nil {
		s.failIntent(w, err)
		return
	}
	one, err := s.newReportAnswer(&report)
	if err != nil {
		s.failIntent(w, err)
		return
	}
	s.answerSelected(w, r, one)
}

// tmfError is the error body of TMF Open APIs (TMF630, "Error Representation").
type tmfError struct {
	Type    string `json:"@type"`
	Code    string `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	Status  string `json:"status"`
	// Violations and Conflicts are ours: what shapes object to, and the intents
	// that stand against this one.
	Violations []intent.Violation `json:"violations,omitempty"`
	Conflicts  []conflictAnswer   `json:"conflicts,omitempty"`
}

// conflictAnswer names the other intent.
type conflictAnswer struct {
	intentRef
	Message string `json:"message"`
}

// failIntent answers an error as TMF Open APIs do.
func (s *Server) failIntent(w http.ResponseWriter, err error) {
	e := tmfError{Type: "Error", Message: err.Error()}
	status := http.StatusInternalServerError
	var (
		expression *intent.ExpressionError
		violation  *intent.ViolationError
		conflict   *intent.ConflictError
		tooLarge   *http.MaxBytesError
	)
	switch {
	case errors.As(err, &expression):
		status, e.Code, e.Reason = http.StatusBadRequest, "invalidExpression", "the expression cannot be read"
	case errors.As(err, &violation):
		status, e.Code, e.Reason = http.StatusUnprocessableEntity, "shapeViolation", "the intent cannot be accepted as it is written"
		e.Violations = violation.Violations
	case errors.As(err, &conflict):
		status, e.Code, e.Reason = http.StatusConflict, "intentConflict", "another intent stands against it"
		for _, v := range conflict.Violations {
			e.Conflicts = append(e.Conflicts, conflictAnswer{newIntentRef(s.opt.Intents.OtherID(v)), v.Message})
		}
	case errors.As(err, &tooLarge):
		status, e.Code, e.Reason = http.StatusRequestEntityTooLarge, "tooLarge", fmt.Sprintf("a body has at most %d bytes", tooLarge.Limit)
	case errors.Is(err, errMedia):
		status, e.Code, e.Reason = http.StatusUnsupportedMediaType, "mediaType", "the body's type is not supported"
	case errors.Is(err, intent.ErrRequest), errors.Is(err, errParameter):
		status, e.Code, e.Reason = http.StatusBadRequest, "invalidRequest", "the request is not what the API takes"
	case errors.Is(err, intent.ErrNoIntent), errors.Is(err, intent.ErrNoReport):
		status, e.Code, e.Reason = http.StatusNotFound, "notFound", "there is no such resource"
	case errors.Is(err, control.ErrForbidden):
		status, e.Code, e.Reason = http.StatusForbidden, "role", "the role does not suffice"
	case errors.Is(err, errNoKeeper):
		status, e.Code, e.Reason = http.StatusServiceUnavailable, "unavailable", "intents are not served here"
	case errors.Is(err, intent.ErrTooMany):
		status, e.Code, e.Reason = http.StatusConflict, "tooMany", "no more intents are taken"
	default:
		e.Code, e.Reason = "internal", "the request failed"
		s.opt.Log.Error("request failed", "status", status, "err", err)
	}
	e.Status = strconv.Itoa(status)
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(status)
	_ = encode(w, e) // an error means that the client went away
}
