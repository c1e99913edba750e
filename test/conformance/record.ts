/**
 * Records what Debian's Python Swift answers.
 *
 *     npm run conformance:record -- [area...]
 */

import { writeFileSync } from 'node:fs';
import { ProcessCluster } from '../cluster/processes.ts';
import { areaNames, configKey, loadArea, recordingPath, type Recording } from './areas.ts';
import { type RecordedAnswer, ScenarioRunner } from './runner.ts';
import type { ScenarioSet } from './scenario.ts';

class Clusters {
  readonly #byConfig = new Map<string, Promise<ProcessCluster>>();

  async portFor(set: ScenarioSet): Promise<number> {
    const key = configKey(set);
    let cluster = this.#byConfig.get(key);
    if (cluster === undefined) {
      // Every config's processes stay until the end of the run only where they are shared: the default one's.
      if (key !== '{}') await this.#stopVariants();
      cluster = ProcessCluster.start({ ...set.config, servers: 'debian', nodes: 1 });
      this.#byConfig.set(key, cluster);
    }
    return (await cluster).port;
  }

  async stop(): Promise<void> {
    await this.#stopVariants();
    await (await this.#byConfig.get('{}'))?.stop();
  }

  async #stopVariants(): Promise<void> {
    for (const [key, cluster] of this.#byConfig) {
      if (key === '{}') continue;
      this.#byConfig.delete(key);
      await (await cluster).stop();
    }
  }
}

async function record(area: string, clusters: Clusters): Promise<Recording> {
  const recording: Record<string, RecordedAnswer[]> = {};
  for (const set of await loadArea(area)) {
    const runner = new ScenarioRunner(await clusters.portFor(set), area);
    for (const scenario of set.scenarios) recording[scenario.name] = (await runner.run(scenario)).answers;
  }
  return recording;
}

const names = process.argv.slice(2);
const clusters = new Clusters();
try {
  for (const area of names.length > 0 ? names : areaNames()) {
    const recording = await record(area, clusters);
    writeFileSync(recordingPath(area), `${JSON.stringify(recording, null, 2)}\n`);
    const answers = Object.values(recording).flat().length;
    console.log(`${area}: ${Object.keys(recording).length} scenarios, ${answers} answers`);
  }
} finally {
  await clusters.stop();
}
