/** Names the machine and the programs, for whoever reads the numbers. */

import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  /** Of the folder that holds the devices. */
  fileSystem: string;
  node: string;
  swift: string;
}

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs',
};

export function describeMachine(folder: string): Machine {
  const { type } = statfsSync(folder);
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    fileSystem: FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`,
    node: process.versions.node,
    swift: swiftVersion(),
  };
}

function swiftVersion(): string {
  const program = 'import swift; print(swift.__version__)';
  return execFileSync('/usr/bin/python3', ['-c', program], { encoding: 'utf8' }).trim();
}

export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, fileSystem, node, swift } = machine;
  const hardware = `${cores} cores (${cpu}), ${memoryGiB} GiB, Linux ${kernel}, ${fileSystem}`;
  return `${hardware}; Node ${node}, Python Swift ${swift}`;
}
