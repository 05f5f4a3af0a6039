// The outbox in IndexedDB.
import type { Entry, Shelf } from "./entry";

const DATABASE = "sealway-outbox";
const ENTRIES = "entries";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(ENTRIES, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB: not opened"));
  });
}

/** Done when it is on the disk of the browser, not when it was asked for. */
async function asked<T>(mode: IDBTransactionMode, ask: (entries: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(ENTRIES, mode);
      const request = ask(transaction.objectStore(ENTRIES));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB: refused"));
    });
  } finally {
    database.close();
  }
}

export const shelf: Shelf = {
  of: async (user) => (await asked("readonly", (entries) => entries.getAll() as IDBRequest<Entry[]>)).filter((entry) => entry.user === user),
  put: async (entry) => void (await asked("readwrite", (entries) => entries.put(entry))),
  drop: async (key) => void (await asked("readwrite", (entries) => entries.delete(key))),
};
