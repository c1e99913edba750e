/** What the API has beyond its core, told below `/extensions`. */

import { errorResponse, type FilterFactory } from 'apus/middleware';
import { toResponse } from 'apus/web';

interface Extension {
  readonly alias: string;
  readonly name: string;
  readonly description: string;
}

const EXTENSIONS: readonly Extension[] = [
  { alias: 'quotas', name: 'Quotas', description: 'How many networks a project may have.' },
  { alias: 'router', name: 'Routers', description: 'Networks that know of one another.' },
];

export const plugin_aware_extension_middleware_factory: FilterFactory = () => (app) => async (req) => {
  const [, first, alias, ...more] = req.path.split('/');
  if (first !== 'extensions' || more.length > 0) return app(req);
  if (alias === undefined || alias === '') return toResponse({ extensions: EXTENSIONS }, req);
  const extension = EXTENSIONS.find((each) => each.alias === alias);
  return extension === undefined ? errorResponse(404) : toResponse({ extension }, req);
};
