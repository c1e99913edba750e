import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { loadRingFileAsync } from '../../ring/ring-file.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command } from './command.ts';

export const version: Command = {
  kind: 'without builder',
  usage: [''],
  about: 'Shows the format and the build version of the ring file.',
  leastWords: 0,
  async run({ terminal, ringFile }) {
    if (!existsSync(ringFile)) throw new CommandEnd(FAILURE, `Ring file ${ringFile} not found`);
    const { rows, version: buildVersion } = await loadRingFileAsync(ringFile);
    const idBytes = rows[0]?.BYTES_PER_ELEMENT ?? 2;
    const format = await formatVersionIn(ringFile);
    terminal.print(
      `${ringFile}: Serialization version: ${format} (${idBytes}-byte IDs), build version: ${buildVersion ?? 'unknown'}`,
    );
    return SUCCESS;
  },
};

/** Two bytes behind the four of the magic. */
async function formatVersionIn(ringFile: string): Promise<number> {
  return gunzipSync(await readFile(ringFile)).readUInt16BE(4);
}
