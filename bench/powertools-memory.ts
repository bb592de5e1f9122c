import {
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
} from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence';
import type { IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';

// About as many as the inboxes of all records hold, so that neither side works with a bigger heap.
const mostKept = 64_000;

/** Keeps idempotency records of Powertools in a Map, which is the least that a persistence layer can cost. */
class MemoryPersistence extends BasePersistenceLayer {
  readonly #records = new Map<string, IdempotencyRecord>();

  async _deleteRecord({ idempotencyKey }: IdempotencyRecord): Promise<void> {
    this.#records.delete(idempotencyKey);
  }

  async _getRecord(key: string): Promise<IdempotencyRecord> {
    const record = this.#records.get(key);
    if (record === undefined) throw new IdempotencyItemNotFoundError();
    return record;
  }

  async _putRecord(record: IdempotencyRecord): Promise<void> {
    const { idempotencyKey: key } = record;
    if (this.#records.has(key)) throw new IdempotencyItemAlreadyExistsError();
    if (this.#records.size >= mostKept) {
      for (const oldest of this.#records.keys()) {
        this.#records.delete(oldest);
        break;
      }
    }
    this.#records.set(key, record);
  }

  async _updateRecord(record: IdempotencyRecord): Promise<void> {
    this.#records.set(record.idempotencyKey, record);
  }
}

/** Gives such a persistence layer. */
export function memoryPersistence(): BasePersistenceLayer {
  return new MemoryPersistence();
}
