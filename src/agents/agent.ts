/** An agent whose session files are read: its name, and the folders of its sessions. */
export interface Agent {
  /** The name that users see. */
  readonly label: string;
  /** The environment variable that names the folder in which it keeps everything, or several with commas between them. */
  readonly homeVariable: string;
  /** The folders in which it keeps everything where that variable is not set. Absolute paths. */
  readonly usualHomes: readonly string[];
  /** The folders within such a home that hold session files, at any depth. */
  readonly sessionFolders: readonly string[];
  /** Whether a file is a session file. `folder` is one of the session folders or a folder within one. */
  isSessionFile(name: string, folder: string): boolean;
  /** The vendors whose subscriptions pay for it, by the names that the configuration may use, in lower case. */
  readonly sellers: readonly string[];
}
