import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  resolve: {
    // The examples import the package by its name.
    alias: {
      'apus/middleware': fileURLToPath(new URL('src/middleware-api.ts', import.meta.url)),
      'apus/web': fileURLToPath(new URL('src/web.ts', import.meta.url)),
      'apus/testing': fileURLToPath(new URL('src/testing.ts', import.meta.url)),
    },
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/functional/**', 'test/fuzz/**', 'test/keystone/**'],
    reporters: ['default', './test/closing-line.ts'],
    pool: 'forks',
    execArgv: ['--disable-warning=ExperimentalWarning'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

export default config;
