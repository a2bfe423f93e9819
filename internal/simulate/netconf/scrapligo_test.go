package netconf_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	driver "github.com/scrapli/scrapligo/driver/netconf"
	"github.com/scrapli/scrapligo/driver/opoptions"
	"github.com/scrapli/scrapligo/driver/options"
	"github.com/scrapli/scrapligo/response"

	"nettwin/internal/simulate/netconf"
)

// scrapli logs in with scrapligo, in its own Go transport.
func scrapli(t *testing.T, s *netconf.Server, version string) *driver.Driver {
	t.Helper()
	d, err := driver.NewDriver("127.0.0.1", options.WithPort(int(s.Addr().Port())), options.WithAuthUsername("op"),
		options.WithAuthPassword("secret"), options.WithAuthNoStrictKey(), options.WithTransportType("standard"),
		options.WithNetconfPreferredVersion(version), options.WithTimeoutOps(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Open(); err != nil {
		t.Fatal(err)
	}
	return d
}

// Goal: a client written by others works with the server: scrapligo v1.4.3 in
// both framings reads, edits, commits, confirms, lets a commit time out, locks
// and sees errors. Method: the sequence of an operator's change.
func TestScrapligo(t *testing.T) {
	for _, version := range []string{"1.0", "1.1"} {
		t.Run(version, func(t *testing.T) {
			// scrapligo looks for message-id before it joins chunks: a first
			// chunk of 100 bytes, which ends within it, would be lost.
			s, device := serve(t, func(o *netconf.Options) { o.ChunkBytes = 256 })
			d := scrapli(t, s, version)
			defer func() {
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			}()
			ok := func(r *response.NetconfResponse, err error) string {
				t.Helper()
				if err != nil || r.Failed != nil {
					t.Fatalf("%v, %+v", err, r)
				}
				return r.Result
			}
			if !strings.Contains(strings.Join(d.ServerCapabilities(), " "), ":confirmed-commit:1.1") {
				t.Errorf("capabilities %v", d.ServerCapabilities())
			}
			if got := ok(d.GetConfig("running")); !strings.Contains(got, "<description>one</description>") {
				t.Errorf("get-config %s", got)
			}
			if got := ok(d.Get(fmt.Sprintf(interfaces, `<interface><name>eth1</name><oper-status/></interface>`))); !strings.Contains(got, "up") || strings.Contains(got, "eth0") {
				t.Errorf("get %s", got)
			}
			description := func() string {
				return device.Running().Root().Child("interfaces").Each("interface")[1].Leaf("description")
			}
			ok(d.Lock("candidate"))
			ok(d.EditConfig("candidate", eth1("<description>two</description>")))
			ok(d.Validate("candidate"))
			ok(d.Commit())
			if got := description(); got != "two" {
				t.Errorf("after commit %q", got)
			}
			ok(d.EditConfig("candidate", eth1("<description>three</description>")))
			ok(d.Commit(opoptions.WithCommitConfirmed(), opoptions.WithCommitConfirmTimeout(1)))
			if got := description(); got != "three" {
				t.Errorf("after confirmed commit %q", got)
			}
			for deadline := time.Now().Add(5 * time.Second); description() != "two"; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("not rolled back: %q", description())
				}
			}
			ok(d.EditConfig("candidate", eth1("<description>four</description>")))
			ok(d.Commit(opoptions.WithCommitConfirmed(), opoptions.WithCommitConfirmTimeout(60), opoptions.WithCommitConfirmedPersist("tok")))
			ok(d.Commit(opoptions.WithCommitConfirmedPersistID("tok")))
			if got := description(); got != "four" {
				t.Errorf("after confirmation %q", got)
			}
			r, err := d.EditConfig("candidate", eth1("<bogus/>"))
			if err != nil || r.Failed == nil || !strings.Contains(r.Result, "unknown-element") {
				t.Errorf("bad edit: %v, %+v", err, r)
			}
			ok(d.Discard())
			ok(d.Unlock("candidate"))
		})
	}
}
