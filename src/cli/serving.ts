/** One serving process: the pipeline of a config file behind an HTTP server, with Swift's ways to end. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtinEntryPoints } from '../builtins.ts';
import { maxHeaderCount } from '../common/constraints.ts';
import type { ServiceKey } from '../common/host.ts';
import { loadSwiftConf } from '../common/swift-conf.ts';
import { ServerHost } from '../compose/host.ts';
import type { Conf, Handler } from '../http/contract.ts';
import { HttpServer } from '../http/server.ts';
import { readConf, type TypedConf } from '../paste/conf-spec.ts';
import { loadServerApp } from '../paste/server-app.ts';
import { type ClosableLogger, makeLogger } from './log/logger.ts';
import { serverOptions } from './server-options.ts';

export type ServerOptions = TypedConf<typeof serverOptions>;

/** Requests in flight get this long once the process was told to end. */
const STOP_GRACE_MS = 5_000;
/** A drain waits as long as Swift's does: until the last client is served. */
const DRAIN_GRACE_MS = 24 * 3600 * 1000;
const BIND_RETRY_MS = 100;

export interface PipelineOptions {
  configPath: string;
  /** `proxy-server`, … */
  appName: string;
  /** Log to standard error whatever the config says. */
  console: boolean;
  services?: readonly (readonly [ServiceKey<unknown>, unknown])[];
}

/** A pipeline that was built, with what it was built from. */
export interface Pipeline {
  readonly handler: Handler;
  readonly host: ServerHost;
  readonly log: ClosableLogger;
  readonly options: ServerOptions;
  readonly names: readonly string[];
  close(): Promise<void>;
}

/** Builds the pipeline of a config file. Warnings go to the log. Throws ConfigError. */
export async function openPipeline(options: PipelineOptions): Promise<Pipeline> {
  let made: { host: ServerHost; log: ClosableLogger; options: ServerOptions } | undefined;
  const app = await loadServerApp({
    configPath: options.configPath,
    appName: options.appName,
    entryPoints: builtinEntryPoints,
    makeHost: (appConf, logName) => {
      made = makeHost(appConf, logName, options);
      return made.host;
    },
  });
  if (made === undefined) throw new Error('the loader made no host');
  const { host, log } = made;
  for (const warning of app.warnings) log.warn(warning);
  return {
    ...made,
    handler: app.handler,
    names: app.pipeline,
    close: async () => {
      await host.close();
      log.close();
    },
  };
}

function makeHost(
  appConf: Conf,
  logName: string,
  options: PipelineOptions,
): { host: ServerHost; log: ClosableLogger; options: ServerOptions } {
  const serving = readConf(serverOptions, appConf, {}, { file: options.configPath, section: `app:${options.appName}` });
  const swiftConf = loadSwiftConf(serving.swift_dir);
  const log = makeLogger({ conf: appConf, name: logName, console: options.console });
  for (const warning of swiftConf.warnings) log.warn(warning);
  const { policies, constraints, hashPath } = swiftConf;
  const services = options.services ?? [];
  const host = new ServerHost({ log, swiftDir: serving.swift_dir, policies, constraints, hashPath, services });
  return { host, log, options: serving };
}

/** Number of workers that `workers` asks for; 0 serves in the parent. Throws RangeError with what was expected. */
export function workerCount(text: string): number {
  if (text.toLowerCase() === 'auto') return availableParallelism();
  if (!/^\d+$/.test(text)) throw new RangeError(`workers = ${text}: expected a number or auto`);
  return Number(text);
}

/** An HTTP server around a pipeline. Not listening yet. */
export function makeHttpServer(pipeline: Pipeline): HttpServer {
  const { options, host, log } = pipeline;
  const { constraints } = host;
  const clientTimeoutMs = options.client_timeout * 1000;
  return new HttpServer({
    handler: pipeline.handler,
    log,
    clientTimeoutMs,
    keepAliveTimeoutMs: options.keepalive_timeout === undefined ? clientTimeoutMs : options.keepalive_timeout * 1000,
    maxRequestLine: constraints.max_request_line,
    maxHeaderLine: constraints.max_header_size,
    maxHeaderCount: maxHeaderCount(constraints),
    maxConnections: options.max_clients,
    ...tlsOptions(options),
  });
}

function tlsOptions(options: ServerOptions): { tls?: { cert: Buffer; key: Buffer } } {
  if (options.cert_file === '') return {};
  const keyFile = options.key_file === '' ? options.cert_file : options.key_file;
  return { tls: { cert: readFileSync(options.cert_file), key: readFileSync(keyFile) } };
}

export class BindError extends Error {}

/** Listens, trying again while the port is taken, for `bind_timeout`. Throws BindError. */
export async function listen(server: HttpServer, options: ServerOptions, port: number = options.bind_port): Promise<void> {
  const { bind_ip: host, bind_timeout: timeoutSeconds, backlog } = options;
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    try {
      return await server.listen({ host, port, backlog });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE') throw new BindError(`cannot listen on ${host}:${port}: ${code ?? String(error)}`);
      if (Date.now() >= deadline) {
        throw new BindError(`Could not bind to ${host}:${port} after trying for ${timeoutSeconds} seconds: the port is in use`);
      }
      await sleep(BIND_RETRY_MS);
    }
  }
}

/** Becomes `user` when the process runs as root. Throws when there is no such user. */
export function dropPrivileges(user: string): void {
  if (process.geteuid?.() !== 0 || user === 'root') return;
  process.initgroups?.(user, user);
  process.setgid?.(user);
  process.setuid?.(user);
  process.umask(0o22);
}

/** Ends serving: `stop` within a bounded moment, `drain` once the last request is answered; then takes the pipeline down. */
export async function endServing(server: HttpServer, pipeline: Pipeline, how: 'stop' | 'drain'): Promise<void> {
  await server.drain(how === 'stop' ? STOP_GRACE_MS : DRAIN_GRACE_MS);
  await pipeline.close();
}
