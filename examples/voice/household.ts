import type { SpeaksFor } from '@hearth/core';
import { speaksForItself } from '@hearth/core/ports';

/** A device as its owner knows it. */
export interface KnownDevice {
  readonly id: string;
  readonly kind: 'thermostat' | 'lock';
  readonly name: string;
}

/** Who lives there, and what is theirs. */
export interface Household {
  /** The user who has given a vendor this token; `undefined` if nobody has. */
  userOf(token: string): string | undefined;
  devicesOf(user: string): readonly KnownDevice[];
  usersOf(device: string): readonly string[];
  /** Whether this is the PIN with which a user opens doors. */
  isPin(user: string, pin: string): boolean;
}

/** A device speaks for itself, and a user for what is theirs. */
export const speaksIn =
  ({ usersOf }: Household): SpeaksFor =>
  (principal, subject) =>
    principal.kind === 'user'
      ? usersOf(subject).includes(principal.id)
      : speaksForItself(principal, subject);
