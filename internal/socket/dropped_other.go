//go:build !linux || 386 || s390x

package socket

import "syscall"

// dropped does not know.
func dropped(syscall.RawConn) (uint32, bool) { return 0, false }
