import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';

const source = pathToFileURL(join(import.meta.dirname, '../../../src/')).href;
const common = pathToFileURL(join(import.meta.dirname, './')).href;
const run = promisify(execFile);

/** Loads `main` of x.ini in a Node of its own, as servers do, and prints what a request gets or why there is none. */
const PROGRAM = `
import { loadApp } from '${source}paste/loader.ts';
import { SwiftRequest } from '${source}http/request.ts';
import { silentLogger, testHost } from '${common}test-host.ts';
const [folder, modules] = process.argv.slice(2);
try {
  const options = { host: testHost(), modulePaths: modules ? [modules] : [], packagePaths: [] };
  const app = await loadApp('config:' + folder + '/x.ini', options);
  const res = await app(new SwiftRequest({ method: 'GET', target: '/', log: silentLogger }));
  console.log(await res.text());
} catch (error) {
  console.log(error.code + ': ' + error.message);
}
`;

const RESPONSE = `import { textResponse } from '${source}http/response.ts';\n`;
const APP = `${RESPONSE}export const appFactory = (g: object, l: Record<string, string>) => async () => textResponse(200, 'hello ' + l['who']);\n`;
/** Enums are not erasable: Node's own type stripping refuses them. */
const APP_WITH_ENUM = `${RESPONSE}enum Greeting { Hello = 'good day' }\nexport const appFactory = (g: object, l: Record<string, string>) => async () => textResponse(200, Greeting.Hello + ' ' + l['who']);\n`;

async function answerOf(files: Record<string, string>, modules?: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'paste-modules-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ 'program.mjs': PROGRAM, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const args = [join(folder, 'program.mjs'), folder, ...(modules === undefined ? [] : [join(folder, modules)])];
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    timeout: 20_000,
  });
  return stdout.trim().replaceAll(folder, '<folder>');
}

function ini(target: string): string {
  return `[app:main]\npaste.app_factory = ${target}\nwho = world\n`;
}

describe('user-written modules', () => {
  test('a TypeScript file next to the config is loaded by path', async () => {
    expect(await answerOf({ 'x.ini': ini('./my/app.ts:appFactory'), 'my/app.ts': APP })).toBe('hello world');
  });

  test('TypeScript that Node refuses goes through tsx', async () => {
    expect(await answerOf({ 'x.ini': ini('./app.ts:appFactory'), 'app.ts': APP_WITH_ENUM })).toBe('good day world');
  });

  test('a package written in TypeScript is loaded from node_modules by its entry point', async () => {
    const manifest = {
      name: 'my-app',
      type: 'module',
      entry_points: { 'paste.app_factory': { main: './src/app.ts:appFactory' } },
    };
    const files = {
      'x.ini': '[app:main]\nuse = egg:My.App\nwho = package\n',
      'node_modules/my-app/package.json': JSON.stringify(manifest),
      'node_modules/my-app/src/app.ts': APP,
    };
    expect(await answerOf(files)).toBe('hello package');
  });

  test('a scoped package is found by its name', async () => {
    const manifest = {
      name: '@scope/thing',
      type: 'module',
      entry_points: { 'paste.app_factory': { x: './app.js:make' } },
    };
    const files = {
      'x.ini': '[app:main]\nuse = egg:@scope/thing#x\n',
      'node_modules/@scope/thing/package.json': JSON.stringify(manifest),
      'node_modules/@scope/thing/app.js': `${RESPONSE}export const make = () => async () => textResponse(200, 'scoped');`,
    };
    expect(await answerOf(files)).toBe('scoped');
  });

  test('the package that holds the config is found as well', async () => {
    const manifest = {
      name: 'mine',
      type: 'module',
      entry_points: { 'paste.app_factory': { main: './app.ts:appFactory' } },
    };
    const files = {
      'x.ini': '[app:main]\nuse = egg:mine\nwho = me\n',
      'package.json': JSON.stringify(manifest),
      'app.ts': APP,
    };
    expect(await answerOf(files)).toBe('hello me');
  });

  test('dotted names are found next to the config and in module folders', async () => {
    expect(await answerOf({ 'x.ini': ini('my.app:appFactory'), 'my/app.ts': APP })).toBe('hello world');
    expect(await answerOf({ 'x.ini': ini('my.app:appFactory'), 'lib/my/app/index.ts': APP }, 'lib')).toBe(
      'hello world',
    );
  });

  test('a default export serves where no name is given, also that of a CommonJS module', async () => {
    const commonJs = `module.exports = { make: () => async () => ({ text: async () => 'old style' }) };`;
    expect(await answerOf({ 'x.ini': ini('./app.cjs:make'), 'app.cjs': commonJs })).toBe('old style');
    const byDefault = APP.replace('export const appFactory =', 'export default');
    expect(await answerOf({ 'x.ini': ini('./app.ts'), 'app.ts': byDefault })).toBe('hello world');
  });

  test('a module that fails while it is loaded is told apart from one that is not there', async () => {
    const broken = await answerOf({
      'x.ini': ini('./app.ts:appFactory'),
      'app.ts': "throw new Error('broken on purpose');",
    });
    expect(broken).toMatch(/^module-failed: <folder>\/x.ini:2: \[app:main\] paste.app_factory: .*broken on purpose/);
    const missing = await answerOf({ 'x.ini': ini('./nosuch.ts:appFactory') });
    expect(missing).toMatch(/^module-missing: .*no module \.\/nosuch\.ts/);
    expect(missing).toContain('<folder>/nosuch.ts');
  });

  test('a module whose own import is missing names what is missing', async () => {
    const answer = await answerOf({ 'x.ini': ini('./app.ts:appFactory'), 'app.ts': "import './other.ts';\n" });
    expect(answer).toMatch(/^module-failed: .*other\.ts/s);
  });

  test('an export of another name is told with those that exist', async () => {
    const answer = await answerOf({ 'x.ini': ini('./app.ts:app_factory'), 'app.ts': APP });
    expect(answer).toMatch(/^attribute-missing: .*has no app_factory/);
    expect(answer).toContain('it exports: appFactory');
  });
});
