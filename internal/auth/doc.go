// Package auth tells who makes a request: roles, bearer tokens of which only
// the SHA-256 is known, and the principal that travels in a request's context.
// What a role may do is decided where requests are routed.
package auth
