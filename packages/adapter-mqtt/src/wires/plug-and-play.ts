import { isObject } from './wire.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a device reports in the words of IoT Plug and Play. */
export interface Reported {
  /** The properties, without what says how they came to be. */
  readonly properties: Values;
  /** What it says of what it was told, if it does. */
  readonly acknowledgement?: {
    readonly desiredRev: number;
    readonly status: 'applied' | 'failed' | 'rejected';
    readonly code: string;
    /** JSON Pointers of the properties that it means. */
    readonly properties: readonly string[];
  };
}

interface Said {
  readonly pointer: string;
  readonly ac: number;
  readonly av: number;
}

/**
 * Takes `{ value, ac, av, ad }` apart, in components too, and leaves out `__t` and what begins with `$`.
 *
 * A message says one thing of all it acknowledges: what it rejects counts more than what failed, and that more than what was applied, because what has
 * been applied shows in what is reported.
 */
export function unpacked(document: Values): Reported {
  const said: Said[] = [];
  const properties = unpack(document, '', said);
  const rejected = said.filter(({ ac }) => ac >= 400 && ac < 500);
  const failed = said.filter(({ ac }) => ac >= 500);
  // 202: it is at it, and will say more later.
  const applied = said.filter(({ ac }) => ac < 400 && ac !== 202);
  const of = rejected.length > 0 ? rejected : failed.length > 0 ? failed : applied;
  const [first] = of;
  if (first === undefined) return { properties };
  return {
    properties,
    acknowledgement: {
      desiredRev: Math.max(...of.map(({ av }) => av)),
      status: of === rejected ? 'rejected' : of === failed ? 'failed' : 'applied',
      code: `${first.ac}`,
      properties: of.map(({ pointer }) => pointer),
    },
  };
}

function unpack(document: Values, at: string, said: Said[]): Values {
  const entries = Object.entries(document).filter(
    ([name]) => name !== '__t' && !name.startsWith('$'),
  );
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const pointer = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (!isObject(value)) return [name, value];
      const { ac, av } = value;
      if (!Number.isSafeInteger(ac) || !Number.isSafeInteger(av) || !Object.hasOwn(value, 'value'))
        return [name, unpack(value, pointer, said)];
      said.push({ pointer, ac: ac as number, av: av as number });
      return [name, value['value']];
    }),
  );
}

/** Marks those properties that are components, as a device expects it. */
export function packed(properties: Values, components: readonly string[]): Values {
  const entries = Object.entries(properties).map(([name, value]) =>
    components.includes(name) && isObject(value) ? [name, { __t: 'c', ...value }] : [name, value],
  );
  return Object.fromEntries(entries) as Values;
}
