/** A temperature as Alexa says it. */
export interface Temperature {
  readonly value: number;
  readonly scale: 'CELSIUS' | 'FAHRENHEIT' | 'KELVIN';
}

const ofCelsius = {
  CELSIUS: (celsius: number) => celsius,
  FAHRENHEIT: (celsius: number) => celsius * 1.8 + 32,
  KELVIN: (celsius: number) => celsius + 273.15,
};

const toCelsius = {
  CELSIUS: (value: number) => value,
  FAHRENHEIT: (value: number) => (value - 32) / 1.8,
  KELVIN: (value: number) => value - 273.15,
};

/** The scale in which a temperature was said; °C for what is none. */
export function scaleOf(given: unknown): Temperature['scale'] {
  const { scale } = Object(given) as Partial<Temperature>;
  return typeof scale === 'string' && Object.hasOwn(toCelsius, scale) ? scale : 'CELSIUS';
}

/** A temperature in °C, to a hundredth: 72 °F are 22.22 °C. `undefined` for what is none. */
export function celsiusOf(given: unknown): number | undefined {
  const { value, scale } = Object(given) as Partial<Temperature>;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (typeof scale !== 'string' || !Object.hasOwn(toCelsius, scale)) return undefined;
  return Math.round(toCelsius[scale](value) * 100) / 100;
}

/** A number of °C as somebody says it who thinks in another scale, to a tenth: 22.22 °C are 72 °F. */
export function temperature(celsius: number, scale: Temperature['scale']): Temperature {
  return { value: Math.round(ofCelsius[scale](celsius) * 10) / 10, scale };
}
