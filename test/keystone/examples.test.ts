/** The keystone pipelines of the examples, with a real Keystone. */

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test as plainTest } from 'vitest';
import { startLauncher } from '../example-readme.ts';
import { Command } from '../process/command.ts';
import { type Issued, LOGINS, missingKeystone, RealKeystone } from './real-keystone.ts';

const SETUP_TIMEOUT_MS = 300_000;
const examples = join(import.meta.dirname, '../../examples');
const missing = missingKeystone();
if (missing !== undefined) console.warn(`LEFT OUT: ${missing}`);
const test = missing === undefined ? plainTest : plainTest.skip;

let keystone: RealKeystone;
let tester: Issued;

beforeAll(async () => {
  if (missing !== undefined) return;
  keystone = await RealKeystone.start();
  tester = await keystone.login(LOGINS.tester);
}, SETUP_TIMEOUT_MS);

afterAll(async () => {
  await keystone?.remove();
});

/** What authtoken needs to know, as global settings. */
function settings(): string[] {
  const { user, password, project } = LOGINS.service;
  const domains = ['user_domain_id=default', 'project_domain_id=default'];
  return [
    'auth_type=password',
    `auth_url=${keystone.url}`,
    `username=${user}`,
    `password=${password}`,
    `project_name=${project}`,
    ...domains,
  ];
}

const SPOOFED = { 'x-user-id': 'me', 'x-project-id': 'mine', 'x-roles': 'admin', 'x-identity-status': 'Confirmed' };

test('neutron takes the user from a token, refuses those without, and believes no identity that a client claims', async () => {
  const args = ['serve', 'api-paste.ini#neutron', '--port', '0', ...settings()];
  const command = new Command('apus', args, { cwd: join(examples, 'neutron') });
  await command.printed('\n');
  const networks = `${/http:\S+/.exec(command.stdout)?.[0]}/v2.0/networks`;
  expect((await fetch(networks)).status).toBe(401);
  expect((await fetch(networks, { headers: SPOOFED })).status).toBe(401);
  expect((await fetch(networks, { headers: { 'x-auth-token': 'nonsense' } })).status).toBe(401);
  const body = '{"network":{"name":"office"}}';
  const made = await fetch(networks, { method: 'POST', body, headers: { ...SPOOFED, 'x-auth-token': tester.token } });
  expect(await made.json()).toMatchObject({ network: { name: 'office', project_id: tester.projectId } });
  const other = await keystone.login(LOGINS.tester2);
  const seen = await fetch(networks, { headers: { 'x-auth-token': other.token } });
  expect(await seen.json()).toEqual({ networks: [] });
});

test('nova lets a token into its own project alone, with limits and without', async () => {
  for (const [limit, expected] of [
    ['true', 429],
    ['false', 400],
  ] as const) {
    const { urls, command } = await startLauncher(join(examples, 'nova'), 'nova-api.ts', 'nova.conf', {
      osapi_compute_listen_port: 'osapi_compute_listen_port = 0',
      metadata_listen_port: 'metadata_listen_port = 0',
      auth_strategy: ['auth_strategy = keystone', `api_rate_limit = ${limit}`, ...settings()].join('\n'),
    });
    const send = async (project: string, headers: Record<string, string>, body?: string): Promise<number> => {
      const init = body === undefined ? {} : { method: 'POST', body };
      return (await fetch(`${urls.get('osapi_compute')}/v2/${project}/servers`, { headers, ...init })).status;
    };
    const token = { 'x-auth-token': tester.token };
    expect(await send(tester.projectId, {})).toBe(401);
    expect(await send(tester.projectId, token)).toBe(200);
    expect(await send('other', { ...SPOOFED, ...token })).toBe(403);
    const statuses: number[] = [];
    // The clock may pass a full minute meanwhile, once.
    for (let at = 0; at < 21; at++) statuses.push(await send(tester.projectId, token, '{}'));
    expect(statuses).toContain(expected);
    expect(statuses.includes(429)).toBe(limit === 'true');
    command.signal('SIGTERM');
    await command.exited;
  }
});

test('glance in its keystone flavor shows a user the images of the own project, and refuses who is not known', async () => {
  const { urls } = await startLauncher(join(examples, 'glance'), 'glance-api.ts', 'glance-api.conf', {
    bind_port: 'bind_port = 0',
    flavor: ['flavor = keystone', ...settings()].join('\n'),
  });
  const images = `${urls.get('glance-api-keystone')}/v2/images`;
  expect((await fetch(images)).status).toBe(401);
  expect((await fetch(images, { headers: SPOOFED })).status).toBe(401);
  const headers = { 'x-auth-token': tester.token };
  const made = await fetch(images, { method: 'POST', body: '{"name":"debian"}', headers });
  expect(await made.json()).toMatchObject({ name: 'debian', owner: tester.projectId });
  const other = await keystone.login(LOGINS.tester2);
  expect(await (await fetch(images, { headers: { 'x-auth-token': other.token } })).json()).toEqual({ images: [] });
});
