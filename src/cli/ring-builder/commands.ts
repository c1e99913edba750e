import { add } from './add.ts';
import type { Command } from './command.ts';
import { create } from './create.ts';
import { dispersion } from './dispersion.ts';
import { listParts } from './list-parts.ts';
import { cancelIncrease, finishIncrease, increase, prepareIncrease } from './partition-power.ts';
import { rebalance } from './rebalance.ts';
import { remove } from './remove.ts';
import { search } from './search.ts';
import { setInfo } from './set-info.ts';
import { setRegion, setWeight, setZone } from './set-placement.ts';
import { pretendMinPartHoursPassed, setMinPartHours, setOverload, setReplicas } from './set-ring.ts';
import { show } from './show.ts';
import { validate } from './validate.ts';
import { version } from './version.ts';
import { writeBuilder } from './write-builder.ts';
import { writeRingCommand } from './write-ring.ts';

/** What is done without a command. */
export const DEFAULT_COMMAND = 'default';

export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['add', add],
  ['cancel_increase_partition_power', cancelIncrease],
  ['create', create],
  [DEFAULT_COMMAND, show],
  ['dispersion', dispersion],
  ['finish_increase_partition_power', finishIncrease],
  ['increase_partition_power', increase],
  ['list_parts', listParts],
  ['prepare_increase_partition_power', prepareIncrease],
  ['pretend_min_part_hours_passed', pretendMinPartHoursPassed],
  ['rebalance', rebalance],
  ['remove', remove],
  ['search', search],
  ['set_info', setInfo],
  ['set_min_part_hours', setMinPartHours],
  ['set_overload', setOverload],
  ['set_region', setRegion],
  ['set_replicas', setReplicas],
  ['set_weight', setWeight],
  ['set_zone', setZone],
  ['validate', validate],
  ['version', version],
  ['write_builder', writeBuilder],
  ['write_ring', writeRingCommand],
]);
