// One expression rather than code: it is linear, and the smallest way to say which days exist.
// First the years, 29 February only in leap ones; then the months that are shorter than 31.

/**
 * An RFC 3339 timestamp: a day that exists, a time and an offset.
 *
 * Any number of fraction digits; `T` and `Z` in either case (§5.6); an offset of at most 14 hours,
 * the largest in use. A leap second is refused, because no JavaScript clock can represent it.
 */
export const timestamp =
  /^(?:\d\d(?:[2468]0|[02468][48]|[13579][26])|(?:[02468][048]|[13579][26])00|\d{4}(?!-02-29))-(?!02-3|(?:0[469]|11)-31)(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/i;

/** Tells whether a text is an RFC 3339 timestamp as an event may have it. */
export function isTimestamp(text: string): boolean {
  return timestamp.test(text);
}
