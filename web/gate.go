package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"nettwin/internal/auth"
)

// The roles that routes ask for, lowest first.
const (
	Reader   = auth.Reader   // reads
	Editor   = auth.Editor   // writes graph data
	Operator = auth.Operator // reaches devices
	Admin    = auth.Admin    // governs the server
)

// GateOptions say who may pass.
type GateOptions struct {
	Tokens *auth.Tokens // nil: nobody has a token
	// Loopback says that only this machine reaches the listener (IsLoopback):
	// its users may read and edit without a token.
	Loopback bool
	// Hosts are the server's own names besides those of loopback, as host (any
	// port) or host:port; see OwnHosts.
	Hosts []string
	Log   *slog.Logger // nil: no log
}

// Gate decides which requests reach the routes:
//
//  1. A request whose Host is not ours is refused: another name that leads
//     here is a web site that rebinds its name to reach this server.
//  2. A request that may change something and comes from another origin, as a
//     browser tells, is refused, with or without a token.
//  3. Safe reads (GET, HEAD, POST of a query) may come from any origin; never
//     with a browser's own credentials, of which the server takes none.
//  4. Without a token nobody passes, except to the health probes and except on
//     loopback: there readers and editors need none. A request that a proxy
//     forwarded does not count as one from this machine.
//
// Routes then ask for a role by Require. Use NewGate: the zero Gate refuses
// everything.
type Gate struct {
	tokens   *auth.Tokens
	loopback bool
	hosts    []hostPort
	log      *slog.Logger
}

// NewGate returns a gate.
func NewGate(opt GateOptions) Gate {
	g := Gate{tokens: opt.Tokens, loopback: opt.Loopback, log: opt.Log}
	for _, host := range opt.Hosts {
		g.hosts = append(g.hosts, parseHost(host))
	}
	return g
}

// Check refuses requests by the rules of Gate and puts the principal of the
// others into their context.
func (g Gate) Check(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.isOurs(r) {
			g.refuse(w, r, http.StatusMisdirectedRequest, fmt.Sprintf(
				"the Host %q is no name of this server: use the address that it prints at its start, or add the name to the key \"hosts\" of the configuration", r.Host))
			return
		}
		if isPreflight(r) {
			answerPreflight(w, r)
			return
		}
		origin := originOf(r)
		if isSafeRead(r) {
			allowAnyOrigin(w)
		} else if r.Method != http.MethodOptions && origin != nil {
			g.refuse(w, r, http.StatusForbidden, origin.Error())
			return
		}
		if isProbe(r) {
			next.ServeHTTP(w, r)
			return
		}
		p, err := g.principal(r, origin)
		if err != nil {
			g.challenge(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), p)))
	})
}

// Require lets those pass whose role is enough: 401 asks for a token, 403 says
// that the token's role is too low (RFC 6750 §3.1).
func (g Gate) Require(role auth.Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p := auth.FromContext(r.Context())
			switch {
			case p.May(role):
				next.ServeHTTP(w, r)
			case p.Anonymous:
				g.challenge(w, r, fmt.Errorf("%w: this needs the role %s: %s", errNoToken, role, howToken))
			default:
				w.Header().Set("WWW-Authenticate", challengeOf("insufficient_scope"))
				g.refuse(w, r, http.StatusForbidden, fmt.Sprintf("this needs the role %s, %q has the role %s", role, p.Name, p.Role))
			}
		})
	}
}

var errNoToken = errors.New("authentication needed")

const howToken = "send the header Authorization: Bearer TOKEN"

// principal tells who makes a request that passed the rules on Host; origin
// is what originOf said of it.
func (g Gate) principal(r *http.Request, origin error) (auth.Principal, error) {
	p, err := g.tokens.FromRequest(r)
	switch {
	case err != nil || !p.Anonymous:
		return p, err
	case !g.loopback:
		return p, fmt.Errorf("%w: %s", errNoToken, howToken)
	case isForwarded(r):
		return p, fmt.Errorf("%w: the request does not come from this machine, but through a proxy or by the name %q: %s", errNoToken, r.Host, howToken)
	case origin != nil:
		return auth.Anonymous(Reader), nil
	}
	return auth.Anonymous(Editor), nil
}

// challenge answers a request with wrong or without credentials.
func (g Gate) challenge(w http.ResponseWriter, r *http.Request, err error) {
	status, code := http.StatusUnauthorized, ""
	switch {
	case errors.Is(err, auth.ErrRequest):
		status, code = http.StatusBadRequest, "invalid_request"
	case errors.Is(err, auth.ErrToken):
		code = "invalid_token"
	}
	w.Header().Set("WWW-Authenticate", challengeOf(code))
	g.refuse(w, r, status, err.Error())
}

// challengeOf writes the value of WWW-Authenticate (RFC 6750 §3); a request
// without credentials gets no error code.
func challengeOf(code string) string {
	if code == "" {
		return `Bearer realm="nettwin"`
	}
	return fmt.Sprintf(`Bearer realm="nettwin", error=%q`, code)
}

// refuse answers a problem (RFC 9457).
func (g Gate) refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	if g.log != nil {
		g.log.Info("refused", "method", r.Method, "path", r.URL.Path, "remote", r.RemoteAddr, "status", status, "reason", detail)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	writeProblem(w, status, detail)
}

// isProbe tells whether the request asks for health only.
func isProbe(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	path := r.URL.EscapedPath()
	return path == "/healthz" || path == "/readyz"
}
