import { expect, test } from 'vitest';
import { PipelineInfo } from '../../../src/compose/info-registry.ts';

test('sections registered twice are merged, disallowed sections and keys are left out, admin sections need admin', () => {
  const info = new PipelineInfo();
  info.register('swift', { version: '2.38.2', max_file_size: 5 });
  info.register('swift', { strict_cors_mode: true });
  info.register('tempauth', { account_acls: true });
  info.registerAdmin('secret', { key: 1 });
  expect(info.get()).toEqual({
    swift: { version: '2.38.2', max_file_size: 5, strict_cors_mode: true },
    tempauth: { account_acls: true },
  });
  expect(info.get({ disallowed: ['tempauth', 'swift.version'] })).toEqual({
    swift: { max_file_size: 5, strict_cors_mode: true },
  });
  expect(info.get({ admin: true, disallowed: ['tempauth'] })['admin']).toEqual({
    secret: { key: 1 },
    disallowed_sections: ['tempauth'],
  });
});
