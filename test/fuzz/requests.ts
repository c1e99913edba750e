/**
 * Fuzzes whole servers with requests that are nearly right: the proxy with all its filters, and the account, container and object
 * servers behind it, all in this process and over sockets. Whatever comes, a server answers or closes in time, no answer is one of
 * 5xx but for those that are meant so, nothing is thrown where nobody catches it, and memory stays flat.
 *
 *     node test/fuzz/requests.ts [--cases 100000] [--seed N] [--only CASE] [--target proxy] [--disk]
 *
 * A case depends on seed and number alone: `--only` sends it again and prints what happens.
 */

import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { parseArgs } from 'node:util';
import { runInNewContext } from 'node:vm';
import { proxyRequest, TEMP_URL_KEY } from './proxy-requests.ts';
import { chance, mutate, pick, type Random, randomizer } from './random.ts';
import { type RequestParts, serialize, TOKEN_PLACE, vary } from './request-parts.ts';
import { type FuzzedServers, startServers, type Target } from './servers.ts';
import { storageRequest } from './storage-requests.ts';
import { TOKENS } from './values.ts';

const TARGETS: readonly Target[] = ['proxy', 'proxy', 'proxy', 'object', 'container', 'account'];
const IN_FLIGHT = 16;
/** A server that has said nothing for so long may be waiting for the rest of a request: then its client is done sending. */
const QUIET_MS = 100;
const HANG_MS = 15_000;
const SAMPLE_EVERY = 1_000;
/** Cases until all code was compiled, caches are full and the names that cases use are there. */
const WARM_UP_SHARE = 0.3;
const GROWTH_LIMIT_BYTES = 64 * 1024 * 1024;

/** Answers of 5xx that are right: what HTTP or Swift knows and a server does not support. */
const UNSUPPORTED = [501, 505];
/** What Swift's answer with 5xx, too: a device or a policy that is not there, and a manifest that nobody may read. */
const RIGHT_5XX: readonly (readonly [target: Target | 'storage', status: number, text: RegExp])[] = [
  ['storage', 507, /^/],
  ['object', 503, /\r\n\r\n(?:No policy with index |$)/],
  ['proxy', 500, /\r\n\r\nUnable to load SLO manifest or segment\.$/],
];

export interface FuzzOptions {
  cases: number;
  seed: number;
  target?: Target;
  onDisk?: boolean;
  /** Number of the one case to send. */
  only?: number;
}

export interface FuzzSummary {
  cases: number;
  seconds: number;
  /** Answers by target and first digit of their status; `none` where the connection was closed without one. */
  answers: Readonly<Record<string, number>>;
  /** What must not be, with the number of its case. */
  findings: readonly string[];
  heapGrowthBytes: number;
  rssBytes: number;
}

interface FuzzCase {
  target: Target;
  bytes: string;
}

function makeCase(seed: number, at: number, target: Target | undefined): FuzzCase {
  const random = randomizer(seed ^ Math.imul(at + 1, 0x9e3779b1));
  const chosen = target ?? pick(random, TARGETS);
  let request: RequestParts = chosen === 'proxy' ? proxyRequest(random) : storageRequest(chosen, random);
  if (!chance(random, 4)) request = vary(request, random);
  const bytes = serialize(request);
  return { target: chosen, bytes: chance(random, 5) ? mutateHead(bytes, random) : bytes };
}

/** Mutates the head more often than a long body. */
function mutateHead(bytes: string, random: Random): string {
  const end = bytes.indexOf('\r\n\r\n') + 4;
  return mutate(bytes.slice(0, end), random, TOKENS) + bytes.slice(end);
}

interface Exchange {
  /** What came back until the server closed; undefined when it took too long. */
  answer: Buffer | undefined;
  /** The client was done sending before it had any of the answer. */
  wasEnded: boolean;
}

function sendBytes(port: number, bytes: Buffer): Promise<Exchange> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let wasEnded = false;
  return new Promise((resolve) => {
    const hang = setTimeout(() => finish(undefined), HANG_MS);
    const quiet = setTimeout(() => {
      wasEnded = chunks.length === 0;
      socket.end();
    }, QUIET_MS);
    const finish = (answer: Buffer | undefined): void => {
      clearTimeout(hang);
      clearTimeout(quiet);
      socket.destroy();
      resolve({ answer, wasEnded });
    };
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      quiet.refresh();
    });
    socket.on('end', () => finish(Buffer.concat(chunks)));
    socket.on('error', () => finish(Buffer.concat(chunks)));
    socket.on('close', () => finish(Buffer.concat(chunks)));
    socket.write(bytes);
  });
}

