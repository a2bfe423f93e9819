package auth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"nettwin/internal/auth"
	"nettwin/internal/config"
)

// TestRoles checks the names of roles and their order against the four roles
// that the design names, lowest first, and that the zero Role has no rights.
func TestRoles(t *testing.T) {
	want := []string{"reader", "editor", "operator", "admin"}
	if !slices.Equal(config.Roles(), want) {
		t.Fatalf("config.Roles() = %v", config.Roles())
	}
	for i, role := range []auth.Role{auth.Reader, auth.Editor, auth.Operator, auth.Admin} {
		got, err := auth.ParseRole(want[i])
		if err != nil || got != role || got.String() != want[i] {
			t.Errorf("ParseRole(%q) = %v, %v", want[i], got, err)
		}
		p := auth.Principal{Role: role}
		if !p.May(role) || !p.May(auth.Reader) || role < auth.Admin && p.May(role+1) || (auth.Principal{}).May(role) {
			t.Errorf("%v: wrong order of rights", role)
		}
	}
	for _, bad := range []string{"", "Reader", "root", "none"} {
		if _, err := auth.ParseRole(bad); err == nil || !strings.Contains(err.Error(), "reader, editor, operator, admin") {
			t.Errorf("ParseRole(%q): error %v", bad, err)
		}
	}
	if auth.NoRole.String() != "none" || auth.Role(9).String() != "Role(9)" {
		t.Errorf("names: %v, %v", auth.NoRole, auth.Role(9))
	}
}

// TestKnownToken looks up a token whose hash another program made (printf
// %s abc | sha256sum; also FIPS 180-4's example), so that what operators put
// into the configuration is what the server compares with.
func TestKnownToken(t *testing.T) {
	hash, err := hex.DecodeString("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
	if err != nil {
		t.Fatal(err)
	}
	extra := auth.Token{Name: "demo", Role: auth.Operator, SHA256: sha256.Sum256([]byte("other"))}
	set, err := auth.FromConfig([]config.Token{{Name: "alice", Role: "editor", SHA256: [32]byte(hash)}}, extra)
	if err != nil || set.Len() != 2 {
		t.Fatal(err, set.Len())
	}
	if got, ok := set.Lookup("abc"); !ok || got.Name != "alice" || got.Role != auth.Editor {
		t.Errorf("Lookup(abc) = %v, %v", got, ok)
	}
	if got, ok := set.Lookup("other"); !ok || got.Name != "demo" {
		t.Errorf("Lookup(other) = %v, %v", got, ok)
	}
	for _, wrong := range []string{"", "ab", "abcd", "ABC", string(hash), strings.Repeat("a", auth.MaxTokenBytes+1)} {
		if got, ok := set.Lookup(wrong); ok {
			t.Errorf("Lookup(%.20q) found %v", wrong, got)
		}
	}
	if _, ok := (*auth.Tokens)(nil).Lookup("abc"); ok {
		t.Error("the nil set knows a token")
	}
}

// TestNewToken makes tokens and looks them up; they differ, have the text
// that RFC 6750 §2.1 allows, and a failing random source is an error.
func TestNewToken(t *testing.T) {
	text, token, err := auth.NewToken(rand.Reader, "demo", auth.Operator)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := auth.NewToken(rand.Reader, "demo", auth.Operator)
	if err != nil || other == text {
		t.Fatalf("second token: %v, equal %t", err, other == text)
	}
	if len(text) < 43 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/") != "" {
		t.Errorf("text %q", text)
	}
	set, err := auth.NewTokens(token)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := set.Lookup(text); !ok || got != token {
		t.Errorf("Lookup = %v, %v", got, ok)
	}
	if _, ok := set.Lookup(other); ok {
		t.Error("another token is accepted")
	}
	_, _, err = auth.NewToken(iotest.ErrReader(errors.New("no entropy")), "demo", auth.Operator)
	if err == nil || err.Error() != `auth: new token "demo": no entropy` {
		t.Errorf("error %v", err)
	}
	if _, _, err = auth.NewToken(bytes.NewReader(make([]byte, 31)), "demo", auth.Operator); err == nil {
		t.Error("31 random bytes were enough")
	}
}

