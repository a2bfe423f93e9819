// The drawing of the topology: one cytoscape instance that is patched when
// the network changes, never rebuilt, so that nothing flickers or jumps.

import cytoscape, { type Core, type ElementDefinition, type LayoutOptions, type NodeSingular, type Position, type StylesheetJson } from "cytoscape";
import fcose from "cytoscape-fcose";
import { score, type Line, type Places, type Point } from "./geometry";
import { linkWords, type DeviceShape, type LinkShape, type Network } from "./network";

cytoscape.use(fcose);

// Limits of the drawing.
const maxPositions = 5000; // kept per twin
const spacing = 200; // between linked devices, in pixels at zoom 1
const clearance = 55; // around a device
const nodeRadius = 32; // at most, about
const underName = 16;
const [nearName, farName] = [22, 64]; // from a line's end to the name of its interface
const fewDevices = 60; // up to this many, several layouts compete
const randomTries = 6;

export interface Handlers {
  select(iri: string | null): void;
  hover(at: { iri: string; x: number; y: number } | null): void;
}

export class Drawing {
  private readonly cy: Core;
  private shown = "";
  private readonly resize: ResizeObserver;

  constructor(container: HTMLElement, private readonly base: string, handlers: Handlers) {
    this.cy = cytoscape({ container, minZoom: 0.1, maxZoom: 4, boxSelectionEnabled: false, selectionType: "single" });
    this.cy.on("tap", (event) => handlers.select(event.target === this.cy ? null : event.target.id()));
    this.cy.on("mouseover", "node, edge", (event) => {
      const at = event.renderedPosition;
      event.target.addClass("hovered");
      handlers.hover({ iri: event.target.id(), x: at.x, y: at.y });
    });
    this.cy.on("mouseout", "node, edge", (event) => {
      event.target.removeClass("hovered");
      handlers.hover(null);
    });
    this.cy.on("viewport drag", () => handlers.hover(null));
    this.cy.on("dragfree", "node", () => {
      this.save();
      this.besideLines();
    });
    this.theme();
    this.resize = new ResizeObserver(() => {
      this.cy.resize();
      this.fit(false);
    });
    this.resize.observe(container);
  }

  destroy(): void {
    this.resize.disconnect();
    this.cy.destroy();
  }

  // theme takes the colours of the page.
  theme(): void {
    this.cy.style(styles());
    for (const node of this.cy.nodes()) this.decorate(node as NodeSingular);
  }

  // update patches elements: changed ones are changed, the others stay.
  update(network: Network): void {
    const wanted = [...[...network.devices.values()].map(nodeOf), ...[...network.links.values()].map(edgeOf)];
    const key = JSON.stringify(wanted);
    if (key === this.shown) return;
    this.shown = key;
    const ids = new Set(wanted.map((e) => e.data.id));
    const fresh: ElementDefinition[] = [];
    this.cy.batch(() => {
      this.cy.elements().filter((e) => !ids.has(e.id())).remove();
      for (const element of wanted) {
        const old = this.cy.getElementById(element.data.id ?? "");
        if (old.nonempty()) old.data(element.data);
        else fresh.push(element);
      }
    });
    if (fresh.length) this.place(fresh);
    for (const node of this.cy.nodes()) this.decorate(node as NodeSingular);
    this.besideLines();
  }

  // besideLines puts the names of a line's ends near them, and its note beside
  // it: over a level line, to the right of a steep one.
  private besideLines(): void {
    this.cy.batch(() => {
      for (const edge of this.cy.edges()) {
        const [from, to] = [edge.source().position(), edge.target().position()];
        const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
        const steep = Math.abs(to.y - from.y) / length;
        const note = String(edge.data("note"));
        const offset = Math.min(farName, Math.max(nearName, 0.3 * (length - 2 * nodeRadius)));
        // A device's name stands below it: a line that leaves there has its own lower.
        const [below, above] = to.y > from.y ? [underName * steep ** 4, 0] : [0, underName * steep ** 4];
        edge.style({
          "source-text-offset": offset + below, "target-text-offset": offset + above,
          "text-margin-x": note ? steep * steep * (3.2 * note.length + 24) : 0, "text-margin-y": note ? -14 * (1 - steep) : 0,
        });
      }
    });
  }

  // select marks an element and what touches it.
  select(iri: string | null): void {
    this.cy.batch(() => {
      this.cy.elements().removeClass("chosen near");
      if (!iri) return;
      const chosen = this.cy.getElementById(iri).addClass("chosen");
      if (chosen.isNode()) chosen.connectedEdges().addClass("near");
    });
  }

