package netconf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Datastore is a configuration datastore (RFC 6241 §5.1).
type Datastore string

// The datastores.
const (
	Running   Datastore = "running"
	Candidate Datastore = "candidate"
	Startup   Datastore = "startup"
)

// datastore returns an error if a datastore cannot be used with the session.
func (s *Session) datastore(d Datastore) error {
	switch d {
	case Running:
		return nil
	case Candidate:
		return s.need(CapCandidate)
	case Startup:
		return s.need(CapStartup)
	}
	return s.refuse(fmt.Errorf("%w: %q is no datastore", ErrRequest, d))
}

// need returns ErrUnsupported unless the server announced one of the
// capabilities.
func (s *Session) need(capabilities ...string) error {
	if slices.ContainsFunc(capabilities, s.Has) {
		return nil
	}
	return s.refuse(fmt.Errorf("%w: %s", ErrUnsupported, strings.Join(capabilities, " or ")))
}

// refuse names the peer of a request that is not sent.
func (s *Session) refuse(err error) error { return fmt.Errorf("netconf: %s: %w", s.peer, err) }

// Query says what Get and GetConfig read; the zero value everything.
type Query struct {
	// Subtree is the content of a subtree filter (RFC 6241 §6), such as
	// <interfaces xmlns="…"/>.
	Subtree string
	// XPath is an expression over the prefixes in Namespaces; it excludes
	// Subtree and needs :xpath.
	XPath      string
	Namespaces map[string]string
	// WithDefaults is a mode of RFC 6243 §3, such as "report-all"; "" leaves
	// it to the server. It needs :with-defaults.
	WithDefaults string
}

func (s *Session) query(q Query) (string, error) {
	var b strings.Builder
	switch {
	case q.XPath != "" && q.Subtree != "":
		return "", s.refuse(fmt.Errorf("%w: a query with both subtree and XPath", ErrRequest))
	case q.XPath != "":
		if err := s.need(CapXPath); err != nil {
			return "", err
		}
		b.WriteString(`<filter type="xpath"`)
		for _, prefix := range slices.Sorted(maps.Keys(q.Namespaces)) {
			fmt.Fprintf(&b, ` xmlns:%s="%s"`, prefix, escape(q.Namespaces[prefix]))
		}
		fmt.Fprintf(&b, ` select="%s"/>`, escape(q.XPath))
	case q.Subtree != "":
		if err := checkFragment(q.Subtree); err != nil {
			return "", s.refuse(fmt.Errorf("filter: %w", err))
		}
		fmt.Fprintf(&b, `<filter type="subtree">%s</filter>`, q.Subtree)
	}
	if q.WithDefaults != "" {
		if err := s.need(CapWithDefaults); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, `<with-defaults xmlns="%s">%s</with-defaults>`, withDefaultsNS, escape(q.WithDefaults))
	}
	return b.String(), nil
}

// Get reads configuration and state (RFC 6241 §7.7).
func (s *Session) Get(ctx context.Context, q Query) (*Reply, error) {
	body, err := s.query(q)
	if err != nil {
		return nil, err
	}
	return s.RPC(ctx, "<get>"+body+"</get>")
}

// GetTo is Get with RPCTo.
func (s *Session) GetTo(ctx context.Context, q Query, w io.Writer) error {
	body, err := s.query(q)
	if err != nil {
		return err
	}
	return s.RPCTo(ctx, "<get>"+body+"</get>", w)
}

// GetConfig reads a datastore (RFC 6241 §7.1).
func (s *Session) GetConfig(ctx context.Context, source Datastore, q Query) (*Reply, error) {
	body, err := s.query(q)
	if err != nil {
		return nil, err
	}
	if err := s.datastore(source); err != nil {
		return nil, err
	}
	return s.RPC(ctx, fmt.Sprintf("<get-config><source><%s/></source>%s</get-config>", source, body))
}

// Values of Edit.
const (
	Merge   = "merge" // DefaultOperation
	Replace = "replace"
	None    = "none"

	TestThenSet = "test-then-set" // TestOption
	SetOnly     = "set"
	TestOnly    = "test-only"

	StopOnError     = "stop-on-error" // ErrorOption
	ContinueOnError = "continue-on-error"
	RollbackOnError = "rollback-on-error"
)

