import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { Command, eventually } from './command.ts';
import { putHeaders, request } from './http-client.ts';
import { NodeFolder, temporaryFolder } from './node-fixture.ts';

function startObjectServer(node: NodeFolder, options: Record<string, string>): Command {
  return new Command('swift-object-server', [node.writeConf('object', options)]);
}

/** A datagram socket of the Unix kind, as a syslog daemon has, and the lines that come on it. */
async function syslogDaemon(path: string): Promise<string[]> {
  const script = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True: print(repr(s.recv(65536)), flush=True)`;
  const daemon = spawn('python3', ['-c', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    daemon.kill('SIGKILL');
    await once(daemon, 'close');
  });
  const lines: string[] = [];
  const reader = createInterface({ input: daemon.stdout });
  await once(reader, 'line');
  reader.on('line', (line) => lines.push(line));
  return lines;
}

test('access lines go to the syslog socket, each one datagram that ends with NUL', async () => {
  const node = await NodeFolder.make();
  const address = join(node.dir, 'log');
  const lines = await syslogDaemon(address);
  startObjectServer(node, {
    log_address: address,
    log_facility: 'LOG_LOCAL2',
    log_name: 'store',
    log_requests: 'true',
  });
  await eventually(() => request(node.ports.object, '/sdb1/0/a/c/o').catch(() => undefined));
  const line = await eventually(() => lines.find((text) => text.includes('"GET /sdb1/0/a/c/o" 404')));
  expect(line).toMatch(/^b'<150>store: 127\.0\.0\.1 - - \[.*\\x00'$/); // LOCAL2 is 18, info 6
});

test('access lines go by UDP where log_udp_host asks for it', async () => {
  const node = await NodeFolder.make();
  const socket = createSocket('udp4');
  const lines: string[] = [];
  socket.on('message', (message) => lines.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  const udp = { log_udp_host: '127.0.0.1', log_udp_port: String(socket.address().port), log_requests: 'true' };
  startObjectServer(node, udp);
  await eventually(() => request(node.ports.object, '/sdb1/0/a/c/o').catch(() => undefined));
  await eventually(() => lines.some((text) => /^<134>object-server: .*"GET \/sdb1\/0\/a\/c\/o" 404/.test(text)));
});

test('a server with cert_file and key_file speaks TLS, and a reload brings the new certificate without a request lost', async () => {
  const node = await NodeFolder.make();
  const cert = makeCertificate('one');
  const server = startObjectServer(node, { cert_file: cert.certFile, key_file: cert.keyFile });
  const { object: port } = node.ports;
  await eventually(() => request(port, '/sdb1/0/a/c/o', { tls: true }).catch(() => undefined));
  const put = { method: 'PUT', headers: putHeaders(), body: 'secret', tls: true };
  expect((await request(port, '/sdb1/0/a/c/o', put)).status).toBe(201);
  expect((await request(port, '/sdb1/0/a/c/o', { tls: true })).body).toBe('secret');
  expect(await commonName(port)).toBe('one');
  // A client that talks no TLS harms nobody.
  const plain = connect(port, '127.0.0.1').on('error', () => undefined);
  plain.end('GET / HTTP/1.1\r\n\r\n');
  await once(plain.resume(), 'close');
  const next = makeCertificate('two');
  node.writeConf('object', { cert_file: next.certFile, key_file: next.keyFile });
  let asking = true;
  const faults: string[] = [];
  const client = (async () => {
    while (asking)
      await request(port, '/sdb1/0/a/c/o', { tls: true }).catch((error: unknown) => faults.push(String(error)));
  })();
  server.signal('SIGUSR1');
  await server.said('reloaded');
  await eventually(async () => (await commonName(port)) === 'two');
  asking = false;
  await client;
  expect(faults).toEqual([]);
});

function makeCertificate(name: string): { certFile: string; keyFile: string } {
  const folder = temporaryFolder();
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const args = ['req', '-x509', ...key, '-out', certFile, '-days', '2', '-subj', `/CN=${name}`];
  execFileSync('openssl', args, { stdio: 'ignore' });
  return { certFile, keyFile };
}

async function commonName(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test('workers become the user that the config names, and a user who does not exist is told', async () => {
  if (process.geteuid?.() !== 0) {
    // Without root there is nothing to give up: the option is passed over, as every other test here shows with user = root.
    const node = await NodeFolder.make();
    startObjectServer(node, { user: 'nobody' });
    await eventually(() => request(node.ports.object, '/sdb1/0/a/c/o').catch(() => undefined));
    return;
  }
  const node = await NodeFolder.make();
  const server = startObjectServer(node, { user: 'nobody' });
  await eventually(() => request(node.ports.object, '/sdb1/0/a/c/o').catch(() => undefined));
  const [worker] = server.workerPids();
  const status = readFileSync(`/proc/${worker}/status`, 'latin1');
  const uid = execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).trim();
  const gid = execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' }).trim();
  expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'));
  expect(status).toMatch(new RegExp(`^Gid:\\t${gid}\\t${gid}\\t${gid}\\t${gid}$`, 'm'));
  expect(status).toMatch(new RegExp(`^Groups:\\t${gid} $`, 'm'));
  const refused = startObjectServer(await NodeFolder.make(), { user: 'nosuchuser' });
  expect((await refused.exited).code).toBe(1);
  expect(refused.stderr).toMatch(
    /object-server\.conf:\d+: \[DEFAULT\] user: expected a user of this machine, not "nosuchuser"\n$/,
  );
});

test('--test-config builds the pipeline and says nothing when it is good', async () => {
  const node = await NodeFolder.make();
  const conf = node.writeConf('object');
  const good = new Command('swift-object-server', [conf, '--test-config']);
  expect((await good.exited).code).toBe(0);
  expect(good.stderr + good.stdout).toBe('');
  const usage = new Command('swift-object-server', []);
  expect((await usage.exited).code).toBe(1);
  expect(usage.stderr).toContain('missing config path argument');
});
