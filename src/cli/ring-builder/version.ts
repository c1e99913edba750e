import { existsSync } from 'node:fs';
import { loadRingFileAsync } from '../../ring/ring-file.ts';
import { SUCCESS, type Command } from './command.ts';

export const version: Command = {
  kind: 'on builder',
  usage: [''],
  about: 'Shows the build versions of builder and ring file.',
  leastWords: 0,
  async run({ terminal, builderFile, ringFile }, builder) {
    terminal.print(`${builderFile}: build version ${builder.version}`);
    if (existsSync(ringFile)) {
      const ring = await loadRingFileAsync(ringFile);
      terminal.print(`${ringFile}: build version ${ring.version ?? '(not told)'}`);
    }
    return SUCCESS;
  },
};
