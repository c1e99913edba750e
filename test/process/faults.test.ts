import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Command } from './command.ts';
import { NodeFolder, type ServerType } from './node-fixture.ts';

const TYPES: readonly ServerType[] = ['account', 'container', 'object', 'proxy'];

interface Fault {
  name: string;
  /** Server types; all when not given. */
  types?: readonly ServerType[];
  /** Breaks something; returns what the config folder's writeConf gets. */
  spoil: (node: NodeFolder, type: ServerType) => Record<string, string> | void;
  sections?: string;
  /** What the one line must tell. */
  tells: (node: NodeFolder, type: ServerType) => (string | RegExp)[];
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a port that is no port',
    spoil: () => ({ bind_port: 'many' }),
    tells: (_, type) => [`${type}-server.conf:3: [DEFAULT] bind_port`, 'many'],
  },
  {
    name: 'workers that are no number',
    spoil: () => ({ workers: 'some' }),
    tells: (_, type) => [`${type}-server.conf`, 'workers', 'expected a number or auto'],
  },
  {
    name: 'a log level that does not exist',
    spoil: () => ({ log_level: 'LOUD' }),
    tells: (_, type) => [`${type}-server.conf`, 'log_level', 'LOUD', 'DEBUG'],
  },
  {
    name: 'a log facility that does not exist',
    spoil: () => ({ log_facility: 'LOG_NOWHERE' }),
    tells: (_, type) => [`${type}-server.conf`, 'log_facility', 'LOG_NOWHERE', 'LOG_LOCAL0'],
  },
  {
    name: 'a certificate that is not there',
    spoil: () => ({ cert_file: '/nonexistent/cert.pem', key_file: '/nonexistent/key.pem' }),
    tells: (_, type) => [`${type}-server.conf`, 'cert_file', '/nonexistent/cert.pem', 'ENOENT'],
  },
  {
    name: 'a certificate that is none',
    spoil: (node) => ({ cert_file: join(node.dir, 'swift.conf'), key_file: join(node.dir, 'swift.conf') }),
    tells: (_, type) => [`${type}-server.conf`, 'cert_file', 'PEM'],
  },
  {
    name: 'an address that is not of this machine',
    spoil: () => ({ bind_ip: '192.0.2.1' }),
    tells: (node, type) => [`cannot listen on 192.0.2.1:${node.ports[type]}`, 'EADDRNOTAVAIL'],
  },
  {
    name: 'no swift.conf',
    spoil: (node) => rmSync(join(node.dir, 'swift.conf')),
    tells: () => ['swift.conf'],
  },
  {
    name: 'a swift.conf without hash prefix and suffix',
    spoil: (node) => writeFileSync(join(node.dir, 'swift.conf'), '[swift-hash]\n'),
    tells: () => ['swift.conf', 'swift_hash_path_suffix'],
  },
  {
    name: 'a filter that does not exist',
    spoil: () => {},
    sections: '[pipeline:main]\npipeline = nothing SERVER\n',
    tells: (_, type) => [`${type}-server.conf`, 'nothing'],
  },
  {
    name: 'a line that is none',
    spoil: () => {},
    sections: 'what is this\n',
    tells: (_, type) => [new RegExp(`${type}-server\\.conf:\\d+`)],
  },
  {
    name: 'a missing ring',
    types: ['proxy'],
    spoil: (node) => rmSync(join(node.dir, 'account.ring.gz')),
    tells: () => ['account.ring.gz'],
  },
  {
    name: 'a ring that was cut short',
    types: ['proxy'],
    spoil: (node) => truncateSync(join(node.dir, 'container.ring.gz'), 60),
    tells: () => ['container.ring.gz'],
  },
  {
    name: 'a section of a policy that does not exist',
    types: ['proxy'],
    spoil: () => {},
    sections: '[proxy-server:policy:7]\nread_affinity = r1=1\n',
    tells: () => ['proxy-server.conf', 'proxy-server:policy:7'],
  },
];

/** Starts the server and gives what it said when it ended. */
async function refusal(node: NodeFolder, type: ServerType, fault: Fault): Promise<Command> {
  const options = fault.spoil(node, type) ?? {};
  const conf = node.writeConf(type, options, fault.sections?.replace('SERVER', `${type}-server`));
  const server = new Command(`swift-${type}-server`, [conf]);
  expect((await server.exited).code).toBe(1);
  return server;
}

/** What the command says of its end, behind lines of its log. Further faults may follow, indented; a stack trace may not. */
function lastWord(text: string, command: string): string {
  const at = text.indexOf(`${command}: `);
  expect(at, text).toBeGreaterThanOrEqual(0);
  const [first = '', ...rest] = text.slice(at).trimEnd().split('\n');
  expect(
    rest.filter((line) => !/^ {2}\S/.test(line) || /^\s+at /.test(line)),
    text,
  ).toEqual([]);
  return first;
}

for (const fault of FAULTS) {
  test(`${fault.name} is told in one line, exit code 1`, async () => {
    const check = async (type: ServerType): Promise<void> => {
      const node = await NodeFolder.make();
      const { stderr } = await refusal(node, type, fault);
      const line = lastWord(stderr, `swift-${type}-server`);
      for (const told of fault.tells(node, type)) expect(line).toMatch(told);
    };
    await Promise.all((fault.types ?? TYPES).map(check));
  });
}
