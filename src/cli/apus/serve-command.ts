/** `apus serve [CONFIG[#NAME]]`: any app of a Paste file, one of Swift's servers, or the embedded cluster. */

import { once } from 'node:events';
import { builtinEntryPoints } from '../../builtins.ts';
import { readConf, type TypedConf } from '../../common/conf-spec.ts';
import type { Conf } from '../../common/conf.ts';
import { openPasteApp, type PasteAppOptions } from '../../compose/paste-app.ts';
import type { Context } from '../../paste/context.ts';
import { isSwiftConfig, SERVER_NAMES } from '../../paste/examination.ts';
import { confSpec as httpOptions } from '../../paste/http-runner.ts';
import { configOf, newResolver } from '../../paste/loader.ts';
import { Maker } from '../../paste/maker.ts';
import type { Resolver } from '../../paste/resolver.ts';
import { openSwiftConfig, resolveSwift } from '../../paste/swift-loader.ts';
import { pasteAppOptions, serveUntilSignal } from '../launch.ts';
import { serveServer } from '../server-command.ts';
import { startCluster } from '../start-command.ts';
import { UsageError } from '../usage-error.ts';
import { type ConfigArguments, readArguments, splitConfigName } from './config-arguments.ts';
import { SERVE_USAGE } from './serve-usage.ts';

export async function serve(argv: string[]): Promise<void> {
  const options = {
    host: { type: 'string' },
    port: { type: 'string' },
    workers: { type: 'string' },
    config: { type: 'string' },
  } as const;
  const { values, positionals } = readArguments(SERVE_USAGE, { args: argv, allowPositionals: true, options });
  const [given, ...more] = positionals;
  if (given === undefined) return startCluster(argv);
  if (values.config !== undefined) throw new UsageError(SERVE_USAGE);
  const globalConf = Object.fromEntries(more.map(keyAndValue));
  const config = splitConfigName(given);
  const { host, port, workers } = values;
  if (config.name === undefined && isSwiftConfig(openSwiftConfig(config.configPath, undefined))) {
    if (host ?? port ?? workers ?? more[0]) throw new UsageError(`${given} is a Swift server's: its config tells all`);
    return serveSwift(config);
  }
  return servePasteApp(config, {
    host,
    port: port === undefined ? undefined : numberOf('--port', port),
    workers: workers === undefined ? undefined : numberOf('--workers', workers),
    globalConf,
  });
}

function keyAndValue(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new UsageError(`${text}: expected KEY=VALUE\n${SERVE_USAGE}`);
}

function numberOf(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`${option} ${text}: expected a number`);
}

async function serveSwift({ configPath }: ConfigArguments): Promise<void> {
  const { context } = await resolveSwift(configPath, { entryPoints: builtinEntryPoints });
  const app = context.kind === 'pipeline' ? context.app : context;
  const appName = SERVER_NAMES[app?.target?.builtin ?? ''];
  if (appName === undefined)
    throw new UsageError(`${configPath}: the app of [${context.place.section}] is no server of Swift`);
  await serveServer(appName, configPath);
}

interface Overrides {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly workers: number | undefined;
  readonly globalConf: Conf;
}

async function servePasteApp({ configPath, name }: ConfigArguments, given: Overrides): Promise<void> {
  const resolver = newResolver('paste', { entryPoints: builtinEntryPoints });
  const server = await resolveServer(resolver, configPath);
  if (server !== undefined && server.target?.builtin !== 'http') {
    if (given.host ?? given.port ?? given.workers)
      throw new UsageError('[server:main] is of its own kind: it takes no options');
    return serveByOwnServer(resolver, server, pasteAppOptions({ configPath, name, globalConf: given.globalConf }));
  }
  const conf = httpConf(server);
  const service = {
    configPath,
    name,
    globalConf: given.globalConf,
    host: given.host ?? conf.host,
    port: given.port ?? conf.port,
    workers: given.workers ?? conf.workers,
    clientTimeoutSec: conf.client_timeout,
  };
  await serveUntilSignal([service], (_, url) => process.stdout.write(`Apus serves ${url}\n`));
}

/** [server:main], where the file has it. */
async function resolveServer(resolver: Resolver, configPath: string): Promise<Context | undefined> {
  const ask = { kind: 'server', name: 'main', globals: undefined, trail: [] } as const;
  const source = resolver.openFile(configPath, ask);
  return source.namesOf('server').includes('main') ? resolver.fromSource(source, ask) : undefined;
}

function httpConf(server: Context | undefined): TypedConf<typeof httpOptions> {
  const conf = server === undefined ? undefined : configOf(server);
  return readConf(httpOptions, conf?.globalConf ?? {}, conf?.localConf ?? {}, server?.place);
}

/** A server that the config brings along serves in its own way and for as long as it likes; a signal ends the process. */
async function serveByOwnServer(resolver: Resolver, context: Context, options: PasteAppOptions): Promise<void> {
  const app = await openPasteApp(options);
  try {
    const run = await new Maker(resolver, app.host).server(context);
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'].map((signal) => once(process, signal));
    await Promise.race([run(app.handler), ...signals]);
  } finally {
    await app.close();
  }
}
