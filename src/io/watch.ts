import { type FSWatcher, watch } from 'node:fs';

/** Watches folders for changes of the files in them. A folder that cannot be watched is not: the caller polls too. */
export interface FolderWatch {
  add(folder: string): void;
  /** Whether a change in `folder` is told: not while it does not exist. */
  has(folder: string): boolean;
  close(): void;
}

/** `onChange` gets the folder, and the name of the file that came or changed in it. */
export function createFolderWatch(onChange: (folder: string, fileName: string) => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  const drop = (folder: string) => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    add(folder) {
      if (watchers.has(folder)) return;
      try {
        const watcher = watch(folder, { persistent: false }, (_event, fileName) => {
          if (fileName) onChange(folder, fileName);
        });
        watcher.on('error', () => drop(folder));
        watchers.set(folder, watcher);
      } catch {
        // It does not exist yet, or there are no more watches to be had.
      }
    },
    has: (folder) => watchers.has(folder),
    close() {
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}
