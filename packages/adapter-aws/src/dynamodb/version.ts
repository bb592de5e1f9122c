import { hash, randomBytes } from 'node:crypto';
import type { RecordWrite } from '@hearth/core/ports';

/** A tag of a record as the index knows it. */
export interface Tag {
  /** 12 signs that stand for handler, tag and value: in the version of the record, and in the sort key of the tag's item. */
  readonly hash: string;
  /** Handler, tag and value: the index's partition. */
  readonly name: string;
}

/**
 * What is read from a version: how many saves there were, and which tags the record has.
 *
 * A version is `<count>.<hashes of the tags>.<random signs of this very save>`. The tags are in it so that a save knows from `expected`
 * which of them are new; the random signs tell our own write from another one with the same count.
 */
export interface Version {
  readonly count: number;
  readonly tags: ReadonlySet<string>;
}

const form = /^([1-9]\d{0,14})\.((?:[\w-]{12})*)\.[\w-]{8}$/;

/** Reads a version; `undefined` for a text that this store never gave. No record at all counts as version 0. */
export function readVersion(text: string | null): Version | undefined {
  if (text === null) return { count: 0, tags: none };
  const [, count, tags] = form.exec(text) ?? [];
  if (count === undefined || tags === undefined) return undefined;
  return { count: Number(count), tags: tags === '' ? none : new Set(tags.match(/.{12}/g)) };
}

const none: ReadonlySet<string> = new Set();

/** Makes the version of one save. */
export function newVersion(count: number, tags: readonly Tag[]): string {
  const hashes = tags.map((tag) => tag.hash).join('');
  return `${count}.${hashes}.${randomBytes(6).toString('base64url')}`;
}

/** The tags of a write, as the index knows them. */
export function tagsOf({ key, tags }: Pick<RecordWrite, 'key' | 'tags'>): readonly Tag[] {
  const handler = key.slice(0, key.indexOf('/'));
  return Object.entries(tags).map(([tag, value]) => {
    const name = tagName(handler, tag, value);
    return { hash: hashOf(name).slice(0, 12), name };
  });
}

// The largest partition key is 2,048 bytes; what is longer is known by its hash, and so is what UTF-8 cannot spell.
const longest = 1_024;

/** The partition of the tag index. The lengths keep `a` = `b/c` apart from `a/b` = `c`, whatever signs they contain. */
export function tagName(handler: string, tag: string, value: string): string {
  const name = `${handler.length}/${tag.length}/${handler}/${tag}/${value}`;
  const isPlain = name.length * 3 <= longest && !/[\uD800-\uDFFF]/u.test(name);
  return isPlain ? name : `#${hashOf(JSON.stringify(name))}`;
}

function hashOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
