/** An app of any Paste file, Swift's or not, with what it needs around it. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DEFAULT_CONSTRAINTS } from '../common/constraints.ts';
import { singlePolicy } from '../common/policy-sections.ts';
import { loadSwiftConf, type SwiftConf } from '../common/swift-conf.ts';
import type { Conf, Handler } from '../http/contract.ts';
import { faultBoundary } from '../http/fault-boundary.ts';
import type { EntryPointTable } from '../paste/entry-point-table.ts';
import { loadApp } from '../paste/loader.ts';
import { ServerHost } from './host.ts';
import { provideOwnModules } from './own-modules.ts';
import type { ClosableLogger } from './pipeline.ts';

export interface PasteAppOptions {
  /** Absolute path of the file. */
  configPath: string;
  /** Section; `main` unless given. */
  name?: string | undefined;
  /** Globals in addition to those of the file's [DEFAULT], which win. */
  globalConf?: Conf | undefined;
  entryPoints: EntryPointTable;
  makeLog: (conf: Conf, logName: string) => ClosableLogger;
}

export interface PasteApp {
  readonly handler: Handler;
  readonly host: ServerHost;
  readonly log: ClosableLogger;
  close(): Promise<void>;
}

/** Makes the app. Throws ConfigError. */
export async function openPasteApp(options: PasteAppOptions): Promise<PasteApp> {
  provideOwnModules();
  const name = options.name ?? 'main';
  const log = options.makeLog({}, name);
  const folder = dirname(options.configPath);
  const { policies, constraints, hashPath } = swiftConfOf(folder);
  const host = new ServerHost({ log, swiftDir: folder, policies, constraints, hashPath });
  const close = async (): Promise<void> => {
    try {
      await host.close();
    } finally {
      log.close();
    }
  };
  try {
    const uri = `config:${options.configPath}`;
    const handler = await loadApp(uri, {
      name,
      globalConf: options.globalConf,
      entryPoints: options.entryPoints,
      host,
    });
    return { handler: faultBoundary(handler), host, log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The swift.conf beside the config, for apps that are Swift's; others need none. */
function swiftConfOf(folder: string): Pick<SwiftConf, 'policies' | 'constraints' | 'hashPath'> {
  if (existsSync(join(folder, 'swift.conf'))) return loadSwiftConf(folder);
  const hashPath = { prefix: Buffer.alloc(0), suffix: Buffer.alloc(0) };
  return { policies: singlePolicy(), constraints: DEFAULT_CONSTRAINTS, hashPath };
}
