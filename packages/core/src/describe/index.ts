// What others can read of a device model.
export { jsonSchemas } from './json-schemas.ts';
export type { Described } from './json-schemas.ts';
export type { JsonSchema } from './json-schema.ts';
export { dtdl } from './dtdl.ts';
export type { Dtdl } from './dtdl.ts';
