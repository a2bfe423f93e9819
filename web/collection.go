package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"nettwin/ingest"
)

// Collection is the book of what is needed of devices.
type Collection interface {
	// Needs lists who needs what, by kind and name.
	Needs() []ingest.Need
	// Subscribe adds a need for a while; one of its name is replaced.
	Subscribe(s Subscription) (ingest.Need, error)
	// Unsubscribe ends one. Errors: ingest.ErrNoNeed.
	Unsubscribe(name string) error
}

// Subscription asks for data for as long as somebody looks at them.
type Subscription struct {
	Name    string
	Objects []string // MIB objects, paths of YANG nodes, IRIs of these
	Query   string   // whose data are needed; may be empty
	Devices []string // none means all
	Age     time.Duration
	For     time.Duration
}

// The bounds of subscriptions.
const (
	defaultSubscription = 5 * time.Minute
	maxSubscription     = 24 * time.Hour
	maxSubscribed       = time.Hour // of an age
)

// needAnswer is a need as the API shows it.
type needAnswer struct {
	ingest.Need
	Age float64 `json:"ageSeconds"` // 0: each device's own period
}

// collectionRoutes serve what is needed of devices.
func (s *Server) collectionRoutes(read, write chi.Router) {
	read.Get("/collection/needs", s.collectionNeeds)
	write.Put("/collection/needs/{name}", s.subscribe)
	write.Delete("/collection/needs/{name}", s.unsubscribe)
}

func (s *Server) collectionNeeds(w http.ResponseWriter, _ *http.Request) {
	answer := struct {
		Mode  string       `json:"mode"`
		Needs []needAnswer `json:"needs"`
	}{"all", []needAnswer{}}
	if s.opt.Collection != nil {
		answer.Mode = "needed"
		for _, n := range s.opt.Collection.Needs() {
			answer.Needs = append(answer.Needs, needAnswer{n, n.Age.Seconds()})
		}
	}
	s.answer(w, answer)
}

// errReadAll: needs change nothing where everything is read.
var errReadAll = errors.New("everything is read: the configuration has no collection with mode needed")

// subscriptionBody is the body of a PUT.
type subscriptionBody struct {
	Objects []string `json:"objects"`
	Query   string   `json:"query"`
	Devices []string `json:"devices"`
	Age     float64  `json:"ageSeconds"`
	For     float64  `json:"forSeconds"`
}

func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) {
	if s.opt.Collection == nil {
		s.fail(w, http.StatusConflict, errReadAll)
		return
	}
	var body subscriptionBody
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	in.DisallowUnknownFields()
	if err := in.Decode(&body); err != nil {
		s.fail(w, http.StatusBadRequest, fmt.Errorf(`body must be JSON such as {"objects": ["ifTable"], "ageSeconds": 10, "forSeconds": 300}: %w`, err))
		return
	}
	sub, err := body.check(chi.URLParam(r, "name"))
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	n, err := s.opt.Collection.Subscribe(sub)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	s.answer(w, needAnswer{n, n.Age.Seconds()})
}

func (b subscriptionBody) check(name string) (Subscription, error) {
	s := Subscription{Name: name, Objects: b.Objects, Query: b.Query, Devices: b.Devices,
		Age: time.Duration(b.Age * float64(time.Second)), For: time.Duration(b.For * float64(time.Second))}
	if s.For == 0 {
		s.For = defaultSubscription
	}
	switch {
	case len(b.Objects) == 0 && b.Query == "":
		return s, errors.New("neither objects nor query say what is needed")
	case s.Age < 0 || s.Age > 0 && s.Age < time.Second || s.Age > maxSubscribed:
		return s, fmt.Errorf("ageSeconds: %v, expected 1 to %v, or 0 for each device's own period", b.Age, maxSubscribed.Seconds())
	case s.For < time.Second || s.For > maxSubscription:
		return s, fmt.Errorf("forSeconds: %v, expected 1 to %v", b.For, maxSubscription.Seconds())
	}
	return s, nil
}

func (s *Server) unsubscribe(w http.ResponseWriter, r *http.Request) {
	if s.opt.Collection == nil {
		s.fail(w, http.StatusConflict, errReadAll)
		return
	}
	err := s.opt.Collection.Unsubscribe(chi.URLParam(r, "name"))
	switch {
	case errors.Is(err, ingest.ErrNoNeed):
		s.fail(w, http.StatusNotFound, err)
	case err != nil:
		s.fail(w, 0, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
