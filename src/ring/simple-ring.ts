import type { RingDevice } from '../common/host.ts';
import { RingError, type RingData } from './ring-file.ts';

/** A device for a simple ring: where it is, and its name below the `devices` folder. */
export interface SimpleRingDevice {
  readonly ip: string;
  readonly port: number;
  readonly device: string;
  readonly region?: number;
  readonly zone?: number;
}

/**
 * A ring for the embedded cluster of one machine: devices take turns, so that each holds as many partitions as the others and the
 * replicas of a partition lie on different devices as long as there are enough. It moves everything when devices change; growing
 * clusters use a ring builder. Throws RingError for no devices, or a partition power beyond 0..32.
 */
export function buildSimpleRing(devices: readonly SimpleRingDevice[], partPower: number, replicas: number): RingData {
  if (devices.length === 0 || devices.length >= 0xffff)
    throw new RingError(`a ring cannot have ${devices.length} devices`);
  if (!Number.isInteger(partPower) || partPower < 0 || partPower > 32)
    throw new RingError(`partition power ${partPower}`);
  if (!Number.isInteger(replicas) || replicas < 1) throw new RingError(`${replicas} replicas`);
  const rows = Array.from({ length: replicas }, (_, replica) => {
    const row = new Uint16Array(2 ** partPower);
    for (let partition = 0; partition < row.length; partition++)
      row[partition] = (partition + replica) % devices.length;
    return row;
  });
  return { devices: devices.map(ringDevice), partShift: 32 - partPower, rows, nextPartPower: null, version: 1 };
}

function ringDevice(device: SimpleRingDevice, id: number): RingDevice {
  return {
    id,
    region: device.region ?? 1,
    zone: device.zone ?? id + 1,
    ip: device.ip,
    port: device.port,
    replication_ip: device.ip,
    replication_port: device.port,
    device: device.device,
    weight: 1,
    meta: '',
  };
}
