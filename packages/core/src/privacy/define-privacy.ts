import type { App } from '../app/define-app.ts';
import { HearthError } from '../event/error.ts';
import { eventDef, type EventDef, type EventType } from '../model/event.ts';
import type { Part } from '../model/handler.ts';
import { anything } from '../model/schema.ts';
import { auditTrail, type AuditOptions, type AuditTrail } from './audit-trail.ts';
import { keyedHash } from './keyed-hash.ts';
import type { SubjectsOf } from './subjects.ts';

/** How an app deals with what is personal; see `definePrivacy`. */
export interface PrivacyOptions extends Omit<AuditOptions, 'of'> {
  /** What belongs to an owner: `ownedBy(…)`, or a function of yours. */
  readonly subjectsOf: SubjectsOf;
  /** The events that are audited besides what is done with personal data itself: rotated credentials, a door that was opened. */
  readonly audit?: readonly EventType[];
}

/** What was done for a request of a person. `owner` is a keyed hash. */
export interface RequestDone {
  readonly owner: string;
  readonly counts: Readonly<Record<string, number>>;
}

type Done<T extends string> = EventDef<T, RequestDone>;

/** What an app does with personal data: a part of it. */
export interface Privacy extends Part {
  readonly subjectsOf: SubjectsOf;
  /** Where it is written down what was done, for export and erasure as for all other audited events. */
  readonly trail: AuditTrail;
  /** What is said of a request, about its id and not about a person. */
  readonly events: {
    readonly exporting: Done<'hearth.privacy.exporting'>;
    readonly erasing: Done<'hearth.privacy.erasing'>;
    readonly erased: Done<'hearth.privacy.erased'>;
  };
  /** What stands for an owner in these events: the same for the same owner, and nobody can check a guess without the secret. */
  pseudonymOf(owner: string): string;
}

const event = <T extends string>(type: T): Done<T> =>
  eventDef({
    type,
    data: anything as EventType<T, RequestDone>['data'],
    older: [],
    from: ['service'],
    // It is about a request, for which nobody else could speak.
    open: ['service'],
  });

/**
 * Defines how an app answers for personal data: whose is what, and an audit trail that every export and erasure is entered in. Make it
 * a part of the app, then call `exportOwner` and `eraseOwner`.
 *
 * @throws {HearthError} `invalid-definition` without `subjectsOf`.
 */
export function definePrivacy(options: PrivacyOptions): Privacy {
  const { subjectsOf, audit = [], ...kept } = options;
  if (typeof (subjectsOf as unknown) !== 'function') {
    const message = 'definePrivacy needs subjectsOf: what belongs to an owner, such as ownedBy(…).';
    throw new HearthError('invalid-definition', message, { field: 'subjectsOf' });
  }
  const events = {
    exporting: event('hearth.privacy.exporting'),
    erasing: event('hearth.privacy.erasing'),
    erased: event('hearth.privacy.erased'),
  };
  const trail = auditTrail({ ...kept, of: [...audit, ...Object.values<EventType>(events)] });
  const { handlers, defines, makes } = trail;
  return {
    subjectsOf,
    trail,
    events,
    pseudonymOf: (owner) => keyedHash(options.secret)('owner', owner),
    handlers,
    defines,
    ...(makes === undefined ? {} : { makes }),
  };
}

/** The part of an app that says whose is what. */
export function privacyOf(app: App): Privacy {
  const found = app.parts.find((part) => 'pseudonymOf' in part);
  if (found !== undefined) return found as Privacy;
  const message = 'The app has no part that definePrivacy made, so nobody can tell whose is what.';
  throw new HearthError('not-found', message, { field: 'parts' });
}
