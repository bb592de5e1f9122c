import { afterEach, expect, it, vi } from 'vitest';
import { setting } from './settings.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('a setting that is missing or empty is named', () => {
  vi.stubEnv('TABLE', 'home');
  expect(setting('TABLE')).toBe('home');
  for (const value of ['', undefined]) {
    vi.stubEnv('TABLE', value);
    expect(() => setting('TABLE')).toThrow('The environment has no TABLE');
  }
});
