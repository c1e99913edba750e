/** healthcheck - answers `/healthcheck` with OK, for load balancers. A file at `disable_path` takes the node out of rotation. */

import { access } from 'node:fs/promises';
import { type FilterFactory, readConf, SwiftResponse } from '../middleware-api.ts';

export const confSpec = {
  disable_path: { type: 'text', default: '', doc: 'While this file exists the answer is 503 DISABLED BY FILE.' },
} as const;

const PLAIN = 'text/plain';

function plain(status: number, text: string): SwiftResponse {
  return new SwiftResponse(status, { 'content-type': PLAIN, 'content-length': text.length }, Buffer.from(text));
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

export const filterFactory: FilterFactory = (globalConf, localConf) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const answer = async (): Promise<SwiftResponse> => {
    const disabled = conf.disable_path !== '' && (await exists(conf.disable_path));
    return disabled ? plain(503, 'DISABLED BY FILE') : plain(200, 'OK');
  };
  return (app) => (req) => (req.path === '/healthcheck' ? answer() : app(req));
};
