export {
  firestoreStore,
  type FirestoreStore,
  type FirestoreStoreOptions,
} from './firestore-store.ts';
export type {
  FirestoreClient,
  FirestoreQuery,
  FirestoreReference,
  FirestoreSnapshot,
  FirestoreTimestamp,
  FirestoreWhere,
} from './client.ts';
