import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { builtinEntryPoints } from '../builtins.ts';
import { type EmbeddedCluster, openEmbeddedCluster } from '../compose/embedded-cluster.ts';
import { listen, makeHttpServer } from '../compose/serving.ts';
import type { HttpServer } from '../http/server.ts';
import { runCommand } from './command-line.ts';
import { makeLogger } from './log/logger.ts';
import { Ending, keepCompiledCode } from './serving.ts';
import { onEndSignals } from './signals.ts';
import { UsageError } from './usage-error.ts';

interface Arguments {
  configDir: string;
  /** Overrides the config's bind_port; 0 takes any that is free. */
  port: number | undefined;
}

const DEFAULT_CONFIG_DIR = fileURLToPath(new URL('../../etc/swift', import.meta.url));
/** A port that is taken stays taken: the person in front of the terminal is told at once. */
const BIND_TIMEOUT_SECONDS = 0;

function readArguments(argv: string[]): Arguments {
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options: { config: { type: 'string' }, port: { type: 'string' } } }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (usage: npm start -- [--config FOLDER] [--port PORT])`);
  }
  const configDir = resolve(values.config ?? DEFAULT_CONFIG_DIR);
  if (!existsSync(join(configDir, 'proxy-server.conf')))
    throw new UsageError(`${configDir} holds no proxy-server.conf`);
  if (values.port !== undefined && !/^\d{1,5}$/.test(values.port))
    throw new UsageError(`--port ${values.port}: expected a number`);
  return { configDir, port: values.port === undefined ? undefined : Number(values.port) };
}

/** Starts, tells how to use it, serves until a signal comes, drains. Faults are one clear line, exit code 1. */
export async function runStartCommand(): Promise<void> {
  process.title = 'apus';
  await runCommand('apus', () => startCluster(process.argv.slice(2)));
}

/** The same for a command that tells faults by itself. Throws UsageError, ConfigError, BindError. */
export async function startCluster(argv: string[]): Promise<void> {
  const args = readArguments(argv);
  // From here on a signal ends the cluster cleanly, also one that comes while it starts.
  const signal = new Promise<void>((resolve) => onEndSignals(() => resolve()));
  const cluster = await openEmbeddedCluster({
    configDir: args.configDir,
    entryPoints: builtinEntryPoints,
    makeLog: (conf, name) => makeLogger({ conf, name }),
  });
  const server = await serve(cluster, args);
  process.stdout.write(welcome(cluster, server.port));
  await signal;
  await new Ending(server, cluster).end('stop');
}

async function serve(cluster: EmbeddedCluster, args: Arguments): Promise<HttpServer> {
  const server = makeHttpServer(cluster.proxy);
  try {
    const options = { ...cluster.proxy.options, bind_timeout: BIND_TIMEOUT_SECONDS };
    await listen(server, options, args.port ?? options.bind_port);
    keepCompiledCode();
    return server;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

function welcome(cluster: EmbeddedCluster, port: number): string {
  const { bind_ip: ip, cert_file: certificate } = cluster.proxy.options;
  const address = ip === '0.0.0.0' ? '127.0.0.1' : ip.includes(':') ? `[${ip}]` : ip;
  const url = `${certificate === '' ? 'http' : 'https'}://${address}:${port}`;
  const token = '-H "X-Auth-Token: $TOKEN"';
  const docs = `${url}/v1/AUTH_test/docs`;
  return `Apus serves ${url}
User test:tester, key testing. Get a token, put an object, get it:

  TOKEN=$(curl -si ${url}/auth/v1.0 -H 'X-Auth-User: test:tester' -H 'X-Auth-Key: testing' | sed -n 's/^X-Auth-Token: \\([^[:space:]]*\\).*/\\1/p')
  echo 'hello, world' | curl -s -X PUT ${token} ${docs} --next -X PUT ${token} -T - ${docs}/hello.txt
  curl ${token} ${docs}/hello.txt

Ctrl-C ends it; the data stays.
`;
}
