/** A real Keystone, Debian's package over SQLite, in a folder of its own on a free port of the loopback. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../real-servers.ts';

const MANAGE = '/usr/bin/keystone-manage';
const SERVER = '/usr/bin/keystone-wsgi-public';
const ADMIN_PASSWORD = 'pw';
const START_TIMEOUT_MS = 60_000;

/** What is missing for a Keystone here; undefined when nothing is. Throws where CI=true: there all tests are to run. */
export function missingKeystone(): string | undefined {
  const missing = [MANAGE, SERVER].filter((path) => !existsSync(path));
  if (missing.length === 0) return undefined;
  const reason = `Keystone is not installed (${missing.join(', ')}): apt-get install keystone`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  return reason;
}

export interface Login {
  user: string;
  password: string;
  project: string;
}

export interface Issued {
  token: string;
  projectId: string;
  userId: string;
}

export const LOGINS = {
  tester: { user: 'tester', password: 'testing', project: 'test' },
  tester2: { user: 'tester2', password: 'testing2', project: 'test2' },
  tester3: { user: 'tester3', password: 'testing3', project: 'test' },
  reseller: { user: 'reseller', password: 'reselling', project: 'service' },
  service: { user: 'swift', password: 'servicepw', project: 'service' },
} as const;

/** Roles of each user in the login's project. */
const GRANTS: Readonly<Record<keyof typeof LOGINS, readonly string[]>> = {
  tester: ['swiftoperator'],
  tester2: ['swiftoperator'],
  tester3: ['member'],
  reseller: ['ResellerAdmin'],
  service: ['service', 'admin'],
};

export class RealKeystone {
  readonly #folder: string;
  readonly #port: number;
  #server: ChildProcess | undefined;
  #adminToken = '';

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** With the users, projects and roles of LOGINS. Takes some 20 seconds. */
  static async start(): Promise<RealKeystone> {
    const folder = mkdtempSync(join(tmpdir(), 'keystone-'));
    const keystone = new RealKeystone(folder, await freePort());
    try {
      await keystone.#setUp();
      await keystone.run();
      await keystone.#populate();
      return keystone;
    } catch (error) {
      await keystone.remove();
      throw error;
    }
  }

