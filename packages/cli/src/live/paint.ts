import { styleText } from 'node:util';

/** Colours a text, or leaves it as it is. */
export interface Paint {
  strong(text: string): string;
  faint(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  notable(text: string): string;
  cold(text: string): string;
  warm(text: string): string;
}

/** Whether a stream wants colours: a terminal does, unless `NO_COLOR` is set or it is `dumb`; `FORCE_COLOR` overrules. */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  return stream.isTTY === true && TERM !== 'dumb';
}

/** Gives the colours, or texts without any. */
export function paint(colored: boolean): Paint {
  const as = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    colored ? styleText(format, text, { validateStream: false }) : text;
  return {
    strong: as('bold'),
    faint: as('dim'),
    good: as('green'),
    bad: as('red'),
    notable: as('cyan'),
    cold: as('blue'),
    warm: as('yellow'),
  };
}