// Edit is an edit-config (RFC 6241 §7.2). The options may be "", which leaves
// them to the server: merge, test-then-set where :validate is announced,
// stop-on-error.
type Edit struct {
	Target                                    Datastore
	DefaultOperation, TestOption, ErrorOption string
	Config                                    string // content of config, with the models' namespaces
}

func (s *Session) edit(e Edit) (string, error) {
	if err := s.datastore(e.Target); err != nil {
		return "", err
	}
	if e.Target == Running {
		if err := s.need(CapWritableRunning); err != nil {
			return "", err
		}
	}
	if err := checkFragment(e.Config); err != nil {
		return "", s.refuse(fmt.Errorf("config: %w", err))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<edit-config><target><%s/></target>", e.Target)
	for _, option := range []struct {
		name, value string
		needs       map[string]string // allowed values, with the capability that each needs
	}{
		{"default-operation", e.DefaultOperation, map[string]string{Merge: "", Replace: "", None: ""}},
		{"test-option", e.TestOption, map[string]string{TestThenSet: CapValidate, SetOnly: CapValidate, TestOnly: CapValidate11}},
		{"error-option", e.ErrorOption, map[string]string{StopOnError: "", ContinueOnError: "", RollbackOnError: CapRollback}},
	} {
		if option.value == "" {
			continue
		}
		capability, ok := option.needs[option.value]
		if !ok {
			return "", s.refuse(fmt.Errorf("%w: %q is no %s", ErrRequest, option.value, option.name))
		}
		if capability != "" {
			if err := s.need(capability); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(&b, "<%s>%s</%[1]s>", option.name, option.value)
	}
	fmt.Fprintf(&b, "<config>%s</config></edit-config>", e.Config)
	return b.String(), nil
}

// EditConfig changes a datastore (RFC 6241 §7.2).
func (s *Session) EditConfig(ctx context.Context, e Edit) error {
	op, err := s.edit(e)
	if err != nil {
		return err
	}
	return s.ok(ctx, op)
}

// CopyConfig replaces a whole datastore by another (RFC 6241 §7.3), such as
// startup by running.
func (s *Session) CopyConfig(ctx context.Context, target, source Datastore) error {
	for _, d := range []Datastore{target, source} {
		if err := s.datastore(d); err != nil {
			return err
		}
	}
	return s.ok(ctx, fmt.Sprintf("<copy-config><target><%s/></target><source><%s/></source></copy-config>", target, source))
}

// ok sends an operation whose answer has nothing but success.
func (s *Session) ok(ctx context.Context, op string) error {
	r, err := s.RPC(ctx, op)
	if err != nil {
		return err
	}
	if !r.OK {
		return s.failed(op, fmt.Errorf("%w: expected ok, found %.80q", ErrProtocol, r.Body()))
	}
	return nil
}

// Validate checks a datastore (RFC 6241 §8.6.4.1). Some servers forget the
// edits of a candidate that was validated by itself: see the package comment.
func (s *Session) Validate(ctx context.Context, source Datastore) error {
	if err := s.need(CapValidate); err != nil {
		return err
	}
	if err := s.datastore(source); err != nil {
		return err
	}
	return s.ok(ctx, fmt.Sprintf("<validate><source><%s/></source></validate>", source))
}

// Commit makes the candidate running (RFC 6241 §8.3.4.1).
func (s *Session) Commit(ctx context.Context) error { return s.commit(ctx, "") }

// CommitConfirmed makes the candidate running until the timeout, unless
// ConfirmCommit comes first (RFC 6241 §8.4). With a persist token the commit
// outlives this session, and any session may confirm or cancel it by that
// token; it needs version 1.1 of the capability. The timeout is rounded up to
// seconds; 0 leaves it to the server (600 s).
func (s *Session) CommitConfirmed(ctx context.Context, timeout time.Duration, persist string) error {
	if err := s.confirmed(persist); err != nil {
		return err
	}
	parameters := "<confirmed/>"
	if timeout > 0 {
		parameters += fmt.Sprintf("<confirm-timeout>%d</confirm-timeout>", (timeout+time.Second-1)/time.Second)
	}
	return s.commit(ctx, parameters+element("persist", persist))
}

// ConfirmCommit confirms a confirmed commit, of this session or, by its
// token, of another.
func (s *Session) ConfirmCommit(ctx context.Context, persistID string) error {
	if err := s.confirmed(persistID); err != nil {
		return err
	}
	return s.commit(ctx, element("persist-id", persistID))
}

// CancelCommit takes a confirmed commit back before its timeout (RFC 6241
// §8.4.4.1). It needs version 1.1 of the capability.
func (s *Session) CancelCommit(ctx context.Context, persistID string) error {
	if err := s.need(CapConfirmed11); err != nil {
		return err
	}
	return s.ok(ctx, "<cancel-commit>"+element("persist-id", persistID)+"</cancel-commit>")
}

func (s *Session) confirmed(persist string) error {
	if persist != "" {
		return s.need(CapConfirmed11)
	}
	return s.need(CapConfirmed)
}

func (s *Session) commit(ctx context.Context, parameters string) error {
	if err := s.need(CapCandidate); err != nil {
		return err
	}
	return s.ok(ctx, "<commit>"+parameters+"</commit>")
}

func element(name, text string) string {
	if text == "" {
		return ""
	}
	return "<" + name + ">" + escape(text) + "</" + name + ">"
}

// Discard makes the candidate equal to running (RFC 6241 §8.3.4.2).
func (s *Session) Discard(ctx context.Context) error {
	if err := s.need(CapCandidate); err != nil {
		return err
	}
	return s.ok(ctx, "<discard-changes/>")
}

// Lock keeps other sessions from changing a datastore (RFC 6241 §7.5). The
// error's Info.SessionID tells who holds it. It ends with the session.
func (s *Session) Lock(ctx context.Context, target Datastore) error {
	if err := s.datastore(target); err != nil {
		return err
	}
	return s.ok(ctx, fmt.Sprintf("<lock><target><%s/></target></lock>", target))
}

// Unlock takes a lock back (RFC 6241 §7.6).
func (s *Session) Unlock(ctx context.Context, target Datastore) error {
	if err := s.datastore(target); err != nil {
		return err
	}
	return s.ok(ctx, fmt.Sprintf("<unlock><target><%s/></target></unlock>", target))
}

// GetSchema returns the text of a schema (RFC 6022 §3.1). version and format
// may be ""; format is then yang.
func (s *Session) GetSchema(ctx context.Context, identifier, version, format string) (string, error) {
	op := `<get-schema xmlns="` + monitoringNS + `">` + element("identifier", identifier) +
		element("version", version) + element("format", format) + "</get-schema>"
	r, err := s.RPC(ctx, op)
	if err != nil {
		return "", err
	}
	text, err := r.text()
	if err == nil && strings.TrimSpace(text) == "" {
		err = fmt.Errorf("%w: an empty schema", ErrProtocol)
	}
	if err != nil {
		return "", s.failed(op, fmt.Errorf("%s: %w", identifier, err))
	}
	return text, nil
}

// Subscription says which events CreateSubscription asks for; the zero value
// all of the stream NETCONF from now on.
type Subscription struct {
	Stream      string
	Filter      Query     // Subtree or XPath
	Start, Stop time.Time // replay (RFC 5277 §2.1.1); zero means none
}

// CreateSubscription asks for events, which Notifications delivers (RFC 5277
// §2.1.1). A session has at most one subscription; without :interleave it is
// good for nothing else afterwards.
func (s *Session) CreateSubscription(ctx context.Context, sub Subscription) error {
	if err := s.need(CapNotification); err != nil {
		return err
	}
	filter, err := s.query(Query{Subtree: sub.Filter.Subtree, XPath: sub.Filter.XPath, Namespaces: sub.Filter.Namespaces})
	if err != nil {
		return err
	}
	times := ""
	if !sub.Start.IsZero() {
		times += element("startTime", sub.Start.Format(time.RFC3339Nano))
	}
	if !sub.Stop.IsZero() {
		times += element("stopTime", sub.Stop.Format(time.RFC3339Nano))
	}
	return s.ok(ctx, `<create-subscription xmlns="`+notificationNS+`">`+element("stream", sub.Stream)+filter+times+"</create-subscription>")
}

// CloseSession asks the server to end the session, which releases its locks,
// and closes it. A server that ends the session without an answer has done
// what was asked.
func (s *Session) CloseSession(ctx context.Context) error {
	s.closing.Store(true)
	err := s.ok(ctx, "<close-session/>")
	s.Close()
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}

// KillSession ends another session, whose confirmed commit is then rolled
// back (RFC 6241 §7.9).
func (s *Session) KillSession(ctx context.Context, id uint32) error {
	return s.ok(ctx, fmt.Sprintf("<kill-session><session-id>%d</session-id></kill-session>", id))
}