  /** `http://127.0.0.1:<port>`, without a version. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #setUp(): Promise<void> {
    for (const name of ['fernet', 'credential']) mkdirSync(join(this.#folder, name));
    writeFileSync(this.#confFile, this.#conf());
    const { username } = userInfo();
    const as = ['--keystone-user', username, '--keystone-group', username];
    await Promise.all([this.#manage('db_sync'), this.#manage('fernet_setup', ...as)]);
    // Else a reader left open would block every writer.
    const database = new DatabaseSync(join(this.#folder, 'keystone.db'));
    database.exec('PRAGMA journal_mode=WAL');
    database.close();
    const urls = ['admin', 'internal', 'public'].flatMap((name) => [`--bootstrap-${name}-url`, `${this.url}/v3`]);
    await Promise.all([
      this.#manage('credential_setup', ...as),
      this.#manage('bootstrap', '--bootstrap-password', ADMIN_PASSWORD, '--bootstrap-region-id', 'RegionOne', ...urls),
    ]);
  }

  get #confFile(): string {
    return join(this.#folder, 'keystone.conf');
  }

  #conf(): string {
    const { username } = userInfo();
    return `[DEFAULT]
log_dir = ${this.#folder}
[database]
connection = sqlite:///${this.#folder}/keystone.db?timeout=30
[token]
provider = fernet
expiration = 3600
[fernet_tokens]
key_repository = ${this.#folder}/fernet
[fernet_receipts]
key_repository = ${this.#folder}/fernet
[credential]
key_repository = ${this.#folder}/credential
[oslo_concurrency]
lock_path = ${this.#folder}
# run by ${username}
`;
  }

  async #manage(...args: string[]): Promise<void> {
    await promisify(execFile)(MANAGE, ['--config-file', this.#confFile, ...args]);
  }

  /** Starts its server, for the first time or after halt(). */
  async run(): Promise<void> {
    const log = openSync(join(this.#folder, 'server.log'), 'a');
    const args = ['--host', '127.0.0.1', '--port', String(this.#port), '--', '--config-file', this.#confFile];
    const server = spawn(SERVER, args, { stdio: ['ignore', log, log] });
    this.#server = server;
    process.once('exit', () => server.kill('SIGKILL'));
    const end = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const answer = await fetch(`${this.url}/v3`).catch(() => undefined);
      if (answer?.ok === true) return;
      if (server.exitCode !== null || Date.now() > end) {
        throw new Error(
          `keystone did not start: ${readFileSync(join(this.#folder, 'server.log'), 'utf8').slice(-2000)}`,
        );
      }
      await delay(50);
    }
  }

  /** Stops its server; what it knows stays. */
  async halt(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.halt();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A token of the user, for the project. Throws when Keystone gives none. */
  async login({ user, password, project }: Login): Promise<Issued> {
    const domain = { id: 'default' };
    const identity = { methods: ['password'], password: { user: { name: user, domain, password } } };
    const res = await fetch(`${this.url}/v3/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: { identity, scope: { project: { name: project, domain } } } }),
    });
    const told = (await res.json()) as { token: { project: { id: string }; user: { id: string } } };
    if (res.status !== 201) throw new Error(`no token for ${user}: ${res.status}`);
    const { project: of, user: who } = told.token;
    return { token: res.headers.get('x-subject-token') ?? '', projectId: of.id, userId: who.id };
  }

  /** A request as admin. Throws when it is refused. */
  async api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const res = await fetch(`${this.url}/v3/${path}`, {
      method,
      headers: { 'x-auth-token': this.#adminToken, 'content-type': 'application/json', ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await res.text();
    if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  async #populate(): Promise<void> {
    const admin = await this.login({ user: 'admin', password: ADMIN_PASSWORD, project: 'admin' });
    this.#adminToken = admin.token;
    const roles = new Map<string, string>();
    for (const name of new Set(Object.values(GRANTS).flat())) roles.set(name, await this.#idOf('role', name));
    const projects = new Map<string, string>();
    for (const [key, { user, password, project }] of Object.entries(LOGINS)) {
      const projectId = projects.get(project) ?? (await this.#idOf('project', project));
      projects.set(project, projectId);
      const userId = await this.#idOf('user', user, { password });
      for (const role of GRANTS[key as keyof typeof LOGINS]) {
        await this.api('PUT', `projects/${projectId}/users/${userId}/roles/${roles.get(role)}`);
      }
    }
  }

  /** Of one that is there already, else it is made. */
  async #idOf(kind: 'role' | 'project' | 'user', name: string, more: object = {}): Promise<string> {
    const found = (await this.api('GET', `${kind}s?name=${name}`)) as Record<string, { id: string }[]>;
    const known = found[`${kind}s`]?.[0]?.id;
    if (known !== undefined) return known;
    const domain = kind === 'role' ? {} : { domain_id: 'default' };
    const made = (await this.api('POST', `${kind}s`, { [kind]: { name, ...domain, ...more } })) as Record<
      string,
      { id: string }
    >;
    return made[kind]?.id ?? '';
  }

  /** Makes the catalog tell where Swift is: `<url>/v1/AUTH_<project id>`. */
  async tellSwift(url: string): Promise<void> {
    const service = { type: 'object-store', name: 'swift' };
    const made = (await this.api('POST', 'services', { service })) as { service: { id: string } };
    const endpoint = { interface: 'public', service_id: made.service.id, url: `${url}/v1/AUTH_%(tenant_id)s` };
    await this.api('POST', 'endpoints', { endpoint });
  }

  async revoke(token: string): Promise<void> {
    await this.api('DELETE', 'auth/tokens', undefined, { 'x-subject-token': token });
  }

  /** Makes every token of a user worthless. */
  async disableAndEnable(userId: string): Promise<void> {
    for (const enabled of [false, true]) await this.api('PATCH', `users/${userId}`, { user: { enabled } });
  }
}
