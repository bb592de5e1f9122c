import { afterEach, describe, expect, it, vi } from 'vitest';
import { commandPath, needs } from './needs.ts';

const skippable = {
  skip(note: string): never {
    throw new Error(`skipped: ${note}`);
  },
};

describe('needs', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('gives back what was found', () => {
    expect(needs(skippable, '/usr/sbin/mosquitto', 'mosquitto')).toBe('/usr/sbin/mosquitto');
  });

  it('skips with a reason on a machine that lacks it', () => {
    vi.stubEnv('HEARTH_REQUIRE_ALL', '');
    expect(() => needs(skippable, undefined, 'mosquitto')).toThrow(
      'skipped: needs mosquitto, not found on this machine',
    );
  });

  it('fails where nothing may be missing', () => {
    vi.stubEnv('HEARTH_REQUIRE_ALL', '1');
    expect(() => needs(skippable, undefined, 'mosquitto')).toThrow('forbids to skip it');
  });
});

describe('commandPath', () => {
  it('finds a command that is on PATH', () => {
    expect(commandPath('node')).toMatch(/\/node$/);
  });

  it('gives undefined for a command that is nowhere', () => {
    expect(commandPath('no-such-command-here')).toBeUndefined();
  });
});
