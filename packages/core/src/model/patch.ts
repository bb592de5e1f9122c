import type { Document } from '../twin/document.ts';
import { merged, minimised } from '../twin/merge-patch.ts';
import type { Issue } from './issue.ts';
import { checkNamed } from './partial.ts';
import type { Schema } from './schema.ts';
import { takesNull } from './shape.ts';

/** A state with a patch laid over it, or what does not fit; `changes` is absent if the patch changed nothing. */
export type Patched =
  | {
      readonly state: Document;
      readonly changes?: Document | undefined;
      readonly issue?: undefined;
    }
  | { readonly issue: Issue };

/** Lays a merge patch (RFC 7396) over a state, and checks what it touches. */
export function patched(schema: Schema, state: Document, patch: Document): Patched {
  const keeps = (path: readonly string[]) => takesNull(schema, path);
  const changes = minimised(state, patch, keeps);
  if (changes === undefined) return { state };
  const next = merged(state, changes, keeps);
  const checked = checkNamed(schema, Object.keys(changes), next);
  if (checked.issue !== undefined) return { issue: checked.issue };
  return { state: { ...next, ...checked.value }, changes };
}
