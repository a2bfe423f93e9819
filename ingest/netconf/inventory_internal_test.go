package netconf

import (
	"encoding/xml"
	"strings"
	"testing"

	"nettwin/ingest/schemas"
)

// libraryExample is cut from RFC 8525 appendix B.
const libraryExample = `<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1"><data>
<yang-library xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-library"
    xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores">
  <module-set>
    <name>config-modules</name>
    <module>
      <name>ietf-interfaces</name>
      <revision>2018-02-20</revision>
      <namespace>urn:ietf:params:xml:ns:yang:ietf-interfaces</namespace>
      <feature>if-mib</feature>
    </module>
    <module>
      <name>example</name>
      <namespace>urn:example</namespace>
      <submodule><name>example-sub</name><revision>2020-01-01</revision></submodule>
    </module>
    <import-only-module>
      <name>ietf-yang-types</name>
      <revision>2013-07-15</revision>
      <namespace>urn:ietf:params:xml:ns:yang:ietf-yang-types</namespace>
    </import-only-module>
  </module-set>
  <module-set><name>state</name>
    <import-only-module><name>ietf-interfaces</name><revision>2018-02-20</revision></import-only-module>
  </module-set>
  <content-id>75a43df9bd56b92aacc156a2958fbe12312fb285</content-id>
</yang-library>
<modules-state xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-library"><module-set-id>0</module-set-id>
  <module><name>deprecated-form</name><revision/></module></modules-state>
</data></rpc-reply>`

// schemasExample is cut from RFC 6022 §3.1's list of schemas.
const schemasExample = `<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><data>
<netconf-state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><schemas>
  <schema><identifier>foo</identifier><version>1.0</version><format>xsd</format><namespace>urn:foo</namespace><location>NETCONF</location></schema>
  <schema><identifier>bar-types</identifier><version>2008-06-01</version><format>yang</format><namespace>urn:bar</namespace></schema>
  <schema><identifier>baz</identifier><version/><format xmlns:m="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring">m:yang</format></schema>
</schemas></netconf-state></data></rpc-reply>`

func describe(t *testing.T, text string) description {
	t.Helper()
	var d description
	if err := xml.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestInventory reads the forms in which devices tell their modules, with the
// RFCs' examples; the digest changes with the content's id.
func TestInventory(t *testing.T) {
	d := describe(t, libraryExample)
	modules, err := d.Data.Modules()
	if err != nil {
		t.Fatal(err)
	}
	inv := schemas.Inventory{Modules: modules, Texts: d.Data.Texts()}
	if err := inv.Settle(d.Data.Notes()...); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range inv.Modules {
		text := m.ID() + " " + strings.Join(m.Features, ",")
		if m.Implemented {
			text += " implemented"
		}
		got = append(got, text)
	}
	if strings.Join(got, "; ") != "example  implemented; ietf-interfaces@2018-02-20 if-mib implemented; ietf-yang-types@2013-07-15 " {
		t.Errorf("modules %q", got)
	}
	got = nil
	for _, s := range inv.Texts {
		got = append(got, s.ID())
	}
	if strings.Join(got, " ") != "example example-sub@2020-01-01 ietf-interfaces@2018-02-20 ietf-yang-types@2013-07-15" {
		t.Errorf("texts %q", got)
	}
	has := inv.Feature()
	if !has("ietf-interfaces", "if-mib") || has("ietf-interfaces", "pre-provisioning") || !has("unheard-of", "x") {
		t.Error("features")
	}
	before := inv.Set
	if err := inv.Settle("other", ""); err != nil {
		t.Fatal(err)
	}
	if before == inv.Set || len(before) != 32 {
		t.Errorf("digest %q, then %q", before, inv.Set)
	}
	got = nil
	for _, s := range describe(t, schemasExample).texts() {
		got = append(got, s.ID())
	}
	if strings.Join(got, " ") != "bar-types@2008-06-01 baz" {
		t.Errorf("schemas %q", got)
	}
}
