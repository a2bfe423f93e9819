// Package naming gives names to what the twin holds. An item (bytes that never
// change) is named by its content: a Name is a CIDv1 over sha2-256, the same
// for the same bytes wherever and by whomever it is computed. A thing (a
// device, an interface) and a graph are named by IRIs under the store's base.
//
// Knowledge items and envelopes are canonical N-Quads, so that their codec is
// rdfc-1: the body that a client gets is what was hashed, and one call to
// SHA-256 verifies it. Replies of devices are codec raw.
package naming
