// Judging a drawing: how many lines cross, and how many run through a device
// that they do not belong to.

export interface Point {
  x: number;
  y: number;
}

export type Places = Record<string, Point>;
export type Line = [string, string];

// maxJudged bounds the lines for which crossings are counted: that takes the
// square of their number.
const maxJudged = 600;

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
      if (!shared && crosses(one.p, one.q, other.p, other.q)) cost += 2;
    }
  });
  const lengths = judged.map(({ p, q }) => Math.hypot(p.x - q.x, p.y - q.y));
  const mean = lengths.reduce((a, b) => a + b, 0) / (lengths.length || 1);
  const spread = lengths.reduce((a, b) => a + Math.abs(b - mean), 0) / (lengths.length || 1);
  return cost + (mean ? spread / mean : 0);
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
