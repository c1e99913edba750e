/** Which action of which controller a method and a path mean. */

import { match, type MatchFunction } from 'path-to-regexp';
import type { SwiftRequest } from '../middleware-api.ts';
import type { Result } from './result.ts';

/** Called with the request and the parts of the path that its route names. */
export type Action = (req: SwiftRequest, params: Readonly<Record<string, string>>) => Result | Promise<Result>;

/** Actions by name. */
export type Controller = object;

export interface ConnectOptions {
  readonly controller: Controller;
  /** Name of the controller's action; without it the path must hold `:action`. */
  readonly action?: string;
  /** Methods that the route is for; all unless given. */
  readonly methods?: readonly string[];
}

export interface ResourceOptions {
  readonly controller: Controller;
  /** Further actions of the collection (`{detail: 'GET'}` is `GET /servers/detail`), by name with their methods. */
  readonly collection?: Readonly<Record<string, string>>;
  /** Further actions of a member (`{action: 'POST'}` is `POST /servers/:id/action`). */
  readonly member?: Readonly<Record<string, string>>;
  /** In front of the collection's name, with parts in it where it needs them: `/:tenant_id`. */
  readonly pathPrefix?: string;
}

/** An action that was found. */
export interface Route {
  readonly action: Action;
  readonly params: Readonly<Record<string, string>>;
}

interface Entry {
  readonly matches: MatchFunction<Record<string, string>>;
  readonly options: ConnectOptions;
}

/** Routes, tried in the order in which they were added. */
export class Mapper {
  readonly #entries: Entry[] = [];

  /** `path` as path-to-regexp has it: `/servers/:id`; also with `{id}` for a part, as Routes has it. Throws TypeError for a path that is none. */
  connect(path: string, options: ConnectOptions): this {
    const pattern = path.replace(/\{([A-Za-z_]\w*)\}/g, ':$1');
    this.#entries.push({ matches: match(pattern, { sensitive: true }), options });
    return this;
  }

  /**
   * The usual routes of a resource: index and create of the collection; show, update and delete of a member, `new` and `edit` for their
   * forms, where the controller has them. `collection` is the name in the plural: `servers`.
   */
  resource(collection: string, options: ResourceOptions): this {
    const { controller, pathPrefix = '' } = options;
    const all = `${pathPrefix}/${collection}`;
    const one = `${all}/:id`;
    const add = (path: string, method: string, action: string): unknown =>
      this.connect(path, { controller, action, methods: method === 'GET' ? ['GET', 'HEAD'] : [method] });
    for (const [action, method] of Object.entries(options.collection ?? {})) add(`${all}/${action}`, method, action);
    add(all, 'GET', 'index');
    add(all, 'POST', 'create');
    if (hasAction(controller, 'new')) add(`${all}/new`, 'GET', 'new');
    for (const [action, method] of Object.entries(options.member ?? {})) add(`${one}/${action}`, method, action);
    if (hasAction(controller, 'edit')) add(`${one}/edit`, 'GET', 'edit');
    add(one, 'GET', 'show');
    add(one, 'PUT', 'update');
    add(one, 'DELETE', 'delete');
    return this;
  }

  /** The first route that fits; else the methods that the path is for, none for a path that no route knows. */
  find(method: string, path: string): Route | { readonly allowed: readonly string[] } {
    const allowed = new Set<string>();
    for (const { matches, options } of this.#entries) {
      const found = matches(path);
      if (found === false) continue;
      const action = actionOf(options, found.params);
      if (action === undefined) continue;
      if (options.methods === undefined || options.methods.includes(method)) return { action, params: found.params };
      for (const each of options.methods) allowed.add(each);
    }
    return { allowed: [...allowed] };
  }
}

function hasAction(controller: Controller, name: string): boolean {
  return typeof (controller as Record<string, unknown>)[name] === 'function';
}

/** A path may choose among the controller's own methods, and never among those that every object has. */
function actionOf(
  { controller, action }: ConnectOptions,
  params: Readonly<Record<string, string>>,
): Action | undefined {
  const name = action ?? params['action'];
  if (name === undefined || name === 'constructor' || name in Object.prototype) return undefined;
  const found = (controller as Record<string, unknown>)[name];
  return typeof found === 'function' ? (found.bind(controller) as Action) : undefined;
}