  // show brings an element into sight if it is not.
  show(iri: string): void {
    const element = this.cy.getElementById(iri);
    if (element.empty()) return;
    const box = element.renderedBoundingBox();
    if (box.x1 < 0 || box.y1 < 0 || box.x2 > this.cy.width() || box.y2 > this.cy.height()) {
      this.cy.animate({ center: { eles: element } }, { duration: motion() });
    }
  }

  // dim fades devices that a search did not find; null shows all.
  dim(found: Set<string> | null): void {
    this.cy.batch(() => {
      this.cy.elements().removeClass("dimmed");
      if (!found) return;
      const away = this.cy.nodes().filter((n) => !found.has(n.id()));
      away.addClass("dimmed");
      away.connectedEdges().addClass("dimmed");
    });
  }

  fit(animated = true): void {
    const padding = Math.min(56, this.cy.width() / 10);
    if (this.cy.elements().empty()) return;
    this.cy.stop();
    if (!animated || motion() === 0) this.cy.fit(undefined, padding);
    else this.cy.animate({ fit: { eles: this.cy.elements(), padding } }, { duration: motion() });
    if (!animated && this.cy.zoom() > 1.6) this.cy.zoom({ level: 1.6, renderedPosition: this.middle() });
  }

  zoom(factor: number): void {
    this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: this.middle() });
  }

  pan(x: number, y: number): void {
    this.cy.panBy({ x, y });
  }

  // arrange forgets what was moved by hand.
  arrange(): void {
    this.move(this.best());
    this.save();
    this.besideLines();
    this.fit();
  }

  // next is the nearest device from one in a direction.
  next(from: string | null, dx: number, dy: number): string | null {
    const start = from ? this.cy.getElementById(from) : this.cy.collection();
    if (start.empty() || !start.isNode()) return this.cy.nodes().first().id() ?? null;
    const origin = (start as NodeSingular).position();
    let best: string | null = null;
    let least = Infinity;
    for (const node of this.cy.nodes()) {
      const at = (node as NodeSingular).position();
      const along = (at.x - origin.x) * dx + (at.y - origin.y) * dy;
      const across = Math.abs((at.x - origin.x) * dy) + Math.abs((at.y - origin.y) * dx);
      if (along <= 0) continue;
      const cost = along + 2 * across;
      if (cost < least) [best, least] = [node.id(), cost];
    }
    return best;
  }

  // Counts and positions, for tests.
  inspect(): { devices: number; links: number; positions: Record<string, Position> } {
    const positions: Record<string, Position> = {};
    for (const node of this.cy.nodes()) positions[node.data("label") as string] = (node as NodeSingular).renderedPosition();
    return { devices: this.cy.nodes().length, links: this.cy.edges().length, positions };
  }

  private middle(): Position {
    return { x: this.cy.width() / 2, y: this.cy.height() / 2 };
  }

  // place adds elements. Known places are kept; new devices come beside their
  // neighbours; a drawing that is mostly new is arranged as a whole.
  private place(fresh: ElementDefinition[]): void {
    const first = this.cy.nodes().empty();
    this.cy.add(fresh);
    const known: Places = {};
    const stored = this.stored();
    const added = new Set(fresh.map((e) => e.data.id));
    for (const node of this.nodes()) {
      // A device that comes back, as when the moment changes, takes its place again.
      const at = first || added.has(node.id()) ? stored[node.id()] : node.position();
      if (at) known[node.id()] = at;
    }
    const missing = this.nodes().length - Object.keys(known).length;
    if (missing * 2 > this.nodes().length) this.move(this.best());
    else this.move(missing ? this.beside(known) : known);
    if (missing) this.save();
    if (first || missing) this.fit(false);
  }

  // best is the best of some drawings: the devices on a circle in the order
  // of their names, and layouts by forces from that and from random places; a
  // large network gets one layout, a quick one. Nothing is left to chance: the
  // same network is drawn alike everywhere.
  private best(): Places {
    if (this.nodes().length > fewDevices) return this.forces(this.circle(), 1);
    const lines = this.cy.edges().map((e): Line => [e.source().id(), e.target().id()]);
    const circle = this.circle();
    const tries: Places[] = [circle, this.forces(circle, 0)];
    for (let seed = 1; seed <= randomTries; seed++) tries.push(this.forces(circle, seed));
    const scores = tries.map((places) => score(places, lines, clearance));
    return tries[scores.indexOf(Math.min(...scores))] ?? circle;
  }

  private circle(): Places {
    const places: Places = {};
    const nodes = this.nodes();
    const radius = Math.max(spacing, (nodes.length * spacing) / (2 * Math.PI));
    nodes.forEach((node, i) => {
      const angle = (2 * Math.PI * i) / nodes.length - Math.PI / 2;
      places[node.id()] = { x: Math.round(1.25 * radius * Math.cos(angle)), y: Math.round(0.85 * radius * Math.sin(angle)) };
    });
    return places;
  }

  // forces lays out from places; seed 0 begins there, others at random.
  private forces(start: Places, seed: number): Places {
    this.move(start);
    this.run(seed, []);
    return this.now();
  }

  // beside lays out what has no place yet; the others stay where they are.
  private beside(known: Places): Places {
    for (const node of this.nodes()) node.position(known[node.id()] ?? besideNeighbours(node, known));
    this.run(0, Object.entries(known).map(([nodeId, position]) => ({ nodeId, position })));
    return { ...this.now(), ...known };
  }

  private run(seed: number, fixed: { nodeId: string; position: Point }[]): void {
    const few = this.nodes().length <= fewDevices;
    const options = {
      name: "fcose", quality: few ? "proof" : "default", randomize: seed > 0, animate: false, fit: false, nodeDimensionsIncludeLabels: few,
      idealEdgeLength: () => spacing, nodeRepulsion: () => 12_000, nodeSeparation: spacing, gravity: 0.15, numIter: few ? 2500 : 500,
      ...(fixed.length ? { fixedNodeConstraint: fixed } : {}),
    };
    // What is down or has findings is drawn larger; it is not placed elsewhere.
    this.cy.elements().addClass("measured");
    seeded(seed, () => this.cy.layout(options as LayoutOptions).run());
    this.cy.elements().removeClass("measured");
  }

  private nodes(): NodeSingular[] {
    return this.cy.nodes().toArray() as NodeSingular[];
  }

  private now(): Places {
    return Object.fromEntries(this.nodes().map((n) => [n.id(), { x: Math.round(n.position().x), y: Math.round(n.position().y) }]));
  }

  private move(places: Places): void {
    this.cy.batch(() => this.nodes().forEach((n) => n.position(places[n.id()] ?? { x: 0, y: 0 })));
  }

  private get storageKey(): string {
    return `nettwin.positions.${this.base}`;
  }

  private stored(): Places {
    try {
      return JSON.parse(localStorage.getItem(this.storageKey) ?? "{}") as Places;
    } catch {
      return {};
    }
  }

  // absent are the places of devices that are not drawn now.
  private absent(): Places {
    return Object.fromEntries(Object.entries(this.stored()).filter(([iri]) => this.cy.getElementById(iri).empty()));
  }

  private save(): void {
    const places = Object.fromEntries(Object.entries({ ...this.now(), ...this.absent() }).slice(0, maxPositions));
    try {
      localStorage.setItem(this.storageKey, JSON.stringify(places));
    } catch {
      // Without room in the browser's storage the layout is computed again.
    }
  }

  // decorate draws the symbol and the badge, which depend on data and theme.
  private decorate(node: NodeSingular): void {
    const c = colours();
    const findings = Number(node.data("findings"));
    const stroke = { ok: c.ok, attention: c.warn, trouble: c.bad }[node.data("state") as DeviceShape["state"]];
    const images = [routerImage(stroke)];
    if (findings > 0) images.push(badgeImage(findings, c.warn, c.onWarn));
    node.style({
      "background-image": images,
      "background-width": ["58%", "22px"],
      "background-height": ["58%", "22px"],
      "background-position-x": ["50%", "100%"],
      "background-position-y": ["50%", "0%"],
      "background-offset-x": ["0px", "8px"],
      "background-offset-y": ["0px", "-8px"],
      "background-clip": ["node", "none"],
      "background-image-containment": ["inside", "over"],
      "bounds-expansion": "12px",
    });
  }
}

