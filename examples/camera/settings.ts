import { route } from '@hearth/core';
import type { TopicRules } from '@hearth/core/trigger';
import { callsOf } from './calls.ts';
import { clipStored } from './camera.ts';

/** A clip lies in its camera's folder, where only that camera can write: so the path says who speaks. */
export const clipRules: TopicRules = {
  'clips/{device}/{clip}': {
    type: clipStored.type,
    data: (_, { device, clip }) => ({ clip: `${device}/${clip}` }),
    principal: 'topic',
  },
};

/** A setting of the function. */
export const setting = (name: string): string => process.env[name] ?? '';

/** What the functions of every cloud run with. All that the app emits are calls, so nothing is published. */
export const settings = {
  sweep: true,
  publisher: route({ default: null }),
  calls: callsOf({
    classifier: () => setting('CLASSIFIER_URL'),
    push: () => setting('PUSH_URL'),
    clips: () => setting('CLIPS_URL'),
    secret: () => setting('LINK_SECRET'),
  }),
};
