package auth

import (
	"fmt"
	"slices"
	"strings"

	"nettwin/internal/config"
)

// Role is what a principal may do. Roles are ordered: each may do what the
// lower ones may.
type Role uint8

// The roles, by the names of config.Roles.
const (
	NoRole   Role = iota // nothing at all
	Reader               // reads
	Editor               // writes graph data
	Operator             // reaches devices
	Admin                // governs the server
)

// ParseRole reads a role's name as configurations write it.
func ParseRole(name string) (Role, error) {
	i := slices.Index(config.Roles(), name)
	if i < 0 {
		return NoRole, fmt.Errorf("auth: role %q is none of %s", name, strings.Join(config.Roles(), ", "))
	}
	return Role(i + 1), nil
}

// String returns the name that ParseRole reads; that of NoRole is "none".
func (r Role) String() string {
	if r == NoRole {
		return "none"
	}
	if names := config.Roles(); int(r) <= len(names) {
		return names[r-1]
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// valid tells whether r is one of the named roles.
func (r Role) valid() bool { return Reader <= r && r <= Admin }