function nodeOf(d: DeviceShape): ElementDefinition & { data: { id: string } } {
  return { group: "nodes", data: { id: d.iri, label: d.name, state: d.state, findings: d.findings, contact: d.contact } };
}

function edgeOf(l: LinkShape): ElementDefinition & { data: { id: string } } {
  return {
    group: "edges",
    data: {
      id: l.iri, source: l.a.device, target: l.b.device, state: l.state, sourceName: l.a.name, targetName: l.b.name,
      note: l.state === "up" ? "" : `✕ ${linkWords[l.state]}`,
    },
  };
}

function besideNeighbours(node: NodeSingular, places: Places): Point {
  const known = node.neighborhood("node").toArray().flatMap((n) => places[n.id()] ?? []);
  if (!known.length) return { x: 0, y: 0 };
  const sum = known.reduce((a, p) => ({ x: a.x + p.x, y: a.y + p.y }), { x: 0, y: 0 });
  return { x: sum.x / known.length + spacing / 2, y: sum.y / known.length + spacing / 2 };
}

// seeded runs a layout with a fixed sequence instead of chance.
function seeded(seed: number, run: () => void): void {
  const random = Math.random;
  let state = 20_231_107 + 7919 * seed;
  Math.random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  try {
    run();
  } finally {
    Math.random = random;
  }
}

