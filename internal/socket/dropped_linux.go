//go:build linux && !386 && !s390x

package socket

import (
	"syscall"
	"unsafe"
)

// SO_MEMINFO of <asm-generic/socket.h> asks for an array of numbers
// (<linux/sock_diag.h>) of which the one at skMeminfoDrops counts what was
// dropped, since Linux 4.12. Systems with a number of their own for the option
// refuse it, and then nothing is known.
const (
	soMeminfo      = 55
	skMeminfoDrops = 8
	skMeminfoVars  = 9
)

// dropped asks the kernel.
func dropped(c syscall.RawConn) (n uint32, ok bool) {
	var vars [skMeminfoVars]uint32
	size := uint32(unsafe.Sizeof(vars))
	err := c.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.SOL_SOCKET, soMeminfo,
			uintptr(unsafe.Pointer(&vars)), uintptr(unsafe.Pointer(&size)), 0)
		ok = errno == 0 && size == uint32(unsafe.Sizeof(vars))
	})
	return vars[skMeminfoDrops], ok && err == nil
}
