/** OpenStack Swift's own functional tests, out of Debian's source package. */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

export const SWIFT_VERSION = '2.30.1';

const SYSTEM_SOURCES = ['/etc/apt/sources.list', '/etc/apt/sources.list.d'];

/** Folder of the unpacked source; it is fetched at the first call, and kept in the user's cache. Needs apt-get, tar and xz. */
export function swiftSource(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'apus');
  const folder = join(cache, `swift-${SWIFT_VERSION}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  // Beside its final place, where it is renamed to once it is whole.
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    fetchSource(work);
    renameSync(join(work, `swift-${SWIFT_VERSION}`), folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** With lists of sources and state of its own, so that nothing of the machine's is changed. */
function fetchSource(work: string): void {
  const apt = mkdtempSync(join(tmpdir(), 'apus-apt-'));
  try {
    mkdirSync(join(apt, 'sources'));
    mkdirSync(join(apt, 'lists', 'partial'), { recursive: true });
    writeSources(join(apt, 'sources'));
    const settings = [
      'Dir::Etc::SourceList=/dev/null',
      `Dir::Etc::SourceParts=${join(apt, 'sources')}`,
      `Dir::State::Lists=${join(apt, 'lists')}`,
      `Dir::Cache::pkgcache=`,
      `Dir::Cache::srcpkgcache=`,
      `APT::Sandbox::User=root`,
    ].flatMap((setting) => ['-o', setting]);
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { cwd: work, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    run('apt-get', ...settings, '-qq', 'update');
    const versions = run('apt-cache', ...settings, 'showsrc', 'swift').matchAll(/^Version: (.*)$/gm);
    const version = [...versions].map((match) => match[1] ?? '').find((each) => each.startsWith(`${SWIFT_VERSION}-`));
    if (version === undefined) throw new Error(`Debian's archive has no source of swift ${SWIFT_VERSION}`);
    run('apt-get', ...settings, '-qq', '--download-only', 'source', `swift=${version}`);
    run('tar', 'xf', `swift_${SWIFT_VERSION}.orig.tar.xz`);
  } finally {
    rmSync(apt, { recursive: true, force: true });
  }
}

/** The machine's sources, as sources of source packages. */
function writeSources(folder: string): void {
  const files = SYSTEM_SOURCES.filter((path) => existsSync(path)).flatMap((path) =>
    path.endsWith('.d') ? readdirSync(path).map((name) => join(path, name)) : [path],
  );
  for (const [at, path] of files.entries()) {
    const text = readFileSync(path, 'utf8');
    if (path.endsWith('.sources')) {
      writeFileSync(join(folder, `${at}.sources`), text.replace(/^Types:.*$/gm, 'Types: deb-src'));
    } else if (path.endsWith('.list')) {
      writeFileSync(join(folder, `${at}.list`), text.replace(/^deb(?:-src)?\s/gm, 'deb-src '));
    }
  }
}
