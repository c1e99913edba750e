import { FilterNode } from '../../modules/vecmod.mjs'

export const filter_factory = (g, l) => (app) =>
  FilterNode('mystandalonemw', app, g, l)
