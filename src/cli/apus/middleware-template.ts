/** The files of a new filter's package. */

import { fileURLToPath } from 'node:url';

/** Folder of this installation, for whoever works with a checkout. */
const APUS = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Text by file name. `name` is the package's and the entry point's. */
export function middlewareFiles(name: string): Readonly<Record<string, string>> {
  return {
    'package.json': packageJson(name),
    [`${name}.ts`]: filter(name),
    [`${name}.test.ts`]: test(name),
    'README.md': readme(name),
  };
}

function packageJson(name: string): string {
  const description = {
    name,
    version: '0.1.0',
    type: 'module',
    description: 'A filter for Apus.',
    entry_points: { 'paste.filter_factory': { [name]: `./${name}.ts:filterFactory` } },
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

function filter(name: string): string {
  return `/** ${name} - keeps objects above a size out, and marks every answer. */

import { type FilterFactory, type Order, readConf, textResponse } from 'apus/middleware';

export const confSpec = {
  max_put_bytes: { type: 'bytes', default: 1_073_741_824, doc: 'Largest Content-Length that a PUT may declare.' },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'proxy_logging'],
  why: 'its answers carry a transaction id and are logged',
};

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  host.info.register('${name}', { max_put_bytes: conf.max_put_bytes });
  return (app) => async (req) => {
    if (req.method === 'PUT' && (req.contentLength ?? 0) > conf.max_put_bytes) {
      return textResponse(413, \`More than \${conf.max_put_bytes} bytes.\\n\`);
    }
    const res = await app(req);
    res.headers.set('x-filtered-by', '${name}');
    return res;
  };
};
`;
}

function test(name: string): string {
  return `import { afterEach, expect, test } from 'vitest';
import { assertNoLeaks, fakeSwift, load, request, startCluster, text } from 'apus/testing';
import * as filter from './${name}.ts';

afterEach(() => assertNoLeaks());

test('a PUT above max_put_bytes gets 413 and never reaches the app', async () => {
  const app = fakeSwift();
  const handler = await load(filter.filterFactory, { max_put_bytes: '10' }, app);
  const res = await handler(request('PUT', '/v1/AUTH_a/c/o', {}, 'x'.repeat(11)));
  expect([res.status, await text(res)]).toEqual([413, 'More than 10 bytes.\\n']);
  expect(app.calls).toEqual([]);
});

test('everything else passes and is marked', async () => {
  const app = fakeSwift({ 'GET /v1/AUTH_a/c/o': [200, 'hello'] });
  const handler = await load(filter.filterFactory, {}, app);
  const res = await handler(request('GET', '/v1/AUTH_a/c/o'));
  expect(res.headers.get('x-filtered-by')).toBe('${name}');
  expect(await text(res)).toBe('hello');
});

test('in a whole cluster', async () => {
  await using cluster = await startCluster({ filters: [{ name: '${name}', module: filter, options: { max_put_bytes: '10' } }] });
  await cluster.fetch('/c', { method: 'PUT' });
  expect((await cluster.fetch('/c/small', { method: 'PUT', body: 'x' })).status).toBe(201);
  expect((await cluster.fetch('/c/large', { method: 'PUT', body: 'x'.repeat(11) })).status).toBe(413);
}, 30_000);
`;
}

function readme(name: string): string {
  return `# ${name}

A filter for Apus. The test needs Apus to be seen from here, for which a link is enough:

\`\`\`sh
mkdir -p node_modules
ln -s ${APUS} node_modules/apus
PATH="$PWD/node_modules/apus/node_modules/.bin:$PATH" vitest run --root .
\`\`\`

Into a server it comes by \`npm install ./${name}\` in the folder that its config is in, or in one above, and by two entries there:

\`\`\`ini
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging ${name} proxy-server

[filter:${name}]
use = egg:${name}#${name}
max_put_bytes = 1073741824
\`\`\`

\`apus check CONFIG\` tells whether all is right there.
`;
}
