const shape = /^\{"hearth":"wake","at":(\d{1,16})\}$/;

/** The text by which a queue or a schedule wakes the app at `at` (ms since the epoch): `sqs` and `schedule` sweep for it. */
export function wakeMessage(at: number): string {
  return `{"hearth":"wake","at":${Math.max(0, Math.ceil(at))}}`;
}

/** The instant for which a body wakes the app; `undefined` if it is no such body. */
export function wakeIn(body: unknown): number | undefined {
  const at = typeof body === 'string' ? shape.exec(body)?.[1] : undefined;
  return at === undefined ? undefined : Number(at);
}
