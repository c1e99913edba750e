import { expect, test } from 'vitest';
import { Command, eventually } from './command.ts';
import { request } from './http-client.ts';
import { NodeFolder } from './node-fixture.ts';

async function containerServer(pipeline: string, sections: string): Promise<NodeFolder> {
  const node = await NodeFolder.make();
  const all = `[pipeline:main]\npipeline = ${pipeline}\n${sections}`;
  new Command('swift-container-server', [node.writeConf('container', {}, all)]);
  await eventually(() => request(node.ports.container, '/healthcheck').catch(() => undefined));
  return node;
}

const HEALTHCHECK = '[filter:healthcheck]\nuse = egg:swift#healthcheck\n';

test('backend_ratelimit keeps a storage server below its rate for each device', async () => {
  const node = await containerServer(
    'healthcheck backend_ratelimit container-server',
    `${HEALTHCHECK}[filter:backend_ratelimit]\nuse = egg:swift#backend_ratelimit\n` +
      'get_requests_per_device_per_second = 0.001\nrequests_per_device_rate_buffer = 0\n',
  );
  const status = async (path: string): Promise<number> => (await request(node.ports.container, path)).status;
  expect(await status('/sdb1/0/a/c')).toBe(404);
  expect([await status('/sdb1/1/a/c'), await status('/sdb1/0/a/c')]).toEqual([529, 529]);
  expect(await status('/other/0/a/c')).not.toBe(529);
  expect(await status('/healthcheck')).toBe(200);
});

test('xprofile profiles a storage server that works on', async () => {
  const node = await containerServer(
    'healthcheck xprofile container-server',
    `${HEALTHCHECK}[filter:xprofile]\nuse = egg:swift#xprofile\n`,
  );
  const { container } = node.ports;
  const profile = request(container, '/__profile__/cpu?seconds=0.5&format=text');
  expect((await request(container, '/sdb1/0/a/c')).status).toBe(404);
  const { status, body } = await profile;
  expect([status, body]).toEqual([200, expect.stringMatching(/ms in all; own time by function/) as string]);
});
