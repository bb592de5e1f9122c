import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HearthError, type App } from '@hearth/core';

/**
 * Loads the app that a module exports: as `app`, or under any name if it is the only one. TypeScript is loaded as it is.
 *
 * @throws {HearthError} `invalid-option` when there is no such file, it cannot be loaded, or it exports no app.
 */
export async function loadApp(path: string, option: string): Promise<App> {
  const file = resolve(path);
  if (!existsSync(file)) refuse(option, `there is no file "${path}"`);
  const exported = await importFrom(file, path, option);
  const apps = Object.values(exported).filter(isApp);
  const app = isApp(exported['app']) ? exported['app'] : apps[0];
  if (app !== undefined && (app === exported['app'] || apps.length === 1)) return app;
  const names = Object.keys(exported).join(', ') || 'nothing';
  return refuse(
    option,
    apps.length > 1
      ? `"${path}" exports ${apps.length} apps; name the one to use "app"`
      : `"${path}" exports no app made by defineApp(), but ${names}`,
  );
}

function refuse(option: string, why: string, cause?: unknown): never {
  throw new HearthError('invalid-option', `${option}: ${why}.`, { field: option, cause });
}

async function importFrom(
  file: string,
  path: string,
  option: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return refuse(option, `"${path}" cannot be loaded: ${why.replace(/[.\s]+$/, '')}`, cause);
  }
}

function isApp(value: unknown): value is App {
  if (typeof value !== 'object' || value === null) return false;
  const { source, handlers, routes } = value as Partial<Record<keyof App, unknown>>;
  return typeof source === 'string' && handlers instanceof Map && routes instanceof Map;
}
