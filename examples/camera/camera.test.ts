import { fake, specify } from '@hearth/testing';
import { describe, it } from 'vitest';
import {
  app,
  classify,
  clipStored,
  cooldownMs,
  mergeMs,
  opened,
  push,
  sign,
  watch,
} from './camera.ts';

const thrower = (): never => {
  throw new Error('down');
};
const sees = fake(classify, ({ clip }) => ({ label: clip.split('-')[0] ?? '' }));
const works = {
  ...sees,
  ...fake(push, () => ({})),
  ...fake(sign, ({ clip }) => ({ url: `https://clips.example/${clip}?signed` })),
};

const stored = (clip: string) => clipStored('door', { clip });
const classifies = (clip: string, incident = 'person-1') => classify('door', { clip, incident });
const pushes = (text: string, incident = 'person-1') =>
  push('door', { incident, text, path: `/incidents/door/${incident}` });

describe('a camera', () => {
  it('tells what it has seen', () =>
    specify(app)
      .calls(works)
      .when(stored('person-1'))
      .emits(classifies('person-1'), pushes('Seen: person'))
      .leaves(watch, 'door', { quietUntil: cooldownMs, isTelling: false })
      .whateverHappens());

  it('is silent about nothing', () =>
    specify(app)
      .calls(works)
      .when(stored('nothing-1'))
      .emits(classifies('nothing-1', 'nothing-1'))
      .whateverHappens());

  it('takes clips that are close together for one incident, and tells of it once', () =>
    specify(app)
      .calls(works)
      .when(stored('nothing-1'))
      .after(mergeMs)
      .when(stored('person-2'))
      .emits(classifies('person-2', 'nothing-1'), pushes('Seen: person', 'nothing-1'))
      .after(mergeMs)
      .when(stored('person-3'))
      .emits(classifies('person-3', 'nothing-1'))
      .leaves(watch, 'door', {
        incidents: [{ id: 'nothing-1', shows: 'person-2', clips: 3, lastAt: 2 * mergeMs }],
      })
      .whateverHappens());

  it('takes clips that are further apart for two incidents', () =>
    specify(app)
      .calls(works)
      .when(stored('nothing-1'))
      .after(mergeMs + 1)
      .when(stored('person-2'))
      .emits(classifies('person-2', 'person-2'), pushes('Seen: person', 'person-2')));

  it('leaves people in peace after a message, and no longer', () =>
    specify(app)
      .calls(works)
      .given(stored('person-1'))
      .at(cooldownMs - 1)
      .when(stored('person-2'))
      .emits(classifies('person-2', 'person-2'))
      .at(cooldownMs + mergeMs)
      .when(stored('person-3'))
      .emits(classifies('person-3', 'person-3'), pushes('Seen: person', 'person-3')));

  it('tells that something moved when the classifier is away', () =>
    specify(app)
      .calls({ ...works, ...fake(classify, thrower) })
      .when(stored('person-1'))
      .after(10_000)
      .emits(pushes('Something moved')));

  it('is not quiet after a message that could not be handed over', () => {
    let isDown = true;
    const flaky = fake(push, () => (isDown ? thrower() : {}));
    const story = specify(app).calls({ ...works, ...flaky });
    story
      .when(stored('person-1'))
      .emits(classifies('person-1'), pushes('Seen: person'))
      .after(30_000)
      .leaves(watch, 'door', { quietUntil: 0, told: null });
    isDown = false;
    story.when(stored('person-2')).emits(classifies('person-2'), pushes('Seen: person'));
  });
});

describe('the link of a message', () => {
  it('is signed when it is opened, not before', () =>
    specify(app)
      .calls(works)
      .given(stored('person-1'))
      .when(opened('door', { incident: 'person-1' }))
      .emits(sign('door', { clip: 'person-1' }))
      .whateverHappens());

  it('leads nowhere if there is no such incident', () =>
    specify(app)
      .when(opened('door', { incident: 'other' }))
      .rejects('no-such-incident')
      .whateverHappens());
});
