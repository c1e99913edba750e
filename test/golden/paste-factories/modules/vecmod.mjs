// Factories whose products can describe themselves as plain data. A factory gets (globalConf, localConf, host), a composite
// factory the loader in front of these, a filter_app factory and a server runner the app. Any may be async. Apps are handlers:
// functions of a request.

export const CALLS = []
const label = (conf) => conf.label ?? '?'

const makeNode = (type, factory, globalConf, localConf, extra, handle) => {
  const node = async (req) => handle(req)
  const about = { type, factory, globalConf: { ...globalConf }, localConf: { ...localConf }, ...extra }
  about.describe = () => {
    const out = { type, factory, global: about.globalConf, local: about.localConf }
    if (about.app !== undefined) out.app = describe(about.app)
    if (about.children) {
      out.children = Object.fromEntries([...about.children].map(([k, v]) => [k, describe(v)]))
    }
    return out
  }
  return Object.assign(node, about)
}

// An app that answers with what it saw.
export const AppNode = (factory, g, l) =>
  makeNode('app', factory, g, l, {}, (req) => ({
    status: 200,
    app: l.label ?? factory,
    script: req.scriptName,
    path: req.path,
  }))
export const FilterNode = (factory, app, g, l) => makeNode('filter', factory, g, l, { app }, (req) => app(req))
export const CompositeNode = (factory, g, l, children) => makeNode('composite', factory, g, l, { children }, () => undefined)
export const ServerNode = (factory, app, g, l) => makeNode('server', factory, g, l, { app }, () => undefined)
export const makeLeaf = () => Object.assign(async () => ({ status: 200 }), { describe: () => ({ type: 'leaf' }) })
export const describe = (x) =>
  x && typeof x.describe === 'function' ? x.describe() : { type: 'unrecognised' }

export function make_app(globalConf, localConf) {
  CALLS.push('app:' + label(localConf))
  return AppNode('make_app', globalConf, localConf)
}
export async function make_other_app(globalConf, localConf) {
  CALLS.push('app:' + label(localConf))
  return AppNode('make_other_app', globalConf, localConf)
}
export class App {
  static factory(globalConf, localConf) {
    return AppNode(this.name + '.factory', globalConf, localConf)
  }
}
export class SubApp extends App {}
export class Outer {
  static Inner = class Inner extends App {}
}
export function make_strict(globalConf, localConf) {
  const { needed, optional = 'dflt', ...rest } = localConf
  if (needed === undefined) throw new Error("missing setting 'needed'")
  for (const key of Object.keys(rest)) throw new Error(`unexpected setting '${key}'`)
  return AppNode('make_strict', globalConf, { needed, optional })
}
export function boom() {
  throw new Error('boom from the factory')
}
export const NOT_CALLABLE = 'just a string'

export function make_filter(globalConf, localConf) {
  CALLS.push('filter:' + label(localConf))
  return (app) => {
    CALLS.push('apply:' + label(localConf))
    return FilterNode('make_filter', app, globalConf, localConf)
  }
}
export function filter_app(app, globalConf, localConf) {
  CALLS.push('filter_app:' + label(localConf))
  return FilterNode('filter_app', app, globalConf, localConf)
}
export class Filter {
  static factory(globalConf, localConf) {
    return (app) => FilterNode(this.name + '.factory', app, globalConf, localConf)
  }
}
export function make_proxy_logging(globalConf, localConf) {
  return (app) =>
    FilterNode('make_proxy_logging', app, globalConf, localConf)
}

export const routes = (localConf) =>
  Object.entries(localConf).filter(([k]) => k.startsWith('/'))

export async function make_composite(loader, globalConf, localConf) {
  CALLS.push('composite:' + label(localConf))
  const children = new Map()
  for (const [k, v] of routes(localConf)) {
    children.set(k, await loader.getApp(v, globalConf))
  }
  return CompositeNode('make_composite', globalConf, localConf, children)
}
export async function make_composite_plain(loader, globalConf, localConf) {
  const children = new Map()
  for (const [k, v] of routes(localConf)) children.set(k, await loader.getApp(v))
  return CompositeNode('make_composite_plain', globalConf, localConf, children)
}
export async function build(loader, list) {
  const names = list.split(/\s+/).filter(Boolean)
  const filters = []
  for (const n of names.slice(0, -1)) filters.push(await loader.getFilter(n))
  let app = await loader.getApp(names.at(-1))
  for (const f of filters.reverse()) app = await f(app)
  return app
}
export function make_pipeline(loader, globalConf, localConf) {
  return build(loader, localConf[globalConf.security ?? 'noauth'])
}
export async function make_default_named(loader, globalConf, localConf) {
  const children = new Map([['default', await loader.getApp()]])
  return CompositeNode('make_default_named', globalConf, localConf, children)
}

export function make_server(globalConf, localConf) {
  return (app) => ServerNode('make_server', app, globalConf, localConf)
}
export function run_server(app, globalConf, localConf) {
  return ServerNode('run_server', app, globalConf, localConf)
}
