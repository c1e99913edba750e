// Builders for the stand-ins of the blog posts' modules.
import { AppNode, CompositeNode, FilterNode, build, routes } from './vecmod.mjs'

export const app = (label) => (g, l) => AppNode(label, g, l)
export const filter = (label) => (g, l) => (a) => FilterNode(label, a, g, l)
export const withFactory = (factory) =>
  class {
    static factory(...args) {
      return factory(...args)
    }
  }
export const pipeline = (choose) => (loader, g, l) => build(loader, l[choose(g)])
export const byStrategy = pipeline((g) => g.auth_strategy ?? 'keystone')
export const urlmap = (label) => async (loader, g, l) => {
  const children = new Map()
  for (const [k, v] of routes(l)) children.set(k, await loader.getApp(v, g))
  return CompositeNode(label, g, l, children)
}