const motion = (): number => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250);

interface Colours {
  ink: string; muted: string; surface: string; bg: string; line: string; accent: string;
  ok: string; warn: string; onWarn: string; bad: string; unknown: string;
}

function colours(): Colours {
  const css = getComputedStyle(document.documentElement);
  const get = (name: string): string => css.getPropertyValue(`--${name}`).trim();
  return {
    ink: get("ink"), muted: get("muted"), surface: get("surface"), bg: get("canvas"), line: get("line"), accent: get("accent"),
    ok: get("ok"), warn: get("warn"), onWarn: get("on-warn"), bad: get("bad"), unknown: get("unknown"),
  };
}

const image = (svg: string): string => `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;

// routerImage is a router: arrows in and out.
const routerImage = (stroke: string): string =>
  image(
    `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 24 24" fill="none" stroke="${stroke}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">` +
      `<path d="M12 10V3M9 6l3-3 3 3M12 14v7M9 18l3 3 3-3M3 12h7M7 9l3 3-3 3M21 12h-7M17 9l-3 3 3 3"/></svg>`,
  );

const badgeImage = (count: number, fill: string, ink: string): string =>
  image(
    `<svg xmlns="http://www.w3.org/2000/svg" width="44" height="44" viewBox="0 0 22 22"><circle cx="11" cy="11" r="10" fill="${fill}"/>` +
      `<text x="11" y="15.4" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="12.5" fill="${ink}">${count > 99 ? "99+" : count}</text></svg>`,
  );

function styles(): StylesheetJson {
  const c = colours();
  const font = "Inter Variable, system-ui, sans-serif";
  return [
    {
      selector: "node",
      style: {
        width: 54, height: 54, shape: "ellipse", "background-color": c.surface, "border-width": 2.5, "border-color": c.ok,
        label: "data(label)", "text-valign": "bottom", "text-margin-y": 7, "font-family": font, "font-size": 13.5, "min-zoomed-font-size": 6, "font-weight": 600,
        color: c.ink, "text-background-color": c.bg, "text-background-opacity": 0.85, "text-background-padding": "2px", "text-background-shape": "roundrectangle",
        "overlay-opacity": 0, "transition-property": "border-color, opacity", "transition-duration": 200,
      },
    },
    { selector: "node[state='attention']", style: { shape: "round-hexagon", "border-color": c.warn, width: 60, height: 56 } },
    { selector: "node[state='trouble']", style: { shape: "round-diamond", "border-color": c.bad, "border-width": 3.5, width: 72, height: 72 } },
    { selector: "node[contact='stale'], node[contact='lost']", style: { "border-style": "dashed" } },
    { selector: "node[contact='lost']", style: { "background-color": c.line } },
    {
      selector: "edge",
      style: {
        width: 2.5, "curve-style": "bezier", "control-point-step-size": 46, "line-color": c.ok, "overlay-opacity": 0, label: "data(note)",
        "source-label": "data(sourceName)", "target-label": "data(targetName)",
        "font-family": font, "font-size": 10.5, "min-zoomed-font-size": 8, color: c.muted, "text-background-color": c.bg,
        "text-background-opacity": 1, "text-background-padding": "2px", "text-background-shape": "roundrectangle", "font-weight": 500,
      },
    },
    { selector: "edge[state='half']", style: { "line-color": c.warn, "line-style": "dashed", "line-dash-pattern": [9, 5], color: c.warn, "z-index": 5 } },
    { selector: "edge[state='down']", style: { "line-color": c.bad, "line-style": "dashed", "line-dash-pattern": [4, 5], color: c.bad, "z-index": 5 } },
    { selector: "edge[state='unknown']", style: { "line-color": c.unknown, "line-style": "dotted" } },
    { selector: ".hovered, .chosen", style: { "underlay-color": c.accent, "underlay-opacity": 0.2, "underlay-padding": 9, "underlay-shape": "ellipse" } },
    { selector: ".chosen", style: { "underlay-opacity": 0.38 } },
    { selector: "edge.near, edge.chosen", style: { width: 4, color: c.ink } },
    { selector: ".dimmed", style: { opacity: 0.16 } },
    { selector: "node.measured", style: { width: 54, height: 54, shape: "ellipse" } },
  ] as StylesheetJson;
}
