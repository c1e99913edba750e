/** mymw - a filter in one file: `paste.filter_factory = ./mymw.ts:filterFactory`. Keeps some kinds of file out of the store. */

import { type FilterFactory, readConf, textResponse } from 'apus/middleware';

export const confSpec = {
  refused_extensions: { type: 'list', default: ['.exe'], doc: 'Objects whose names end so are not stored.' },
} as const;

export const filterFactory: FilterFactory = (globalConf, localConf) => {
  const conf = readConf(confSpec, globalConf, localConf);
  return (app) => async (req) => {
    if (req.method === 'PUT' && conf.refused_extensions.some((extension) => req.path.endsWith(extension))) {
      return textResponse(403, `Not stored here: ${conf.refused_extensions.join(', ')}\n`);
    }
    const res = await app(req);
    res.headers.set('x-filtered-by', 'mymw');
    return res;
  };
};
