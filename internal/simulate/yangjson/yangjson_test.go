package yangjson_test

import (
	"testing"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
	"nettwin/internal/simulate/yangjson"
)

const module = `module m { namespace "urn:m"; prefix m; revision 2026-01-01;
  identity kind; identity big { base kind; }
  container c {
    leaf small { type uint32; } leaf large { type uint64; } leaf share { type decimal64 { fraction-digits 2; } }
    leaf on { type boolean; } leaf there { type empty; } leaf kind { type identityref { base kind; } }
    leaf either { type union { type uint8; type string; } }
    leaf same { type leafref { path "../small"; } }
    leaf-list tag { type string; }
    list e { key n; leaf n { type string; } leaf v { type int8; } } } }`

const other = `module o { namespace "urn:o"; prefix o; import m { prefix m; } augment "/m:c" { leaf more { type string; } } }`

const data = `<d><c xmlns="urn:m"><small>7</small><large>8</large><share>1.50</share><on>true</on><there/>` +
	`<kind xmlns:x="urn:m">x:big</kind><either>300</either><same>7</same><tag>a</tag><e><n>1</n><v>-1</v></e><tag>b"</tag><e><n>2</n></e>` +
	`<more xmlns="urn:o">t</more></c><gone xmlns="urn:gone"/></d>`

// TestEncode writes each kind of value as RFC 7951 §5 and §6 have it, and
// without what that adds.
func TestEncode(t *testing.T) {
	set, err := yang.Parse([][]byte{[]byte(module), []byte(other)}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := xmltree.Parse([]byte(data), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e := yangjson.New(set)
	for plain, want := range map[bool]string{
		false: `{"m:c":{"small":7,"large":"8","share":"1.5","on":true,"there":[null],"kind":"m:big","either":"300","same":7,` +
			`"tag":["a","b\""],"e":[{"n":"1","v":-1},{"n":"2"}],"o:more":"t"}}`,
		true: `{"c":{"small":7,"large":8,"share":1.5,"on":true,"there":[null],"kind":"m:big","either":"300","same":7,` +
			`"tag":["a","b\""],"e":[{"n":"1","v":-1},{"n":"2"}],"more":"t"}}`,
	} {
		e.Plain = plain
		if got := string(e.Object(set.Child, "", x.Children)); got != want {
			t.Errorf("plain %v:\n%s\nwant\n%s", plain, got, want)
		}
	}
}
