// Goal: what a plan changes and sends is shown as it is.
// Method: changes and payloads of the form that control gives.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { readable } = await load("changes.ts");
const { pretty, prettyXML } = await load("pretty.ts");

const graph = (collector) => `<https://demo.example/graph/source/${collector}/r7>`;
const enabled = "<https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/enabled>";
const quad = (s, p, o, g = "") => `<${s}> ${p} ${o} ${g}${g ? " " : ""}.`;
const boolean = (v) => `"${v}"^^<http://www.w3.org/2001/XMLSchema#boolean>`;

test("changes are rows of thing, property, from and to, by what becomes of them", () => {
  const sent = [{ quad: quad("urn:if", enabled, boolean(false), graph("netconf")), delete: true }, { quad: quad("urn:if", enabled, boolean(true), graph("netconf")) }];
  const status = "<https://w3id.org/nettwin/mib/IF-MIB/ifOperStatus>";
  const plan = {
    payloads: [{ changes: sent }],
    changes: [
      ...sent,
      { quad: quad("urn:row", status, '"down"', graph("snmp")), delete: true },
      { quad: quad("urn:row", status, '"up"', graph("snmp")) },
      { quad: quad("urn:new", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", "<https://w3id.org/nettwin/ns#LldpAdjacency>") },
      { quad: quad("urn:new", "<https://w3id.org/nettwin/ns#localDevice>", "<urn:r7>") },
    ],
  };
  const got = readable(plan);
  const row = ({ subject, property, from, to, source }) => [subject, property, from, to, source];
  assert.deepEqual(got.sent.map(row), [["urn:if", "enabled", "false", "true", "NETCONF · ietf-interfaces"]]);
  assert.deepEqual(got.expected.map(row), [["urn:row", "oper status", "down", "up", "SNMP · IF-MIB"]]);
  assert.deepEqual(got.supposed.map((s) => [s.type, s.values.map((v) => v.property)]), [["LLDP adjacency", ["local device"]]]);
  assert.deepEqual(got.subjects, ["urn:if", "urn:row", "urn:r7"]);
  assert.deepEqual(readable({}), { sent: [], expected: [], supposed: [], subjects: [] });
});

const text = (lines) => lines.map((line) => line.map((p) => p.text).join(""));

test("XML is indented without a change of its content", () => {
  const body = '<config xmlns="urn:a"><if><name>eth3 &amp; more</name><!-- < --><up nc:operation="replace">true</up><none/><empty></empty></if></config>\n';
  assert.deepEqual(text(prettyXML(body)), [
    '<config xmlns="urn:a">', "  <if>", "    <name>eth3 &amp; more</name>", "    <!-- < -->", '    <up nc:operation="replace">true</up>', "    <none/>", "    <empty></empty>", "  </if>", "</config>",
  ]);
  assert.equal(text(prettyXML(body)).map((l) => l.trimStart()).join(""), body.trim());
  assert.ok(prettyXML(body)[4].some((p) => p.kind === "operation"));
});

test("JSON is indented, and what is neither stays", () => {
  assert.deepEqual(text(pretty('{"a":[1]}', "application/yang-data+json")), ["{", '  "a": [', "    1", "  ]", "}"]);
  assert.deepEqual(text(pretty("{broken", "application/json")), ["{broken"]);
  assert.deepEqual(text(pretty("a\nb", "text/plain")), ["a", "b"]);
});