/** Status codes of the answers, 1xx left out, as far as they can be told from bodies; throws what is wrong with the first head. */
function statusesOf(answer: Buffer): number[] {
  const text = answer.toString('latin1');
  if (text === '') return [];
  const head = text.slice(0, text.indexOf('\r\n\r\n'));
  const [statusLine = '', ...lines] = head.split('\r\n');
  if (!/^HTTP\/1\.1 [1-5]\d\d [ -~]*$/.test(statusLine)) throw new Error(`status line ${JSON.stringify(statusLine)}`);
  for (const line of lines) {
    if (!/^[^\0-\x20:\x7f]+: [^\0\r\n]*$/.test(line)) throw new Error(`header line ${JSON.stringify(line)}`);
  }
  return [...text.matchAll(/(?:^|\r\n|[^\r\n])HTTP\/1\.1 ([2-5]\d\d) [A-Z]/g)].map((match) => Number(match[1]));
}

function isRight(target: Target, status: number, answer: string): boolean {
  return RIGHT_5XX.some(([where, code, text]) => {
    const isThere = where === target || (where === 'storage' && target !== 'proxy');
    return isThere && code === status && text.test(answer);
  });
}

class Fuzzer {
  readonly #options: FuzzOptions;
  readonly #servers: FuzzedServers;
  readonly #token: string;
  readonly answers: Record<string, number> = {};
  readonly findings: string[] = [];

  constructor(options: FuzzOptions, servers: FuzzedServers, token: string) {
    this.#options = options;
    this.#servers = servers;
    this.#token = token;
  }

