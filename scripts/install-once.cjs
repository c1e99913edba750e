// Installs the locked dependencies once: npm runs this before `npm start` and `npm test`. Plain JavaScript for any Node, so that the
// machine's own Node need not be the one Apus runs on. A second run compares the lockfile and does nothing; in particular it does not
// wipe node_modules under a running server.
'use strict';
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);
const wantsDev = process.argv.includes('--dev');
const modules = path.join(root, 'node_modules');
const stamp = path.join(modules, '.apus-installed');
const lock = createHash('sha256').update(fs.readFileSync(path.join(root, 'package-lock.json'))).digest('hex');

function installed() {
  try {
    const [have, kind] = fs.readFileSync(stamp, 'utf8').split(' ');
    return have === lock && (kind === 'dev' || !wantsDev);
  } catch {
    return false;
  }
}

if (!installed()) {
  // Packages that a developer installed by hand are as good, and are not wiped.
  const byHand = path.join(modules, '.package-lock.json');
  const hasDev = fs.existsSync(path.join(modules, 'vitest'));
  const fresh = fs.existsSync(byHand) && hasDev && fs.statSync(byHand).mtimeMs >= fs.statSync(path.join(root, 'package-lock.json')).mtimeMs;
  if (!fresh) {
    process.stderr.write('Installing what Apus needs (once) ...\n');
    // `ci` begins by emptying the folder: only where there is none, so that a server that runs from it keeps its modules.
    const exists = fs.existsSync(modules);
    if (exists && fs.lstatSync(modules).isSymbolicLink()) {
      process.stderr.write(`apus: ${modules} is a link to another installation; install there, or remove the link\n`);
      process.exit(1);
    }
    const command = exists ? ['install', '--no-save'] : ['ci'];
    const args = [...command, '--no-audit', '--no-fund', '--loglevel=error', ...(wantsDev ? [] : ['--omit=dev'])];
    const npm = process.env.npm_execpath;
    const done = npm
      ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
      : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    if (done.status !== 0) {
      process.stderr.write('apus: npm could not install the dependencies (see above)\n');
      process.exit(1);
    }
  }
  fs.writeFileSync(stamp, `${lock} ${wantsDev || hasDev ? 'dev' : 'production'}`);
}

// npm puts the Node that it installed first on PATH; where it had none to install, the machine's own must do.
const [major] = process.versions.node.split('.');
if (!fs.existsSync(path.join(modules, '.bin', 'node')) && Number(major) < 24) {
  process.stderr.write(
    `apus: Node ${process.versions.node} is too old; Apus needs Node 24, and npm has none for ${process.platform}-${process.arch}\n`,
  );
  process.exit(1);
}
