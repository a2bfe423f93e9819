package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
)

type simulateCmd struct {
	SNMP simulateSNMPCmd `cmd:"" name:"snmp" help:"Serve a recording as an SNMP v2c and v3 agent."`
	Ctl  simulateCtlCmd  `cmd:"" help:"Drive the simulated network of a running demo: fail links, change interfaces, replay."`
}

type simulateSNMPCmd struct {
	Listen    string   `help:"UDP address; port 0 lets the kernel pick." default:"127.0.0.1:0"`
	Community []string `help:"SNMPv2c community." default:"public"`
	User      string   `help:"SNMPv3 user as NAME:AUTH:AUTHPASS[:PRIV:PRIVPASS], such as twin:sha256:secret123:aes:secret456." placeholder:"USER"`
	File      string   `arg:"" help:"Recording (.snmprec)."`
}

// Run serves until it is interrupted.
func (c *simulateSNMPCmd) Run(ctx context.Context, env *environment) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	table, err := readRecording(env, c.File, file)
	file.Close()
	if err != nil {
		return err
	}
	options := snmp.Options{State: table, Communities: c.Community, LiveUptime: true, Log: env.log}
	if c.User != "" {
		user, err := parseUser(c.User)
		if err != nil {
			return err
		}
		options.Users = []snmp.User{user}
	}
	agent, err := snmp.Listen(ctx, c.Listen, options)
	if err != nil {
		return err
	}
	defer agent.Close()
	fmt.Fprintf(env.stdout, "agent at %s serves %d values of %s\n", agent.Addr(), table.Len(), c.File)
	<-ctx.Done()
	return nil
}

// readRecording makes an agent's table of a recording and tells what of it
// could not be used.
func readRecording(env *environment, name string, from io.Reader) (*snmp.Table, error) {
	recording, err := snmprec.Read(name, from, snmprec.Limits{})
	if err != nil {
		return nil, err
	}
	for i, finding := range recording.Findings {
		if i == 10 {
			env.log.Warn("recording", "file", name, "further findings", len(recording.Findings)-i)
			break
		}
		env.log.Warn("recording", "finding", finding.Error())
	}
	return snmp.NewTable(recording.Rows)
}

func parseUser(text string) (snmp.User, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 && len(parts) != 5 {
		return snmp.User{}, errors.New("--user must be NAME:AUTH:AUTHPASS or NAME:AUTH:AUTHPASS:PRIV:PRIVPASS")
	}
	auth, ok := authProtocols[parts[1]]
	if !ok {
		return snmp.User{}, usageError("--user: %q is no authentication protocol: use md5, sha, sha224, sha256, sha384 or sha512", parts[1])
	}
	user := snmp.User{Name: parts[0], AuthProtocol: auth, AuthPassword: parts[2]}
	if len(parts) == 5 {
		if user.PrivProtocol, ok = privProtocols[parts[3]]; !ok {
			return user, usageError("--user: %q is no privacy protocol: use des or aes", parts[3])
		}
		user.PrivPassword = parts[4]
	}
	return user, nil
}

var (
	authProtocols = map[string]snmp.AuthProtocol{"md5": snmp.MD5, "sha": snmp.SHA1, "sha224": snmp.SHA224,
		"sha256": snmp.SHA256, "sha384": snmp.SHA384, "sha512": snmp.SHA512}
	privProtocols = map[string]snmp.PrivProtocol{"des": snmp.DES, "aes": snmp.AES128}
)
