package netconf

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// HostKeyPolicy decides whether a device's host key is the right one; nil
// accepts it. An error should wrap ErrHostKey.
type HostKeyPolicy func(ctx context.Context, address string, key ssh.PublicKey) error

// HostKeyFingerprints accepts keys with one of the fingerprints, in the form
// that ssh-keygen -l prints: SHA256:….
func HostKeyFingerprints(known ...string) HostKeyPolicy {
	return func(_ context.Context, address string, key ssh.PublicKey) error {
		return checkFingerprint(address, key, known)
	}
}

func checkFingerprint(address string, key ssh.PublicKey, known []string) error {
	got := ssh.FingerprintSHA256(key)
	if slices.Contains(known, got) {
		return nil
	}
	return fmt.Errorf("%w: %s shows %s %s, expected %s: if the device or its key was replaced, configure the new fingerprint; else somebody is in between",
		ErrHostKey, address, key.Type(), got, strings.Join(known, " or "))
}

// HostKeys remembers the fingerprints of devices that were trusted.
type HostKeys interface {
	// HostKey returns the fingerprint trusted for an address, "" if none is.
	HostKey(ctx context.Context, address string) (fingerprint string, err error)
	// TrustHostKey is asked at the first contact: nil trusts the key and
	// remembers it.
	TrustHostKey(ctx context.Context, address, fingerprint string) error
}

// TrustOnFirstUse accepts the key that an address showed at first contact,
// and no other afterwards.
func TrustOnFirstUse(known HostKeys) HostKeyPolicy {
	return func(ctx context.Context, address string, key ssh.PublicKey) error {
		fingerprint, err := known.HostKey(ctx, address)
		if err != nil {
			return fmt.Errorf("%w: known keys: %w", ErrHostKey, err)
		}
		if fingerprint != "" {
			return checkFingerprint(address, key, []string{fingerprint})
		}
		if err := known.TrustHostKey(ctx, address, ssh.FingerprintSHA256(key)); err != nil {
			return fmt.Errorf("%w: %s %s of %s at first contact: %w", ErrHostKey, key.Type(), ssh.FingerprintSHA256(key), address, err)
		}
		return nil
	}
}

// AnyHostKey accepts every key. It is for tests, whose *testing.T it takes.
func AnyHostKey(test interface{ Helper() }) HostKeyPolicy {
	test.Helper()
	return func(context.Context, string, ssh.PublicKey) error { return nil }
}
