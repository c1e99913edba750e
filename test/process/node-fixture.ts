import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { writeRingFile } from '../../src/ring/ring-file.ts';
import { buildSimpleRing } from '../../src/ring/simple-ring.ts';

export type ServerType = 'account' | 'container' | 'object' | 'proxy';

/** A folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync('/var/tmp/apus-process-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Config folder of a storage node of one device: swift.conf, rings and server configs, each server on a free port. */
export class NodeFolder {
  readonly dir: string;
  readonly ports: Record<ServerType, number>;

  private constructor(dir: string, ports: Record<ServerType, number>) {
    this.dir = dir;
    this.ports = ports;
  }

  static async make(): Promise<NodeFolder> {
    const dir = temporaryFolder();
    const ports = {
      account: await freePort(),
      container: await freePort(),
      object: await freePort(),
      proxy: await freePort(),
    };
    mkdirSync(join(dir, 'devices/sdb1'), { recursive: true });
    writeFileSync(
      join(dir, 'swift.conf'),
      '[swift-hash]\nswift_hash_path_suffix = tested\n[storage-policy:0]\nname = gold\ndefault = yes\n',
    );
    for (const type of ['account', 'container', 'object'] as const) {
      const devices = [{ ip: '127.0.0.1', port: ports[type], device: 'sdb1' }];
      await writeRingFile(join(dir, `${type}.ring.gz`), buildSimpleRing(devices, 2, 1));
    }
    return new NodeFolder(dir, ports);
  }

  /** Writes `<type>-server.conf` and returns its path. `options`: lines of [DEFAULT], the last one of a key counting. */
  writeConf(type: ServerType, options: Record<string, string> = {}, sections = ''): string {
    const all = {
      bind_ip: '127.0.0.1',
      bind_port: String(this.ports[type]),
      user: 'root',
      swift_dir: this.dir,
      devices: join(this.dir, 'devices'),
      mount_check: 'false',
      workers: '1',
      log_requests: 'false',
      ...options,
    };
    const lines = Object.entries(all).map(([key, value]) => `${key} = ${value}`);
    const main = sections.includes('[pipeline:main]') ? '' : `[pipeline:main]\npipeline = ${type}-server\n`;
    const app = `[app:${type}-server]\nuse = egg:swift#${type}\n`;
    const path = join(this.dir, `${type}-server.conf`);
    writeFileSync(path, `[DEFAULT]\n${lines.join('\n')}\n\n${main}\n${app}\n${sections}`);
    return path;
  }
}
