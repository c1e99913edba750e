/**
 * xprofile - profiles the worker that answers, while it works: `GET /__profile__/cpu?seconds=10` is a CPU profile that Chrome DevTools and
 * others open (.cpuprofile), with `format=text` the functions that took most time; `POST /__profile__/start` and `/__profile__/stop`
 * bracket a time of one's own; `GET /__profile__/heap` is a heap snapshot. Whoever reaches the server may ask for it.
 */

import { getHeapSnapshot } from 'node:v8';
import {
  type FilterFactory,
  HttpError,
  type Order,
  readConf,
  type SwiftRequest,
  SwiftResponse,
  textResponse,
} from '../middleware-api.ts';
import { CpuProfiler } from './xprofile/cpu-profiler.ts';
import { topFunctions } from './xprofile/top-functions.ts';

export const confSpec = {
  path: { type: 'text', default: '__profile__', doc: 'First segment of the paths that it answers.' },
  max_seconds: { type: 'number', default: 60, min: 0.001, doc: 'A profile ends after so long, if not before.' },
} as const;

export const order: Order = {
  before: ['tempauth', 'keystoneauth'],
  why: 'its paths are no accounts, and auth would refuse them',
};

const DEFAULT_SECONDS = 10;
const DEFAULT_ROWS = 50;

const HELP = `Profiles of this worker:
GET  cpu?seconds=10              a CPU profile, as .cpuprofile
GET  cpu?seconds=10&format=text  the functions that took most time
POST start                       begins a CPU profile
POST stop[?format=text]          ends it and answers with it
GET  heap                        a heap snapshot; the worker stands still meanwhile
`;

class Profiling {
  readonly #profiler = new CpuProfiler();
  readonly #maxSeconds: number;

  constructor(maxSeconds: number) {
    this.#maxSeconds = maxSeconds;
  }

  close(): Promise<void> {
    return this.#profiler.close();
  }

  async answer(req: SwiftRequest, what: string): Promise<SwiftResponse> {
    switch (`${req.method} ${what}`) {
      case 'GET ':
        return textResponse(200, HELP);
      case 'GET cpu': {
        const seconds = numberOf(req, 'seconds', DEFAULT_SECONDS, this.#maxSeconds);
        return this.#cpuAnswer(req, await this.#profiler.during(seconds, req.signal));
      }
      case 'POST start':
        await this.#profiler.start(this.#maxSeconds);
        return textResponse(202, `Started; it stops after ${this.#maxSeconds} seconds at the latest.\n`);
      case 'POST stop':
        return this.#cpuAnswer(req, await this.#profiler.stop());
      case 'GET heap':
        return new SwiftResponse(200, download(`${process.pid}.heapsnapshot`), getHeapSnapshot());
    }
    const allow = { cpu: 'GET', heap: 'GET', '': 'GET', start: 'POST', stop: 'POST' }[what];
    throw allow === undefined ? new HttpError(404) : new HttpError(405, undefined, { allow });
  }

  #cpuAnswer(req: SwiftRequest, profile: Parameters<typeof topFunctions>[0]): SwiftResponse {
    if (req.params.get('format') === 'text') {
      return textResponse(200, topFunctions(profile, numberOf(req, 'limit', DEFAULT_ROWS, 10_000)));
    }
    const body = Buffer.from(JSON.stringify(profile));
    return new SwiftResponse(200, { ...download(`${process.pid}.cpuprofile`), 'content-length': body.length }, body);
  }
}

function download(name: string): Record<string, string> {
  return { 'content-type': 'application/json', 'content-disposition': `attachment; filename="${name}"` };
}

function numberOf(req: SwiftRequest, name: string, missing: number, most: number): number {
  const text = req.params.get(name);
  const value = text === undefined ? Math.min(missing, most) : Number(text);
  if (text === '' || !(value > 0) || value > most) throw new HttpError(400, `${name} is a number up to ${most}\n`);
  return value;
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const root = `/${conf.path.replaceAll('/', '')}`;
  const profiling = new Profiling(conf.max_seconds);
  host.onClose(() => profiling.close());
  return (app) => async (req) => {
    const { path } = req;
    if (!path.startsWith(root) || (path.length > root.length && path[root.length] !== '/')) return app(req);
    try {
      return await profiling.answer(req, path.slice(root.length + 1));
    } catch (error) {
      if (error instanceof HttpError) return error.toResponse();
      throw error;
    }
  };
};