  async runCase(at: number): Promise<void> {
    const { target, bytes } = makeCase(this.#options.seed, at, this.#options.target);
    const sent = Buffer.from(bytes.replaceAll(TOKEN_PLACE, this.#token), 'latin1');
    const { answer, wasEnded } = await sendBytes(this.#servers.ports[target], sent);
    const isShown = this.#options.only !== undefined;
    if (isShown) console.log(`${target}: ${JSON.stringify(bytes)}\n${answer?.toString('latin1') ?? 'no answer'}`);
    try {
      if (answer === undefined) throw new Error(`no end within ${HANG_MS} ms`);
      const statuses = statusesOf(answer);
      const name = `${target} ${statuses.length === 0 ? 'none' : `${String(statuses[0])[0]}xx`}`;
      this.answers[name] = (this.answers[name] ?? 0) + 1;
      // To a client that went away in mid-request a proxy may say that it has nothing.
      const isRightOf = (status: number): boolean =>
        UNSUPPORTED.includes(status) || (wasEnded && target === 'proxy' && status === 503);
      const bad = statuses.find((status) => status >= 500 && !isRightOf(status));
      if (bad !== undefined && !isRight(target, bad, answer.toString('latin1'))) {
        throw new Error(`answered ${JSON.stringify(answer.toString('latin1').slice(0, 500))}`);
      }
    } catch (error) {
      this.#note(at, target, (error as Error).message, bytes);
    }
  }

  #note(at: number, target: Target, what: string, bytes: string): void {
    const faults = this.#servers.takeFaults().map((fault) => `\n    ${fault.slice(0, 600)}`);
    this.findings.push(`case ${at}, ${target}: ${what}: ${JSON.stringify(bytes).slice(0, 1500)}${faults.join('')}`);
  }
}

/** A token of test:tester. */
async function signIn({ proxy }: FuzzedServers['ports']): Promise<string> {
  const headers = { 'x-auth-user': 'test:tester', 'x-auth-key': 'testing' };
  const answer = await fetch(`http://127.0.0.1:${proxy}/auth/v1.0`, { headers });
  await answer.arrayBuffer();
  return answer.headers.get('x-auth-token') ?? '';
}

/** Makes what cases are about, again where cases have removed it. */
async function prepare({ proxy }: FuzzedServers['ports'], token: string): Promise<void> {
  const url = `http://127.0.0.1:${proxy}`;
  const send = async (method: string, path: string, headers: Record<string, string>, body = ''): Promise<void> => {
    const given = { 'x-auth-token': token, ...headers };
    const answer = await fetch(`${url}/v1/AUTH_test${path}`, { method, headers: given, body });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${method} of ${path}: ${answer.status}`);
  };
  await send('POST', '', { 'x-account-meta-temp-url-key': TEMP_URL_KEY });
  for (const container of ['/fz', '/fz2']) {
    await send('PUT', container, {
      'x-remove-container-meta-quota-bytes': 'x',
      'x-remove-container-meta-quota-count': 'x',
    });
  }
  await send('PUT', '/fz/o', {}, 'hello');
  await send('PUT', '/fz/big', {}, 'x'.repeat(100_000));
  await send('PUT', '/fz/seg/1', {}, 'segment');
  await send('PUT', '/fz/dlo', { 'x-object-manifest': 'fz/seg/' });
  await send('PUT', '/fz/slo?multipart-manifest=put', {}, '[{"path":"/fz/o"},{"path":"/fz/big","range":"0-99"}]');
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export async function fuzz(options: FuzzOptions): Promise<FuzzSummary> {
  const servers = await startServers(options.onDisk === true);
  const uncaught = (error: unknown): void =>
    void loose.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const loose: string[] = [];
  process.on('uncaughtException', uncaught).on('unhandledRejection', uncaught);
  try {
    const token = await signIn(servers.ports);
    await prepare(servers.ports, token);
    const fuzzer = new Fuzzer(options, servers, token);
    const begun = performance.now();
    if (options.only !== undefined) await fuzzer.runCase(options.only);
    const heapGrowthBytes = options.only === undefined ? await runAll(fuzzer, options.cases, servers, token) : 0;
    const findings = [...fuzzer.findings, ...loose.map((fault) => `nobody caught ${fault}`)];
    if (heapGrowthBytes > GROWTH_LIMIT_BYTES) findings.push(`memory grew by ${heapGrowthBytes} bytes`);
    return {
      cases: options.cases,
      seconds: (performance.now() - begun) / 1000,
      answers: fuzzer.answers,
      findings,
      heapGrowthBytes,
      rssBytes: process.memoryUsage.rss(),
    };
  } finally {
    await servers.stop();
    process.off('uncaughtException', uncaught).off('unhandledRejection', uncaught);
  }
}

/** Gives the growth of memory in use from the end of the warm-up to the end. */
async function runAll(fuzzer: Fuzzer, cases: number, servers: FuzzedServers, token: string): Promise<number> {
  let base = 0;
  for (let from = 0; from < cases; from += SAMPLE_EVERY) {
    const to = Math.min(cases, from + SAMPLE_EVERY);
    let next = from;
    const worker = async (): Promise<void> => {
      while (next < to) await fuzzer.runCase(next++);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    servers.takeFaults();
    await stillServes(servers);
    await prepare(servers.ports, token);
    if (base === 0 && to >= cases * WARM_UP_SHARE) base = heapBytes();
  }
  return heapBytes() - base;
}

async function stillServes({ ports }: FuzzedServers): Promise<void> {
  for (const port of Object.values(ports)) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthcheck`, { signal: AbortSignal.timeout(HANG_MS) });
    if ((await answer.text()) !== 'OK') throw new Error(`port ${port} is not healthy: ${answer.status}`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string' },
      only: { type: 'string' },
      target: { type: 'string' },
      disk: { type: 'boolean', default: false },
    },
  });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  const cases = Number(values.cases);
  console.log(`seed ${seed}, ${cases} cases`);
  const summary = await fuzz({
    cases,
    seed,
    onDisk: values.disk,
    ...(values.only !== undefined && { only: Number(values.only) }),
    ...(values.target !== undefined && { target: values.target as Target }),
  });
  for (const finding of summary.findings) console.log(finding);
  const counts = Object.entries(summary.answers)
    .sort()
    .map(([name, count]) => `${name}: ${count}`);
  console.log(counts.join(', '));
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(
    `${summary.cases} cases in ${summary.seconds.toFixed(0)} s, ${summary.findings.length} findings, ` +
      `memory in use grew by ${megabytes(summary.heapGrowthBytes)}, ${megabytes(summary.rssBytes)} resident`,
  );
  process.exitCode = summary.findings.length === 0 ? 0 : 1;
}
