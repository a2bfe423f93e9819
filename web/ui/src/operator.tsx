// What reaches devices: the operator's token, asked for once and kept in this
// tab, and dialogs that say what is going to happen.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { Problem } from "./parts";

// Declined: the operator closed the question.
export class Declined extends Error {}

type Ask = (reason: string) => Promise<string>;

let ask: Ask | null = null;

// operate runs what needs an operator, asking for a token until one is taken.
export async function operate<T>(run: (token: string) => Promise<T>): Promise<T> {
  let token = api.operatorToken();
  let reason = "";
  for (;;) {
    if (!token) {
      if (!ask) throw new Declined();
      token = await ask(reason);
    }
    try {
      const result = await run(token);
      api.setOperatorToken(token);
      return result;
    } catch (err) {
      if (!(err instanceof api.Unauthorized) && !(err instanceof api.Failure && err.status === 403)) {
        if (err instanceof api.Failure && err.status > 403) api.setOperatorToken(token); // it was taken
        throw err;
      }
      api.setOperatorToken("");
      reason = err.message;
      token = "";
    }
  }
}

// TokenPrompt is where operate asks; it stands once in the page.
export function TokenPrompt(): JSX.Element | null {
  const [open, setOpen] = useState<{ reason: string; done: (token: string) => void; give: () => void } | null>(null);
  const [token, setToken] = useState("");
  useEffect(() => {
    ask = (reason) =>
      new Promise((resolve, reject) => {
        setToken("");
        setOpen({ reason, done: resolve, give: () => reject(new Declined()) });
      });
    return () => {
      ask = null;
    };
  }, []);
  if (!open) return null;
  return (
    <Dialog
      title="An operator's token, please"
      close={() => {
        setOpen(null);
        open.give();
      }}
    >
      <form
        class="dialog-form"
        onSubmit={(e) => {
          e.preventDefault();
          setOpen(null);
          open.done(token.trim());
        }}
      >
        <p class="muted">What reaches devices always needs one. The demo prints it when it starts; others are listed in the twin's configuration.</p>
        {open.reason && <Problem>{open.reason}</Problem>}
        <label class="field">Operator token <input type="password" autocomplete="off" value={token} onInput={(e) => setToken(e.currentTarget.value)} data-focus /></label>
        <p class="muted small">It stays in this tab until the tab is closed, and is sent in a header only.</p>
        <div class="dialog-actions">
          <button type="submit" class="button primary" disabled={!token.trim()}>Continue</button>
        </div>
      </form>
    </Dialog>
  );
}

interface DialogProps {
  title: string;
  close: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

// Dialog is modal; Escape and the cross close it.
export function Dialog({ title, close, wide, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>("[data-focus]")?.focus();
  }, []);
  return (
    <dialog ref={dialog} class={`dialog ${wide ? "dialog-wide" : ""}`} aria-label={title} onCancel={(e) => { e.preventDefault(); close(); }}>
      <header class="panel-head">
        <h2>{title}</h2>
        <button type="button" class="close" aria-label="Close" onClick={close}>×</button>
      </header>
      {children}
    </dialog>
  );
}

// Deed runs something an operator asked for, and holds what came of it.
export interface Deed {
  busy: string; // what is under way; "" is nothing
  error: string;
  run: (what: string, deed: (token: string) => Promise<unknown>) => Promise<boolean>;
  clear: () => void;
}

export function useDeed(): Deed {
  const [busy, setBusy] = useState("");
  const [error, setError] = useState("");
  const run = async (what: string, deed: (token: string) => Promise<unknown>): Promise<boolean> => {
    setBusy(what);
    setError("");
    try {
      await operate(deed);
      return true;
    } catch (err) {
      if (!(err instanceof Declined)) setError(err instanceof Error ? err.message : String(err));
      return false;
    } finally {
      setBusy("");
    }
  };
  return { busy, error, run, clear: () => setError("") };
}
