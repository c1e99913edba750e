import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const source = pathToFileURL(join(import.meta.dirname, '../../../src/')).href;
const run = promisify(execFile);

/** Loads the filter in a Node of its own, as servers do, and tells whether it throws and answers with this installation's classes. */
const PROGRAM = `
import { dirname } from 'node:path';
import { openPipeline } from '${source}compose/pipeline.ts';
import { builtinEntryPoints } from '${source}builtins.ts';
import { HttpError, SwiftResponse } from '${source}middleware-api.ts';
import { FakeLog, request } from '${source}testing.ts';
import { writeRingFile } from '${source}ring/ring-file.ts';
import { buildSimpleRing } from '${source}ring/simple-ring.ts';
const device = { device: 'd', ip: '127.0.0.1', port: 6200, region: 1, zone: 1 };
for (const type of ['account', 'container', 'object']) {
  await writeRingFile(dirname(process.argv[2]) + '/' + type + '.ring.gz', buildSimpleRing([device], 1, 1));
}
const log = new FakeLog();
const pipeline = await openPipeline({
  configPath: process.argv[2],
  appName: 'proxy-server',
  entryPoints: builtinEntryPoints,
  makeLog: () => log,
});
const thrown = await pipeline.handler(request('GET', '/throw')).catch((error) => error);
const answer = await pipeline.handler(request('GET', '/answer'));
console.log(thrown instanceof HttpError, thrown.status, answer instanceof SwiftResponse, await answer.text());
await pipeline.close();
`;

const ANSWER = `(app) => async (req) => {
  if (req.path === '/throw') throw new HttpError(418);
  return new SwiftResponse(200, {}, Buffer.from('kit ' + typeof fakeSwift));
};\n`;
const IMPORTS =
  "import { HttpError, SwiftResponse } from 'apus/middleware';\nimport { fakeSwift } from 'apus/testing';\n";
const FILTER = `${IMPORTS}import type { FilterFactory } from 'apus/middleware';
export const filterFactory: FilterFactory = () => ${ANSWER}`;
/** Enums are not erasable: Node's own type stripping refuses them, so tsx loads the module. */
const FILTER_WITH_ENUM = `${FILTER}export enum Colour { Red = 'red' }\n`;
const MANIFEST = JSON.stringify({
  name: 'mine',
  type: 'module',
  entry_points: { 'paste.filter_factory': { mine: './filter.ts:filterFactory' } },
});

async function outcomeOf(factory: string, files: Record<string, string>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'apus-own-modules-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const conf = `[DEFAULT]
bind_port = 8080
swift_dir = %(here)s
[pipeline:main]
pipeline = mine healthcheck
[filter:mine]
${factory}
[app:healthcheck]
paste.app_factory = ./app.ts:appFactory
[app:proxy-server]
use = egg:swift#proxy
`;
  const all = {
    'program.mjs': PROGRAM,
    'proxy-server.conf': conf,
    'app.ts':
      "import { textResponse } from 'apus/middleware';\nexport const appFactory = () => async () => textResponse(404, '');\n",
    'swift.conf': '[swift-hash]\nswift_hash_path_suffix = changeme\n',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const args = [
    '--disable-warning=ExperimentalWarning',
    join(folder, 'program.mjs'),
    join(folder, 'proxy-server.conf'),
  ];
  const { stdout } = await run(process.execPath, args, { timeout: 20_000 });
  return stdout.trim();
}

const SAME_CLASSES = 'true 418 true kit function';
const FILE = 'paste.filter_factory = ./filter.ts:filterFactory';
const EGG = 'use = egg:mine#mine';

test.each([
  ['a file beside the config', FILE, { 'filter.ts': FILTER }],
  ['a file that only tsx can load', FILE, { 'filter.ts': FILTER_WITH_ENUM }],
  [
    'helper modules of such a file',
    FILE,
    {
      'filter.ts': "export { filterFactory } from './lib/real.ts';\nexport enum Colour { Red = 'red' }\n",
      'lib/real.ts': FILTER,
    },
  ],
  [
    'a CommonJS module',
    'paste.filter_factory = ./filter.cjs:filterFactory',
    {
      'filter.cjs': `const { HttpError, SwiftResponse } = require('apus/middleware');
const { fakeSwift } = require('apus/testing');
exports.filterFactory = () => ${ANSWER}`,
    },
  ],
  [
    'a package in TypeScript under node_modules',
    EGG,
    { 'node_modules/mine/package.json': MANIFEST, 'node_modules/mine/filter.ts': FILTER },
  ],
  [
    'a package beside which another copy of apus is installed',
    EGG,
    {
      'node_modules/mine/package.json': MANIFEST,
      'node_modules/mine/filter.ts': FILTER,
      'node_modules/apus/package.json': JSON.stringify({
        name: 'apus',
        type: 'module',
        exports: { './middleware': './other.js', './testing': './other.js' },
      }),
      'node_modules/apus/other.js':
        'export class HttpError extends Error {}\nexport class SwiftResponse {}\nexport const fakeSwift = 1;\n',
    },
  ],
])('%s gets the classes of the server that loads it', async (_what, factory, files) => {
  expect(await outcomeOf(factory, files as Record<string, string>)).toBe(SAME_CLASSES);
});
