import { DevicePace } from '../common/device-pace.ts';
import { deviceFolder } from '../common/drive.ts';
import { Timestamp } from '../common/timestamp.ts';
import { DiskAsyncPending } from './disk-async-pending.ts';
import { isMissing, storageFault } from './disk-faults.ts';
import { metaFileName, tombstoneFileName } from './disk-file-names.ts';
import { partitionHashes } from './disk-hashes.ts';
import {
  dataDirectory,
  DISK_DEFAULTS,
  isPlainName,
  objectPaths,
  type DiskSettings,
  type ObjectPaths,
} from './disk-layout.ts';
import { warmHashDirectory } from './disk-pace.ts';
import type { DiskWriteContext } from './disk-publish.ts';
import { quarantine } from './disk-quarantine.ts';
import { DamageError, openDiskObject, type DiskReadContext } from './disk-reader.ts';
import { invalidateSuffixes } from './disk-suffixes.ts';
import { createDiskWriter, writeMetadataFile } from './disk-writer.ts';
import {
  StorageError,
  type AsyncPendingStore,
  type CreateOptions,
  type Metadata,
  type ObjectLocation,
  type ObjectStorage,
  type ObjectWriter,
  type OpenedObject,
  type OpenOptions,
  type StoredObject,
} from './storage.ts';

export type DiskStorageOptions = Partial<DiskSettings> & Pick<DiskSettings, 'devices' | 'hashPath' | 'log' | 'now'>;

/** Objects as files below a folder of devices, in Swift's own format. Modes of files follow the process's umask. */
export class DiskStorage implements ObjectStorage {
  readonly asyncPending: AsyncPendingStore;
  readonly #settings: DiskSettings;
  readonly #paces = new Map<string, DevicePace>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: DiskStorageOptions) {
    this.#settings = { ...DISK_DEFAULTS, ...options };
    this.asyncPending = new DiskAsyncPending(this.#settings);
  }

  checkDevice(device: string): void {
    const { devices, mountCheck } = this.#settings;
    if (isPlainName(device) && deviceFolder(devices, device, mountCheck) !== undefined) return;
    throw new StorageError('device-unavailable', `${device} is not there`);
  }

  object(location: ObjectLocation): StoredObject {
    return new DiskObject(this, this.#settings, location);
  }

