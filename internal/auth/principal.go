package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Errors of FromRequest (RFC 6750 §3.1). None repeats what the request held.
var (
	// ErrRequest: the request cannot be understood (invalid_request).
	ErrRequest = errors.New("ambiguous credentials")
	// ErrToken: the token is not one of ours (invalid_token).
	ErrToken = errors.New("invalid token")
)

// Principal is who makes a request.
type Principal struct {
	Name      string // of the token, "anonymous" without one
	Role      Role
	Anonymous bool
}

// Anonymous returns the principal of a request without a token.
func Anonymous(role Role) Principal {
	return Principal{Name: "anonymous", Role: role, Anonymous: true}
}

// May tells whether the principal has at least a role.
func (p Principal) May(role Role) bool { return p.Role >= role }

// FromRequest tells who makes a request by its Authorization header (RFC 6750
// §2.1). Without the header it is an anonymous principal with NoRole; a header
// that does not hold one of our tokens is ErrToken, never anonymous.
func (s *Tokens) FromRequest(r *http.Request) (Principal, error) {
	headers := r.Header.Values("Authorization")
	switch len(headers) {
	case 0:
		return Anonymous(NoRole), nil
	case 1:
	default:
		return Principal{}, fmt.Errorf("%w: the request has %d Authorization headers, send one", ErrRequest, len(headers))
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Principal{}, fmt.Errorf("%w: the Authorization header must read: Bearer TOKEN", ErrToken)
	}
	token, ok := s.Lookup(strings.Trim(text, " "))
	if !ok {
		return Principal{}, fmt.Errorf("%w: the bearer token is none of the configured tokens", ErrToken)
	}
	return Principal{Name: token.Name, Role: token.Role}, nil
}

type contextKey struct{}

// NewContext returns a context that carries a principal.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext returns the principal of a request's context; without one it is
// anonymous with NoRole, so that forgetting to ask never opens a door.
func FromContext(ctx context.Context) Principal {
	if p, ok := ctx.Value(contextKey{}).(Principal); ok {
		return p
	}
	return Anonymous(NoRole)
}
