package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"nettwin/control"
	"nettwin/internal/auth"
)

// Control is what the server needs of the controller.
type Control interface {
	Needs(ctx context.Context) ([]control.Need, error)
	NoRepairs(ctx context.Context) ([]control.Finding, error)
	Plans() []control.Plan
	ListPlans(f control.PlanFilter, offset, limit int) ([]control.Plan, int)
	Plan(id string) (control.Plan, error)
	Propose(ctx context.Context, need string) (control.Plan, error)
	Approve(ctx context.Context, id string, by control.Principal) (control.Plan, error)
	Reject(ctx context.Context, id string, by control.Principal, reason string) (control.Plan, error)
	Apply(ctx context.Context, id string, by control.Principal) (control.Plan, error)
	Supersede(ctx context.Context, id string, by control.Principal) (control.Plan, error)
	Audit(ctx context.Context, after uint64, limit int, records bool) (control.Audit, error)
}

// needs lists what rules say should be done, and what they say nothing can be
// done about.
func (s *Server) needs(w http.ResponseWriter, r *http.Request) {
	list, err := s.opt.Control.Needs(r.Context())
	if err != nil {
		s.failControl(w, err)
		return
	}
	if list == nil {
		list = []control.Need{}
	}
	none, err := s.opt.Control.NoRepairs(r.Context())
	if err != nil {
		s.failControl(w, err)
		return
	}
	if none == nil {
		none = []control.Finding{}
	}
	s.answer(w, map[string]any{"needs": list, "noRepair": none})
}

// plans lists plans, newest first, in pages: offset, limit, state, need,
// open=true.
func (s *Server) plans(w http.ResponseWriter, r *http.Request) {
	offset, err := number(r, "offset", 0, 0)
	limit := 0
	if err == nil {
		limit, err = number(r, "limit", defaultPage, maxPage)
	}
	open := false
	if text := r.URL.Query().Get("open"); err == nil && text != "" {
		if open, err = strconv.ParseBool(text); err != nil {
			err = fmt.Errorf("parameter open=%q must be true or false", clip(text))
		}
	}
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	filter := control.PlanFilter{State: control.State(r.URL.Query().Get("state")), Need: r.URL.Query().Get("need"), Open: open}
	list, total := s.opt.Control.ListPlans(filter, offset, limit)
	if list == nil {
		list = []control.Plan{}
	}
	s.answer(w, map[string]any{"plans": list, "total": total})
}

// supersede ends a plan and proposes another for its need.
func (s *Server) supersede(w http.ResponseWriter, r *http.Request) {
	plan, err := s.opt.Control.Supersede(r.Context(), chi.URLParam(r, "id"), principal(r))
	s.answerPlan(w, plan, err)
}

// audit lists entries of the journal with what its chain is worth.
func (s *Server) audit(w http.ResponseWriter, r *http.Request) {
	after, err := number(r, "after", 0, 0)
	limit, records := 0, false
	if err == nil {
		limit, err = number(r, "limit", defaultPage, control.MaxAuditPage)
	}
	if text := r.URL.Query().Get("records"); err == nil && text != "" {
		if records, err = strconv.ParseBool(text); err != nil {
			err = fmt.Errorf("parameter records=%q must be true or false", clip(text))
		}
	}
	if err == nil && limit == 0 {
		err = errors.New("parameter limit must be at least 1")
	}
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	audit, err := s.opt.Control.Audit(r.Context(), uint64(after), limit, records)
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	s.answer(w, audit)
}

func (s *Server) plan(w http.ResponseWriter, r *http.Request) {
	plan, err := s.opt.Control.Plan(chi.URLParam(r, "id"))
	s.answerPlan(w, plan, err)
}

// propose makes a plan for a need: tried and judged on a branch, with the
// payload for each device.
func (s *Server) propose(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Need string `json:"need"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&req); err != nil || req.Need == "" {
		s.fail(w, http.StatusBadRequest, errors.New(`body must be JSON such as {"need": "IRI"}, with the IRI of a need of /api/v1/needs`))
		return
	}
	plan, err := s.opt.Control.Propose(r.Context(), req.Need)
	s.answerPlan(w, plan, err)
}

func (s *Server) approve(w http.ResponseWriter, r *http.Request) {
	plan, err := s.opt.Control.Approve(r.Context(), chi.URLParam(r, "id"), principal(r))
	s.answerPlan(w, plan, err)
}

func (s *Server) reject(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Reason string `json:"reason"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&req); err != nil {
		s.fail(w, http.StatusBadRequest, fmt.Errorf(`body must be JSON such as {"reason": "not now"}: %w`, err))
		return
	}
	plan, err := s.opt.Control.Reject(r.Context(), chi.URLParam(r, "id"), principal(r), req.Reason)
	s.answerPlan(w, plan, err)
}

// apply carries an approved plan out and answers when it came to an end. A
// client that goes away does not stop it half-way.
func (s *Server) apply(w http.ResponseWriter, r *http.Request) {
	plan, err := s.opt.Control.Apply(context.WithoutCancel(r.Context()), chi.URLParam(r, "id"), principal(r))
	s.answerPlan(w, plan, err)
}

func principal(r *http.Request) control.Principal {
	p := auth.FromContext(r.Context())
	return control.Principal{Name: p.Name, Role: p.Role.String()}
}

func (s *Server) answerPlan(w http.ResponseWriter, plan control.Plan, err error) {
	if err != nil {
		s.failControl(w, err)
		return
	}
	s.answer(w, plan)
}

// failControl answers an error of the controller.
func (s *Server) failControl(w http.ResponseWriter, err error) {
	status := 0
	for known, code := range map[error]int{
		control.ErrNoNeed: http.StatusNotFound, control.ErrNoPlan: http.StatusNotFound, control.ErrNoAction: http.StatusNotFound,
		control.ErrState: http.StatusConflict, control.ErrMoved: http.StatusConflict, control.ErrBusy: http.StatusConflict,
		control.ErrStale: http.StatusConflict, control.ErrTooMany: http.StatusConflict, control.ErrNoRepair: http.StatusConflict, control.ErrForbidden: http.StatusForbidden,
	} {
		if errors.Is(err, known) {
			status = code
		}
	}
	s.fail(w, status, err)
}
