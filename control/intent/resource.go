package intent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Limits of the resource.
const (
	MaxIntents     = 1_000
	MaxIntentBytes = 512 << 10 // of a request's body
	MaxNameBytes   = 1_000
)

// TypeIntent is the type of the intents that are handled. TMF921's probe, judge
// and best intents ask for negotiation.
const TypeIntent = "Intent"

// Errors of intents. Test with errors.Is.
var (
	// ErrRequest: the request is not what the API takes.
	ErrRequest = errors.New("intent: bad request")
	// ErrNoIntent: no intent has that id.
	ErrNoIntent = errors.New("intent: no such intent")
	// ErrNoReport: the intent has no such report.
	ErrNoReport = errors.New("intent: no such report")
	// ErrTooMany: MaxIntents are kept already.
	ErrTooMany = errors.New("intent: too many intents")
)

// Period is TMF's TimePeriod.
type Period struct {
	Start *time.Time `json:"startDateTime,omitempty"`
	End   *time.Time `json:"endDateTime,omitempty"`
}

// Fields are those of an intent that a client sets (TMF921 v5, Intent_FVO and
// Intent_MVO). What is not understood here, but named by the standard, is kept
// as it came.
type Fields struct {
	Type           string          `json:"@type,omitempty"`
	BaseType       string          `json:"@baseType,omitempty"`
	SchemaLocation string          `json:"@schemaLocation,omitempty"`
	Name           string          `json:"name"`
	Description    string          `json:"description,omitempty"`
	Version        string          `json:"version,omitempty"`
	Priority       string          `json:"priority,omitempty"`
	Context        string          `json:"context,omitempty"`
	IsBundle       bool            `json:"isBundle,omitempty"`
	ValidFor       *Period         `json:"validFor,omitempty"`
	Expression     *Expression     `json:"expression"`
	Specification  json.RawMessage `json:"intentSpecification,omitempty"`
	Relationship   json.RawMessage `json:"intentRelationship,omitempty"`
	Characteristic json.RawMessage `json:"characteristic,omitempty"`
	RelatedParty   json.RawMessage `json:"relatedParty,omitempty"`
	Attachment     json.RawMessage `json:"attachment,omitempty"`
}

// record is what is kept of an intent as an item.
type record struct {
	ID         string    `json:"id"`
	Created    time.Time `json:"creationDate"`
	LastUpdate time.Time `json:"lastUpdate"`
	By         string    `json:"by"`
	Fields
}

// Intent is an intent as the API answers it. ID, href and the dates come first.
type Intent struct {
	ID         string    `json:"id"`
	Href       string    `json:"href"`
	Created    time.Time `json:"creationDate"`
	LastUpdate time.Time `json:"lastUpdate"`
	Status     State     `json:"lifecycleStatus"`
	StatusDate time.Time `json:"statusChangeDate"`
	Fields

	// IRI is the intent's own, Item the name of its record.
	IRI  string `json:"-"`
	Item string `json:"-"`
}

// Path is where the API serves intents.
const Path = "/tmf-api/intentManagement/v5/intent"

// ReadFields reads the body of a POST. Errors: ErrRequest.
func ReadFields(body []byte) (*Fields, error) {
	f := &Fields{}
	if err := strict(body, f); err != nil {
		return nil, err
	}
	if f.Type == "" {
		f.Type = TypeIntent
	}
	return f, f.check()
}

// readOnly are attributes that the server sets: a client that sends an intent
// back as it got it is not refused for them.
var readOnly = []string{"id", "href", "creationDate", "lastUpdate", "lifecycleStatus", "statusChangeDate"}

// strict reads one JSON object, and refuses attributes that nobody reads.
func strict(body []byte, into any) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		return fmt.Errorf("%w: the body must be a JSON object: %w", ErrRequest, orObject(err))
	}
	for _, name := range readOnly {
		delete(all, name)
	}
	rest, err := plainJSON(all)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRequest, err)
	}
	dec := json.NewDecoder(bytes.NewReader(rest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return nil
}

// plainJSON writes JSON in which IRIs stay readable, in text too.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

var errNoObject = errors.New("it is none")

func orObject(err error) error {
	if err == nil {
		return errNoObject
	}
	return err
}

// check asks for what the standard calls mandatory.
func (f *Fields) check() error {
	switch {
	case f.Name == "":
		return fmt.Errorf("%w: name is missing", ErrRequest)
	case len(f.Name) > MaxNameBytes:
		return fmt.Errorf("%w: name is longer than %d bytes", ErrRequest, MaxNameBytes)
	case f.Expression == nil || len(f.Expression.Value) == 0:
		return fmt.Errorf("%w: expression is missing: it has @type, iri and expressionValue", ErrRequest)
	case f.Type != TypeIntent:
		return fmt.Errorf("%w: @type %q: only %s is handled here", ErrRequest, f.Type, TypeIntent)
	}
	return nil
}

// inForce refuses times of validity that nobody would keep: an intent is in
// force from when it is taken until it is deleted.
func (f *Fields) inForce(now time.Time) error {
	switch v := f.ValidFor; {
	case v == nil:
		return nil
	case v.End != nil:
		return fmt.Errorf("%w: validFor.endDateTime: an intent is in force until it is deleted: leave the end out, and delete it then", ErrRequest)
	case v.Start != nil && v.Start.After(now):
		return fmt.Errorf("%w: validFor.startDateTime: an intent is in force at once: send it when it starts", ErrRequest)
	}
	return nil
}

// Merge applies a JSON merge patch (RFC 7396) to the fields. Attributes that
// the server sets are ignored; id and href may be repeated. Errors: ErrRequest.
func (f *Fields) Merge(patch []byte) (*Fields, error) {
	var change map[string]any
	if err := json.Unmarshal(patch, &change); err != nil || change == nil {
		return nil, fmt.Errorf("%w: the body must be a JSON object: %w", ErrRequest, orObject(err))
	}
	own, err := plainJSON(f)
	if err != nil {
		return nil, fmt.Errorf("intent: %w", err)
	}
	var whole map[string]any
	if err := json.Unmarshal(own, &whole); err != nil {
		return nil, fmt.Errorf("intent: %w", err)
	}
	for _, name := range readOnly {
		delete(change, name)
	}
	merged, err := plainJSON(mergePatch(whole, change))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return ReadFields(merged)
}

// mergePatch is MergePatch of RFC 7396 §2.
func mergePatch(target, patch any) any {
	change, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	whole, ok := target.(map[string]any)
	if !ok {
		whole = map[string]any{}
	}
	for name, value := range change {
		if value == nil {
			delete(whole, name)
		} else {
			whole[name] = mergePatch(whole[name], value)
		}
	}
	return whole
}
