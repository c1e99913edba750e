/**
 * Serves apps of Paste files, each with an address and workers of its own, until a signal ends them: what `apus serve` does with one, and
 * what the launcher of a system of several APIs does with all of them. Packages import it as `apus/launch`.
 */

import { fileURLToPath } from 'node:url';
import { builtinEntryPoints } from '../builtins.ts';
import type { Conf } from '../common/conf.ts';
import { openPasteApp, type PasteAppOptions } from '../compose/paste-app.ts';
import { makeAppServer } from '../paste/http-runner.ts';
import { describeFault } from './faults.ts';
import { openListenSocket } from './listen-socket.ts';
import { makeLogger } from './log/logger.ts';
import { Ending, type EndKind } from './serving.ts';
import { onEndSignals } from './signals.ts';
import { Supervisor } from './supervisor.ts';

export interface Service {
  /** Absolute path of a Paste file. */
  readonly configPath: string;
  /** Its section; `main` unless given. */
  readonly name?: string | undefined;
  /** Globals in addition to those of the file's [DEFAULT], which win. */
  readonly globalConf?: Conf | undefined;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Processes; 0 serves in this one. */
  readonly workers: number;
  /** How long a client may stall within a request; 60 unless given. */
  readonly clientTimeoutSec?: number | undefined;
}

export const SERVICE_BACKLOG = 4096;
const CLIENT_TIMEOUT_SEC = 60;

/** How apps that are no Swift server are made: with every built-in, logging to standard error. */
export function pasteAppOptions(service: Pick<Service, 'configPath' | 'name' | 'globalConf'>): PasteAppOptions {
  const { configPath, name, globalConf } = service;
  return {
    configPath,
    name,
    globalConf,
    entryPoints: builtinEntryPoints,
    makeLog: (conf, name) => makeLogger({ conf, name, console: true }),
  };
}

/** A service that listens. */
interface Running {
  readonly service: Service;
  readonly port: number;
  /** Resolves once it has ended. */
  readonly ended: Promise<void>;
  end(how: EndKind): void;
}

/** As serveUntilSignal, for a program that does nothing else: a fault is told in one clear line, and the exit code is 1. */
export async function launch(
  services: readonly Service[],
  onListening?: (service: Service, url: string) => void,
): Promise<void> {
  try {
    await serveUntilSignal(services, onListening);
  } catch (error) {
    process.stderr.write(`${describeFault(error)}\n`);
    process.exitCode = 1;
  }
}

/**
 * Serves until SIGTERM or SIGINT ends the services or SIGHUP drains them; SIGUSR1 replaces the workers of those that have any. `onListening`
 * is told each address. One service that cannot start ends the others: throws ConfigError, BindError or WorkerFailure.
 */
export async function serveUntilSignal(
  services: readonly Service[],
  onListening?: (service: Service, url: string) => void,
): Promise<void> {
  const running: Running[] = [];
  const endAll = (how: EndKind): void => running.forEach((each) => each.end(how));
  try {
    for (const service of services) {
      const started = await (service.workers === 0 ? serveHere(service) : serveByWorkers(service));
      running.push(started);
      onListening?.(service, urlOf(service.host, started.port));
    }
    await Promise.all(running.map(({ ended }) => ended));
  } catch (error) {
    endAll('stop');
    await Promise.allSettled(running.map(({ ended }) => ended));
    throw error;
  }
}

function urlOf(host: string, port: number): string {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${address}:${port}`;
}

async function serveHere(service: Service): Promise<Running> {
  const app = await openPasteApp(pasteAppOptions(service));
  try {
    const server = makeAppServer(app.handler, app.log, service.clientTimeoutSec ?? CLIENT_TIMEOUT_SEC);
    // Bound as the workers' sockets are, so that faults are told alike.
    const socket = await listenSocketOf(service);
    await server.listen({ fd: socket.fd, backlog: SERVICE_BACKLOG });
    const ending = new Ending(server, app);
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    const end = (how: EndKind): void => void ending.end(how).then(resolve, reject);
    onEndSignals(end);
    return { service, port: socket.port, ended, end };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function serveByWorkers(service: Service): Promise<Running> {
  const { configPath, name = 'main', workers } = service;
  const socket = await listenSocketOf(service);
  const log = makeLogger({ conf: {}, name, console: true });
  const supervisor = new Supervisor({
    workerScript: fileURLToPath(import.meta.resolve('./paste-worker.ts')),
    args: [
      configPath,
      name,
      String(service.clientTimeoutSec ?? CLIENT_TIMEOUT_SEC),
      JSON.stringify(service.globalConf ?? {}),
    ],
    plan: { workers, socket },
    replan: async (current) => current,
    log,
    describe: describeFault,
  });
  const ended = supervisor.run().finally(() => {
    socket.close();
    log.close();
  });
  return { service, port: socket.port, ended, end: (how) => supervisor.end(how) };
}

function listenSocketOf({ host, port }: Service): ReturnType<typeof openListenSocket> {
  return openListenSocket({ host, port, backlog: SERVICE_BACKLOG, timeoutMs: 0 });
}
