import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  deviceName,
  parseChangeValue,
  parseDeviceToAdd,
  parseSearchValue,
} from '../../../../src/cli/ring-builder/device-string.ts';
import { ValueFault } from '../../../../src/cli/python-text.ts';

const ip = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
);
const port = fc.integer({ min: 0, max: 65_535 });
const name = fc.stringMatching(/^[a-z0-9.é-]{1,12}$/);
const number = fc.integer({ min: 0, max: 999 });

test('the device that is added is found by its own string, and by each of its parts', () => {
  fc.assert(
    fc.property(
      fc.record({ region: number, zone: number, ip, port, rip: ip, rport: port, device: name, meta: fc.string() }),
      ({ region, zone, ip, port, rip, rport, device, meta }) => {
        const place = `${ip}:${port}R${rip}:${rport}/${device}_${meta}`;
        const added = parseDeviceToAdd(`r${region}z${zone}-${place}`);
        expect(added).toMatchObject({ region, zone, port, replication_port: rport, device, meta });
        expect(parseSearchValue(`r${region}z${zone}-${place}`)).toEqual({ ...added, id: undefined });
        expect(parseChangeValue(place)).toEqual({ ...added, region: undefined, zone: undefined });
        const withoutMeta = deviceName({ ...added, id: 7, region, weight: 1, meta: '' } as never).replace('_""', '');
        expect(parseSearchValue(withoutMeta)).toEqual({ ...added, id: 7, meta: undefined });
      },
    ),
  );
});

test('any text is a value or a fault, never a crash', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[drzR:/_.0-9[\]-]{0,20}$/)), (text) => {
      for (const parse of [parseDeviceToAdd, parseSearchValue, parseChangeValue]) {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueFault);
        }
      }
    }),
  );
});

test('IPv6 addresses have one spelling, ports must be ports, and scopes are refused', () => {
  expect(parseDeviceToAdd('z1-[FD00:0:0::0A]:1/a')).toMatchObject({
    ip: 'fd00::a',
    replication_ip: 'fd00::a',
    region: undefined,
  });
  for (const text of ['z1-1.2.3.4:-5/a', 'z1-1.2.3.4:70000/a', 'z1-1.2.3.4: 5/a']) {
    expect(() => parseDeviceToAdd(text)).toThrow(/^Invalid port :.* in add value$/);
  }
  expect(() => parseDeviceToAdd('z1-[fe80::1%lo]:1/a')).toThrow('Invalid ip fe80::1%lo');
});
