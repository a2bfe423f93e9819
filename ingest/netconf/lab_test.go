package netconf_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/testenv"
)

// lab is a real NETCONF server, netconfd behind OpenSSH, in namespaces of its
// own (network, host name, processes, mounts): it ends with the process that
// holds them, and nothing of it can reach the machine.
type lab struct {
	dir     string
	key     ssh.Signer // of the user root
	keyText []byte
	hostKey ssh.Signer
	pid     int
}

// labAddress is the server's inside the lab's network.
const labAddress = "198.18.0.1:830"

// labScript runs inside. netconfd aborts without get-interface-ipv4, which
// its Debian package forgot, and without the folder data; it polls interfaces
// on standard output.
const labScript = `set -e
mount -t sysfs sysfs /sys
hostname r1
ip link set lo up
ip addr add 198.18.0.1/32 dev lo
ip link add name eth1 type veth peer name eth2
ip link set eth1 up; ip link set eth2 up
mkdir -p /run/sshd
%[1]s -D -f %[2]s/sshd_config 2>%[2]s/sshd.log &
export PATH=%[2]s:$PATH
exec %[3]s --module=ietf-interfaces --module=ietf-system --startup=%[2]s/startup.xml --superuser=root \
  --ncxserver-sockname=%[2]s/ncx.sock --yuma-home=%[2]s --target=candidate --log=%[2]s/netconfd.log --log-level=error >/dev/null 2>%[2]s/netconfd.err`

const sshdConfig = `Port 830
ListenAddress 198.18.0.1
HostKey %[1]s/hostkey
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
AuthorizedKeysFile %[1]s/authorized
Subsystem netconf "%[2]s --ncxserver-sockname=830@%[1]s/ncx.sock"
`

const startupConfig = `<?xml version="1.0" encoding="UTF-8"?>
<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">
<interface><name>eth1</name><description>to r2</description><type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type><enabled>true</enabled></interface>
<interface><name>eth2</name><description>to r3</description><type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type><enabled>true</enabled></interface>
</interfaces></config>
`

const interfaceIPv4 = "#!/bin/sh\nip -4 -o addr show dev \"$1\" | sed -n 's/.*inet \\([^ ]*\\).*/\\1/p'\n"

// startLab starts the server; it ends with the test.
func startLab(t *testing.T) *lab {
	t.Helper()
	testenv.Root(t)
	testenv.Tool(t, "ip")
	testenv.Tool(t, "ifconfig") // netconfd uses it
	unshare, sshd, netconfd := testenv.Tool(t, "unshare"), testenv.Tool(t, "sshd"), testenv.Tool(t, "netconfd")
	subsystem := testenv.Tool(t, "netconf-subsystem")
	l := &lab{dir: shortTemp(t)}
	l.key, l.keyText = l.writeKey(t, "id")
	l.hostKey, _ = l.writeKey(t, "hostkey")
	l.write(t, "authorized", string(ssh.MarshalAuthorizedKey(l.key.PublicKey())), 0o600)
	l.write(t, "sshd_config", fmt.Sprintf(sshdConfig, l.dir, subsystem), 0o600)
	l.write(t, "startup.xml", startupConfig, 0o600)
	l.write(t, "get-interface-ipv4", interfaceIPv4, 0o755)
	l.write(t, "run", fmt.Sprintf(labScript, sshd, l.dir, netconfd), 0o700)
	if err := os.Mkdir(filepath.Join(l.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(unshare, "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", filepath.Join(l.dir, "run"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.pid = cmd.Process.Pid
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGKILL)
		<-ended
		if t.Failed() {
			for _, name := range []string{"sshd.log", "netconfd.log", "netconfd.err"} {
				text, _ := os.ReadFile(filepath.Join(l.dir, name))
				t.Logf("%s: %.2000s", name, text)
			}
		}
	})
	return l
}

// shortTemp is a folder whose path leaves room for a socket's name.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "nc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (l *lab) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) writeKey(t *testing.T, name string) (ssh.Signer, []byte) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(block)
	l.write(t, name, string(text), 0o600)
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return signer, text
}

// setns is the number of the system call (man 2 setns).
var setns = map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]

// entered runs f, which dials, inside the lab's network. Its thread is not
// given back.
func (l *lab) entered(f func() error) error {
	if setns == 0 {
		return fmt.Errorf("no system call number for %s", runtime.GOARCH)
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", l.pid))
	if err != nil {
		return err
	}
	defer ns.Close()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		const cloneNewNet = 0x40000000
		if _, _, errno := syscall.RawSyscall(setns, ns.Fd(), cloneNewNet, 0); errno != 0 {
			done <- fmt.Errorf("setns: %w", errno)
			return
		}
		done <- f()
	}()
	return <-done
}

// inside runs a command in the lab's network.
func (l *lab) inside(t *testing.T, command ...string) string {
	t.Helper()
	args := append([]string{"-t", fmt.Sprint(l.pid), "-n"}, command...)
	out, err := exec.Command(testenv.Tool(t, "nsenter"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// eventually polls until f returns nil.
func eventually(t *testing.T, limit time.Duration, what string, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
