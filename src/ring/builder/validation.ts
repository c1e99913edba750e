import { balanceByDevice } from './balance.ts';
import { BuilderError } from './builder-error.ts';
import { partitionCount, presentDevices, type BuilderState } from './builder-state.ts';

export interface RingUsage {
  /** Replicas of partitions by device id; 0 where there is no device. */
  readonly partsOnDevices: Uint32Array;
  /** The worst device's deviation from its share by weight, in percent. */
  readonly worstDeviation: number;
}

/** See RingBuilder.validate. */
export function validateState(state: BuilderState): RingUsage {
  const rows = state.rows ?? [];
  if (rows.length === 0) throw invalid('_replica2part2dev empty; did you forget to rebalance?');
  checkTotals(state, rows);
  checkPorts(state);
  checkRowLengths(state, rows);
  const partsOnDevices = new Uint32Array(state.devices.length);
  for (let partition = 0; partition < partitionCount(state); partition++) {
    checkPartition(state, rows, partition, partsOnDevices);
  }
  const deviations = [...balanceByDevice(state).values()].map(Math.abs);
  return { partsOnDevices, worstDeviation: Math.max(0, ...deviations) };
}

type Rows = NonNullable<BuilderState['rows']>;

function checkTotals(state: BuilderState, rows: Rows): void {
  let onDevices = 0;
  for (const { parts } of presentDevices(state)) onDevices += parts;
  const inRows = rows.reduce((sum, row) => sum + row.length, 0);
  if (onDevices !== inRows) {
    throw invalid(`All partitions are not double accounted for: ${onDevices} != ${inRows}`);
  }
}

function checkPorts(state: BuilderState): void {
  for (const { id, port } of presentDevices(state)) {
    if (!Number.isInteger(port))
      throw invalid(`Device ${id} has port ${JSON.stringify(port)}, which is not an integer.`);
  }
}

/** Only the last row may be short, for a replica count with a fraction. */
function checkRowLengths(state: BuilderState, rows: Rows): void {
  const parts = partitionCount(state);
  rows.forEach((row, replica) => {
    if (row.length < parts && replica + 1 < Math.ceil(state.replicas)) {
      throw invalid(
        `The partition assignments of replica ${replica} were shorter than expected (${row.length} < ${parts}) - ` +
          'this should only happen for the last replica',
      );
    }
  });
}

function checkPartition(state: BuilderState, rows: Rows, partition: number, partsOnDevices: Uint32Array): void {
  const ids: number[] = [];
  rows.forEach((row, replica) => {
    if (partition >= row.length) return;
    const id = row[partition]!;
    if (state.devices[id] === undefined) {
      throw invalid(`Partition ${partition}, replica ${replica} was not allocated to a device.`);
    }
    ids.push(id);
    partsOnDevices[id]!++;
  });
  if (new Set(ids).size !== ids.length) {
    throw invalid(`The partition ${partition} has been assigned to duplicate devices [${ids.join(', ')}]`);
  }
}

function invalid(message: string): BuilderError {
  return new BuilderError('validation', message);
}
