/** What the cases of large objects are made of. */

import { hash } from 'node:crypto';
import { headerOf, type RawAnswer } from '../../raw-client.ts';
import { put, type Step, type StepSource } from '../../scenario.ts';

export const PUT = '?multipart-manifest=put';
export const GET = '?multipart-manifest=get';
export const ONE = '0123456789';
export const TWO = 'abcdefghij';
export const MD5_ONE: string = hash('md5', ONE);
export const MD5_TWO: string = hash('md5', TWO);
/** ETag of ONE followed by TWO. */
export const LARGE_ETAG: string = hash('md5', MD5_ONE + MD5_TWO);
export const FIRST = { path: '/{c}/1' };
export const SECOND = { path: '/{c}/2' };

export const SETUP: readonly Step[] = [
  put('{c}'),
  put('{c}/1', { body: ONE, headers: { 'Content-Type': 'text/plain; charset=x' } }),
  put('{c}/2', { body: TWO }),
  put('{c}/empty'),
];

type Rest = Parameters<typeof put>[1];

export function manifest(name: string, items: unknown, rest: Rest = {}, query: string = PUT): Step {
  return put(`{c}/${name}${query}`, { body: typeof items === 'string' ? items : JSON.stringify(items), ...rest });
}

/** The ETag of a manifest comes of the time when its segments were made, so it is another in every run. */
export function hidingEtags(step: Step): StepSource {
  return (context) => ({
    ...step,
    capture: {
      hidden: (answer: RawAnswer) => {
        const isManifest = step.path.includes(GET) && !step.path.includes('raw');
        const etag = headerOf(answer, 'x-manifest-etag') ?? (isManifest ? headerOf(answer, 'etag') : undefined);
        return etag === undefined || etag.length < 32 ? '' : context.hide('manifest-etag', etag.replaceAll('"', ''));
      },
    },
  });
}

export const LARGE: readonly Step[] = [...SETUP, manifest('large', [FIRST, SECOND])];
