import { AppNode } from '../../vecmod.mjs'

export const make_app = (g, l) => AppNode('deep.make_app', g, l)
