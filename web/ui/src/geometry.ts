// Judging a drawing: how many lines cross, how many leave a device too close
// beside another, and how many run through a device that is not theirs.

export interface Point {
  x: number;
  y: number;
}

export type Places = Record<string, Point>;
export type Line = [string, string];

// maxJudged bounds the lines for which crossings are counted: that takes the
// square of their number.
const maxJudged = 600;

// narrow is an angle at which two lines are hard to tell apart.
const narrow = Math.PI / 9;

// score is less for better drawings; clearance is the room around a device.
export function score(places: Places, lines: Line[], clearance: number): number {
  const judged = lines.slice(0, maxJudged).flatMap(([a, b]) => {
    const [p, q] = [places[a], places[b]];
    return p && q ? [{ a, b, p, q }] : [];
  });
  let cost = 0;
  judged.forEach((one, i) => {
    for (const [id, at] of Object.entries(places)) {
      if (id !== one.a && id !== one.b && distance(at, one.p, one.q) < clearance) cost += 8;
    }
    for (const other of judged.slice(i + 1)) {
      const shared = one.a === other.a || one.a === other.b || one.b === other.a || one.b === other.b;
      if (!shared && crosses(one.p, one.q, other.p, other.q)) cost += 1;
      if (shared && angle(one, other) < narrow) cost += 2;
    }
  });
  const lengths = judged.map(({ p, q }) => Math.hypot(p.x - q.x, p.y - q.y));
  const mean = lengths.reduce((a, b) => a + b, 0) / (lengths.length || 1);
  const spread = lengths.reduce((a, b) => a + Math.abs(b - mean), 0) / (lengths.length || 1);
  return cost + (mean ? spread / mean : 0);
}

interface Segment {
  a: string;
  b: string;
  p: Point;
  q: Point;
}

// angle is that between two segments at their common end, in radians; between
// parallel links it counts as wide.
function angle(one: Segment, other: Segment): number {
  const [from, to] = one.a === other.a || one.a === other.b ? [one.p, one.q] : [one.q, one.p];
  const next = other.p === from ? other.q : other.p;
  if (next === to) return Math.PI;
  const turn = Math.abs(Math.atan2(to.y - from.y, to.x - from.x) - Math.atan2(next.y - from.y, next.x - from.x));
  return Math.min(turn, 2 * Math.PI - turn);
}

// distance is that of a point from a segment.
export function distance(at: Point, p: Point, q: Point): number {
  const [dx, dy] = [q.x - p.x, q.y - p.y];
  const square = dx * dx + dy * dy;
  const along = square ? Math.min(1, Math.max(0, ((at.x - p.x) * dx + (at.y - p.y) * dy) / square)) : 0;
  return Math.hypot(at.x - p.x - along * dx, at.y - p.y - along * dy);
}

const side = (p: Point, q: Point, r: Point): number => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));

export function crosses(p: Point, q: Point, r: Point, s: Point): boolean {
  return side(p, q, r) * side(p, q, s) < 0 && side(r, s, p) * side(r, s, q) < 0;
}
