/** The second stage of loading: calls the factories of a tree of contexts. Source: spec paste-deploy 8. */

import { ConfigError } from '../common/config-error.ts';
import type { Host } from '../common/host.ts';
import type { Conf, Filter, Handler, Loader } from '../http/contract.ts';
import { closeProtocol, type Context } from './context.ts';
import { type Kind, KINDS } from './kinds.ts';
import type { Resolver } from './resolver.ts';
import { hostOfSection, loggingTo } from './section-log.ts';
import { confOfSettings, settingsOfConf } from './settings.ts';
import { isUri } from './uri.ts';

export type Server = (app: Handler) => unknown;

/**
 * Makes things from contexts for one host. Everything is made one after another: the order of calls is observable. What a factory
 * throws becomes the cause of a ConfigError `factory-raised` that names the section; a ConfigError passes unchanged.
 */
export class Maker {
  readonly #resolver: Resolver;
  readonly #host: Host;

  constructor(resolver: Resolver, host: Host) {
    this.#resolver = resolver;
    this.#host = host;
  }

  async app(context: Context): Promise<Handler> {
    const outer: Filter[] = [];
    for (const filter of context.filterWith.toReversed()) outer.push(await this.filter(filter));
    return applyFilters(await this.#bareApp(context), outer);
  }

  async filter(context: Context): Promise<Filter> {
    const outer: Filter[] = [];
    for (const each of context.filterWith.toReversed()) outer.push(await this.filter(each));
    const inner = await this.#loggingFilter(context);
    return outer.length === 0 ? inner : async (app) => applyFilters(await inner(app), outer);
  }

  async server(context: Context): Promise<Server> {
    if (context.protocol === 'paste.server_runner') {
      return async (app) => this.#call(context, (factory, ...confs) => factory(app, ...confs));
    }
    const server = await this.#call(context, (factory, ...confs) => factory(...confs));
    return mustBeFunction(server, context, 'a server: a function of an app') as Server;
  }

  /** One filter in front of an app. */
  async apply(context: Context, filter: Filter, app: Handler): Promise<Handler> {
    return mustBeFunction(await guard(context, () => filter(app)), context, 'a handler from its filter') as Handler;
  }

  async #bareApp(context: Context): Promise<Handler> {
    if (context.kind === 'pipeline') return this.#pipeline(context);
    if (context.kind === 'filter-app') {
      const next = await this.app(context.app as Context);
      return this.apply(context, await this.#bareFilter(context), next);
    }
    const loader = context.protocol === 'paste.app_factory' ? [] : [this.#loader(context)];
    const app = await this.#call(context, (factory, ...confs) => factory(...loader, ...confs));
    return mustBeFunction(app, context, 'a handler: a function of a request') as Handler;
  }

  async #pipeline(context: Context): Promise<Handler> {
    let app = await this.app(context.app as Context);
    const filters: Filter[] = [];
    for (const filter of context.filters) filters.push(await this.filter(filter));
    for (let at = filters.length - 1; at >= 0; at--) {
      app = await this.apply(context.filters[at] as Context, filters[at] as Filter, app);
    }
    return app;
  }

  async #loggingFilter(context: Context): Promise<Filter> {
    const host = hostOfSection(context, this.#host);
    const filter = await this.#bareFilter(context, host);
    return host === this.#host ? filter : loggingTo(filter, host.log, this.#host.log);
  }

  async #bareFilter(context: Context, host = this.#host): Promise<Filter> {
    if (context.protocol === 'paste.filter_app_factory') {
      return async (app) => {
        const wrapped = await this.#call(context, (factory, ...confs) => factory(app, ...confs), host);
        return mustBeFunction(wrapped, context, 'a handler: a function of a request') as Handler;
      };
    }
    const filter = await this.#call(context, (factory, ...confs) => factory(...confs), host);
    return mustBeFunction(filter, context, 'a filter: a function of an app') as Filter;
  }

  async #call(
    context: Context,
    call: (factory: (...args: readonly unknown[]) => unknown, ...confs: [Conf, Conf, Host]) => unknown,
    host = this.#host,
  ): Promise<unknown> {
    const { target } = context;
    if (target === undefined) throw new Error('a pipeline has no factory');
    const confs: [Conf, Conf, Host] = [confOfSettings(context.globals), confOfSettings(context.locals), host];
    return guard(context, () => call(target.factory, ...confs));
  }

  /** What a composite factory is given. */
  #loader(context: Context): Loader {
    return {
      getApp: async (name, globalConf) => this.app(await this.#child(context, 'app', name, globalConf)),
      getFilter: async (name, globalConf) => this.filter(await this.#child(context, 'filter', name, globalConf)),
      getServer: async (name, globalConf) => this.server(await this.#child(context, 'server', name, globalConf)),
    };
  }

  async #child(context: Context, kind: Kind, name: string | undefined, globalConf: Conf | undefined): Promise<Context> {
    const globals = globalConf === undefined ? undefined : settingsOfConf(globalConf);
    const ask = { kind, name, globals, trail: context.trail };
    const { source } = context;
    const uri = name !== undefined && isUri(name) ? name : `egg:${context.distribution ?? ''}#${name ?? 'main'}`;
    const child =
      source === undefined
        ? await this.#resolver.fromUri(uri, { ...ask, name: undefined }, undefined)
        : await this.#resolver.fromSource(source, ask);
    return closeProtocol(child, KINDS[kind].protocol);
  }
}

/** `filters` outermost first. */
async function applyFilters(app: Handler, filters: readonly Filter[]): Promise<Handler> {
  let wrapped = app;
  for (const filter of filters.toReversed()) wrapped = await filter(wrapped);
  return wrapped;
}

async function guard(context: Context, call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `${context.target?.text ?? 'the factory'} failed: ${reason}`;
    throw new ConfigError({ ...context.place, code: 'factory-raised', text, value: context.target?.text, cause });
  }
}

function mustBeFunction(made: unknown, context: Context, expected: string): (...args: never[]) => unknown {
  if (typeof made === 'function') return made as (...args: never[]) => unknown;
  const found = made === undefined ? 'undefined (is a return missing?)' : made === null ? 'null' : `a ${typeof made}`;
  const text = `expected ${context.target?.text ?? 'the factory'} to give ${expected}, not ${found}`;
  throw new ConfigError({ ...context.place, code: 'factory-result', text, value: context.target?.text });
}