  async suffixHashes(device: string, partition: string, policyIndex: number): Promise<Map<string, string>> {
    const deviceDir = this.#deviceOfPartition(device, partition);
    const partitionDir = `${dataDirectory(deviceDir, policyIndex)}/${partition}`;
    try {
      const hashes = await partitionHashes({ settings: this.#settings, deviceDir, partitionDir, policyIndex });
      return new Map([...hashes].filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    } catch (error) {
      throw storageFault(error);
    }
  }

  async invalidateSuffixes(
    device: string,
    partition: string,
    policyIndex: number,
    suffixes: readonly string[],
  ): Promise<void> {
    const deviceDir = this.#deviceOfPartition(device, partition);
    if (suffixes.length === 0) return;
    try {
      await invalidateSuffixes(`${dataDirectory(deviceDir, policyIndex)}/${partition}`, suffixes);
    } catch (error) {
      throw storageFault(error);
    }
  }

  /** Waits for damaged objects to be put aside. */
  async close(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  pace(device: string): DevicePace {
    let pace = this.#paces.get(device);
    if (pace === undefined) this.#paces.set(device, (pace = new DevicePace()));
    return pace;
  }

  /** Puts a damaged object aside. Never rejects: what fails is logged. */
  putAside(location: ObjectLocation, damage: DamageError): Promise<void> {
    const deviceDir = `${this.#settings.devices}/${location.device}`;
    const work = quarantine(deviceDir, location.policyIndex, damage.path)
      .then(
        (target) => this.#settings.log.error(`Quarantined ${damage.path} to ${target ?? 'nowhere'}: ${damage.message}`),
        (error: unknown) => this.#settings.log.error(`cannot quarantine ${damage.path}`, error),
      )
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    return work;
  }

  #deviceOfPartition(device: string, partition: string): string {
    this.checkDevice(device);
    if (!isPlainName(partition)) throw new StorageError('device-unavailable', `${partition} is no partition`);
    return `${this.#settings.devices}/${device}`;
  }
}

class DiskObject implements StoredObject {
  readonly #storage: DiskStorage;
  readonly #settings: DiskSettings;
  readonly #location: ObjectLocation;
  readonly #paths: ObjectPaths;
  readonly #name: string;

  constructor(storage: DiskStorage, settings: DiskSettings, location: ObjectLocation) {
    this.#storage = storage;
    this.#settings = settings;
    this.#location = location;
    this.#paths = objectPaths(settings, location);
    this.#name = `/${location.account}/${location.container}/${location.object}`;
  }

  open(options: OpenOptions): OpenedObject | Promise<OpenedObject> {
    this.#checkPartition();
    // Without mount_check a folder that can be listed says enough of its device.
    if (this.#settings.mountCheck) this.#storage.checkDevice(this.#location.device);
    const pace = this.#storage.pace(this.#location.device);
    return pace.isFast ? this.#openNow(options, pace) : this.#openWarmed(options, pace);
  }

  create({ sizeBytes, nextPartPower, md5Of }: CreateOptions): ObjectWriter | Promise<ObjectWriter> {
    this.#check();
    return createDiskWriter(this.#writing(nextPartPower), sizeBytes, md5Of);
  }

  async writeMetadata(metadata: Metadata, nextPartPower?: number | null): Promise<void> {
    this.#check();
    const timestamp = Timestamp.parse(metadata.get('X-Timestamp') ?? '');
    const typeTime = metadata.has('Content-Type') ? metadata.get('Content-Type-Timestamp') : undefined;
    const fileName = metaFileName(timestamp, typeTime === undefined ? undefined : Timestamp.parse(typeTime));
    await writeMetadataFile(this.#writing(nextPartPower), fileName, metadata);
  }

  async delete(timestamp: Timestamp, nextPartPower?: number | null): Promise<void> {
    this.#check();
    const metadata: Metadata = new Map([['X-Timestamp', timestamp.internal]]);
    await writeMetadataFile(this.#writing(nextPartPower), tombstoneFileName(timestamp), metadata);
  }

  #check(): void {
    this.#storage.checkDevice(this.#location.device);
    this.#checkPartition();
  }

  #checkPartition(): void {
    if (isPlainName(this.#location.partition)) return;
    throw new StorageError('device-unavailable', `${this.#location.partition} is no partition`);
  }

  async #openWarmed(options: OpenOptions, pace: DevicePace): Promise<OpenedObject> {
    await warmHashDirectory(this.#paths.hashDir);
    return await this.#openNow(options, pace);
  }

  #openNow(options: OpenOptions, pace: DevicePace): OpenedObject | Promise<OpenedObject> {
    pace.beginReading();
    try {
      return openDiskObject(this.#reading(pace), options);
    } catch (error) {
      if (!this.#settings.mountCheck) this.#storage.checkDevice(this.#location.device);
      if (error instanceof DamageError) return this.#quarantined(error);
      throw isMissing(error) ? new StorageError('state-changed', String(error), { cause: error }) : storageFault(error);
    } finally {
      pace.endReading();
    }
  }

  async #quarantined(damage: DamageError): Promise<never> {
    await this.#storage.putAside(this.#location, damage);
    throw new StorageError('quarantined', damage.message, { cause: damage });
  }

  #reading(pace: DevicePace): DiskReadContext {
    return {
      settings: this.#settings,
      paths: this.#paths,
      fragments: this.#settings.fragmentsOf(this.#location.policyIndex),
      name: this.#name,
      putAside: (damage) => void this.#storage.putAside(this.#location, damage),
      pace,
    };
  }

  #writing(nextPartPower: number | null | undefined): DiskWriteContext {
    return {
      settings: this.#settings,
      paths: this.#paths,
      policyIndex: this.#location.policyIndex,
      name: this.#name,
      nextPartPower: nextPartPower ?? null,
      pace: this.#storage.pace(this.#location.device),
    };
  }
}
