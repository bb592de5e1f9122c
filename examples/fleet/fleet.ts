import { defineApp, defineDevice } from '@hearth/core';
import { definePrivacy, ownedBy } from '@hearth/core/privacy';
import { defineRegistry, forEach } from '@hearth/core/registry';
import * as z from 'zod';

/** A lamp, as far as a fleet is concerned. */
export const lamp = defineDevice({
  type: 'com.acme.lamp',
  state: z.object({ isOn: z.boolean(), brightness: z.number().int().min(0).max(100) }),
  initial: { isOn: false, brightness: 100 },
  writable: z.object({ brightness: z.number().int().min(1).max(100) }),
});

/** All devices that were ever made, the site for which each is meant, and the groups of which operators speak. */
export const registry = defineRegistry({
  tags: ['site'],
  groups: {
    // The lamps of the first batch get too warm.
    warm: { tag: 'firmware', value: '1.0.0', and: { model: 'com.acme.lamp' } },
  },
});

/** Dims every lamp of a selection: a bulk job. */
export const dim = forEach({
  name: 'com.acme.dim',
  over: registry,
  data: z.object({ brightness: z.number().int().min(1).max(100) }),
  page: 500,
  draft: ({ subject }, { brightness }) => lamp.set(subject, { brightness }),
});

/** What belongs to a person: every lamp that the registry says is theirs. */
export const privacy = definePrivacy({
  subjectsOf: ownedBy([registry, 'owner']),
  secret: () => 'only-for-this-example: take yours from a secret store',
});

/** The fleet. */
export const app = defineApp({ source: 'urn:acme:fleet', parts: [lamp, registry, dim, privacy] });
