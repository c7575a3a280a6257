/** An agent whose session files are read: what it is called, and where its sessions lie. */
export interface Agent {
  /** As people call it. */
  readonly label: string;
  /** The environment variable that names the folder in which it keeps everything, or several with commas between them. */
  readonly homeVariable: string;
  /** The folders in which it keeps everything where that variable is not set. Absolute paths. */
  readonly usualHomes: readonly string[];
  /** The folders within such a home that hold session files, at any depth. */
  readonly sessionFolders: readonly string[];
  /** Whether a file is a session file. `folder` is one of the session folders or lies within one. */
  isSessionFile(name: string, folder: string): boolean;
  /** Who sells subscriptions that pay for it, as the configuration may call them, in lower case. */
  readonly sellers: readonly string[];
}
