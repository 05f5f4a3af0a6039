// Keys of the people who use this browser, in IndexedDB. A private key is not extractable: it signs here, and no script can read it.

export interface KeptKey {
  /** 32 bytes, hex. */
  publicKey: string;
  keyId: string;
  privateKey: CryptoKey;
}

const DATABASE = "sealway";
const KEYS = "signing-keys";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(KEYS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB: not opened"));
  });
}

async function asked<T>(mode: IDBTransactionMode, ask: (keys: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const request = ask(database.transaction(KEYS, mode).objectStore(KEYS));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB: refused"));
    });
  } finally {
    database.close();
  }
}

export const keptKeys = {
  of: (user: string): Promise<KeptKey | undefined> => asked("readonly", (keys) => keys.get(user) as IDBRequest<KeptKey | undefined>),
  keep: async (user: string, key: KeptKey): Promise<void> => void (await asked("readwrite", (keys) => keys.put(key, user))),
  forget: async (user: string): Promise<void> => void (await asked("readwrite", (keys) => keys.delete(user))),
};