// TestBadSets gives sets in which a request's principal would be unclear.
func TestBadSets(t *testing.T) {
	a, b := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	cases := []struct {
		tokens []auth.Token
		want   string
	}{
		{[]auth.Token{{Role: auth.Reader, SHA256: a}}, "auth: a token has no name"},
		{[]auth.Token{{Name: "x", SHA256: a}}, `auth: token "x": it has no role`},
		{[]auth.Token{{Name: "x", Role: auth.Admin + 1, SHA256: a}}, `auth: token "x": it has no role`},
		{[]auth.Token{{Name: "x", Role: auth.Reader, SHA256: a}, {Name: "x", Role: auth.Admin, SHA256: b}}, `auth: token "x": the name is used twice`},
		{[]auth.Token{{Name: "x", Role: auth.Reader, SHA256: a}, {Name: "y", Role: auth.Admin, SHA256: a}}, `auth: token "y": it is the same token as "x"`},
	}
	for _, c := range cases {
		if _, err := auth.NewTokens(c.tokens...); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	if _, err := auth.FromConfig([]config.Token{{Name: "x", Role: "root", SHA256: a}}); err == nil ||
		err.Error() != `token "x": auth: role "root" is none of reader, editor, operator, admin` {
		t.Errorf("error %v", err)
	}
}

// TestFromRequest sends Authorization headers right and wrong (RFC 6750 §2.1
// and §3.1, RFC 9110 §11.1: the scheme is case-insensitive). A wrong one is
// never anonymous, and no error repeats it.
func TestFromRequest(t *testing.T) {
	set, err := auth.NewTokens(auth.Token{Name: "alice", Role: auth.Editor, SHA256: sha256.Sum256([]byte("s3cret"))})
	if err != nil {
		t.Fatal(err)
	}
	alice := auth.Principal{Name: "alice", Role: auth.Editor}
	cases := []struct {
		name    string
		headers []string
		want    auth.Principal
		err     error
		message string
	}{
		{"none", nil, auth.Principal{Name: "anonymous", Anonymous: true}, nil, ""},
		{"good", []string{"Bearer s3cret"}, alice, nil, ""},
		{"lower-case scheme", []string{"bearer  s3cret"}, alice, nil, ""},
		{"wrong", []string{"Bearer s3cret2"}, auth.Principal{}, auth.ErrToken, "invalid token: the bearer token is none of the configured tokens"},
		{"hash instead of token", []string{"Bearer " + hex.EncodeToString(sha256.New().Sum(nil))}, auth.Principal{}, auth.ErrToken, "none of the configured"},
		{"empty token", []string{"Bearer "}, auth.Principal{}, auth.ErrToken, "none of the configured"},
		{"no token", []string{"Bearer"}, auth.Principal{}, auth.ErrToken, "none of the configured"},
		{"empty header", []string{""}, auth.Principal{}, auth.ErrToken, "must read: Bearer TOKEN"},
		{"basic", []string{"Basic czNjcmV0"}, auth.Principal{}, auth.ErrToken, "must read: Bearer TOKEN"},
		{"token alone", []string{"s3cret"}, auth.Principal{}, auth.ErrToken, "must read: Bearer TOKEN"},
		{"two", []string{"Bearer s3cret", "Bearer s3cret"}, auth.Principal{}, auth.ErrRequest, "ambiguous credentials: the request has 2 Authorization headers, send one"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Authorization"] = c.headers
			got, err := set.FromRequest(r)
			if got != c.want || !errors.Is(err, c.err) {
				t.Fatalf("%+v, %v", got, err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.message) || strings.Contains(err.Error(), "s3cret")) {
				t.Errorf("message %q", err)
			}
		})
	}
}

// TestContext carries a principal in a context; an empty context has no
// rights.
func TestContext(t *testing.T) {
	p := auth.Principal{Name: "alice", Role: auth.Admin}
	if got := auth.FromContext(auth.NewContext(context.Background(), p)); got != p {
		t.Errorf("got %v", got)
	}
	if got := auth.FromContext(context.Background()); !got.Anonymous || got.May(auth.Reader) {
		t.Errorf("empty context: %+v", got)
	}
}
