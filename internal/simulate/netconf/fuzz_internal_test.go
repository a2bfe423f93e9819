package netconf

import (
	"bytes"
	"testing"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// A still device accepts whatever it is given.
type still struct{ tree *config.Tree }

func (d *still) Running() *config.Tree                 { return d.tree }
func (d *still) Apply(next *config.Tree, _ bool) error { d.tree = next; return nil }
func (d *still) State() []*xmltree.Node                { return nil }
func (d *still) Watch(func(Event)) (cancel func())     { return func() {} }

// Goal: no message makes the server panic, each gets one well-formed reply, and
// the running configuration stays one that its modules allow. Method: fuzzing of
// messages to a session without SSH; two in a row, so that locks and pending
// commits matter.
func FuzzMessage(f *testing.F) {
	set, err := yang.Parse([][]byte{[]byte(`module m { namespace "urn:m"; prefix m;
		container c { list l { key k; leaf k { type string; } leaf v { type int8; mandatory true; } } } }`)}, yang.Options{})
	if err != nil {
		f.Fatal(err)
	}
	rpc := func(op string) string {
		return `<rpc xmlns="` + config.Base + `" message-id="1">` + op + `</rpc>`
	}
	entry := `<config><c xmlns="urn:m"><l><k>a</k><v>1</v></l></c></config>`
	f.Add(rpc(`<edit-config><target><candidate/></target>`+entry+`</edit-config>`), rpc(`<commit><confirmed/><confirm-timeout>9</confirm-timeout></commit>`))
	f.Add(rpc(`<lock><target><candidate/></target></lock>`), rpc(`<copy-config><target><candidate/></target><source>`+entry+`</source></copy-config>`))
	f.Add(rpc(`<get><filter type="subtree"><c xmlns="urn:m"><l><k>a</k></l></c></filter></get>`), rpc(`<cancel-commit/>`))
	f.Add(rpc(`<create-subscription xmlns="`+notificationSpace+`"/>`), rpc(`<get-schema xmlns="`+monitoringSpace+`"><identifier>m</identifier></get-schema>`))
	f.Fuzz(func(t *testing.T, first, second string) {
		device := &still{config.New(set)}
		s := &Server{options: Options{Device: device}.withDefaults(), device: device, schema: set, sessions: map[uint32]*session{}}
		s.store = store{locks: map[datastore]uint32{}}
		s.log = s.options.Log
		c := &session{server: s, id: 1, user: "u", out: newOutbox()}
		c.chunked.Store(true)
		s.sessions[1] = c
		for _, text := range []string{first, second} {
			if err := c.message([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		s.close(c, "closed")
		s.timers.Wait()
		if errs := device.tree.Validate(); len(errs) > 0 {
			t.Fatalf("running is not valid: %v", errs)
		}
		c.out.end()
		var sent bytes.Buffer
		c.out.send(&sent)
		r := reader(&sent, true)
		r.maxBytes = 1 << 20
		replies := 0
		for {
			message, err := r.next()
			if err != nil {
				break
			}
			x, err := xmltree.Parse(message, xmltree.Limits{})
			if err != nil {
				t.Fatalf("%q and %q got %q: %v", first, second, message, err)
			}
			if x.Is(config.Base, "rpc-reply") {
				replies++
			}
		}
		if replies != 2 {
			t.Fatalf("%d replies", replies)
		}
	})
}
