/** Which controller a path belongs to. */

import type { Controller, ResourceNames } from './controllers/controller.ts';

export interface Controllers {
  readonly account: Controller;
  readonly container: Controller;
  readonly object: Controller;
}

export interface Route {
  readonly controller: Controller;
  readonly names: ResourceNames;
}

/** `bad-version`: the first segment is no version of the API; `bad-url`: no resource can have this path; `not-found`: no path at all. */
export type RouteFault = 'not-found' | 'bad-version' | 'bad-url';

/** Splits `/v1/account[/container[/object]]`; the object may hold slashes. */
export function route(path: string, apiVersions: readonly string[], controllers: Controllers): Route | RouteFault {
  const [version, account, container, object] = segments(path);
  if (version === '') return 'not-found';
  if (account !== '' && !apiVersions.includes(version)) return 'bad-version';
  if (account === '' || (container === '' && object !== '')) return 'bad-url';
  const controller =
    object !== '' ? controllers.object : container !== '' ? controllers.container : controllers.account;
  return { controller, names: { account, container, object } };
}

function segments(path: string): [string, string, string, string] {
  const out: [string, string, string, string] = ['', '', '', ''];
  if (path[0] !== '/') return out;
  let from = 1;
  for (let at = 0; at < 3; at++) {
    const slash = path.indexOf('/', from);
    if (slash < 0) {
      out[at] = path.slice(from);
      return out;
    }
    out[at] = path.slice(from, slash);
    from = slash + 1;
  }
  out[3] = path.slice(from);
  return out;
}
