/**
 * A setting of the environment. A program that misses one does not start, and says which.
 */
export function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  throw new Error(`The environment has no ${name}: see the README of this cloud.`);
}
