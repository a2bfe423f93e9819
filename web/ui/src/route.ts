// The view and its parameters live in the URL's hash, so that links share them:
// #/inventory/interfaces?q=down. The moment that is shown, at=, goes along
// from view to view.

import { useEffect, useState } from "preact/hooks";

export interface Route {
  path: string[];
  params: URLSearchParams;
}

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean), params: new URLSearchParams(query) };
}

export function href(path: string, params: Record<string, string> = {}): string {
  const at = parse(location.hash).params.get("at") ?? "";
  const query = new URLSearchParams(Object.entries({ at, ...params }).filter(([, value]) => value)).toString();
  return `#/${path}${query ? `?${query}` : ""}`;
}

// replace changes the address without an entry in the history.
export function replace(to: string): void {
  history.replaceState(null, "", to);
  dispatchEvent(new Event("hashchange"));
}

// showMoment keeps the view and shows another moment; "" is now.
export function showMoment(at: string): void {
  const { path, params } = parse(location.hash);
  replace(href(path.join("/") || "topology", { ...Object.fromEntries(params), at }));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = (): void => setRoute(parse(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
