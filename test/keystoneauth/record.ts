/**
 * Asks Python Swift's keystoneauth, run in a process of its own, what it decides in every case, and writes it to test/golden/keystoneauth.
 *
 *     node test/keystoneauth/record.ts
 *
 * An outcome is the status (200: let through), `o` when the user is told to own the account, `r` for a reseller, `=domain` for the domain
 * stored with the account, and `@realm` of a 401.
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Case, groups, type Recorded, recordedFile } from './cases.ts';

const PROGRAM: string = fileURLToPath(new URL('record.py', import.meta.url));

function decide(cases: readonly Case[]): string[] {
  const options = { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 1 << 26 } as const;
  return JSON.parse(execFileSync('/usr/bin/python3', [PROGRAM], options)) as string[];
}

function record(): Recorded {
  const recorded: Recorded = {};
  for (const [part, subjects] of Object.entries(groups)) {
    const cases: Case[] = subjects.flatMap((group) => group.cases);
    const outcomes = decide(cases);
    const all: Record<string, string> = (recorded[part] = {});
    for (const { subject, cases: own } of subjects) all[subject] = outcomes.splice(0, own.length).join(' ');
  }
  return recorded;
}

writeFileSync(recordedFile, `${JSON.stringify(record(), null, 1)}\n`);
