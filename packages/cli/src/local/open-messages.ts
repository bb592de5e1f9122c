import type { CloudEvent } from '@hearth/core';
import { decodeStructured } from '@hearth/core/event';
import type { Journal } from './journal.ts';

/** The messages of a journal that somebody has yet to deal with, found by the events that they hold. */
export interface OpenMessages {
  add(number: number, payload: Uint8Array): void;
  /** An event has been dealt with: every message that holds it is forgotten. */
  settled(event: CloudEvent): void;
  /** A message was acknowledged. One that holds an event stays until the event is settled. */
  acknowledged(number: number): void;
}

/** Keeps count of the open messages of a journal. */
export function openMessages(journal: Journal): OpenMessages {
  const numbers = new Map<string, number[]>();
  const events = new Set<number>();
  return {
    add(number, payload) {
      const name = nameIn(payload);
      if (name === undefined) return;
      events.add(number);
      numbers.set(name, [...(numbers.get(name) ?? []), number]);
    },
    settled(event) {
      const name = nameOf(event);
      for (const number of numbers.get(name) ?? []) {
        events.delete(number);
        journal.remove(number);
      }
      numbers.delete(name);
    },
    acknowledged(number) {
      if (!events.has(number)) journal.remove(number);
    },
  };
}

const nameOf = ({ source, id }: CloudEvent): string => `${source} ${id}`;

function nameIn(payload: Uint8Array): string | undefined {
  try {
    return nameOf(decodeStructured(payload));
  } catch {
    return undefined;
  }
}
