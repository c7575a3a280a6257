import type { Pricer } from '../pricing/pricer.js';
import type { SessionReader } from './session-reader.js';

/** An agent whose session files are read: what it is called, and where its sessions lie. */
export interface Agent {
  /** As people call it. */
  readonly label: string;
  /** The variable of the environment that says where it keeps everything. Several folders stand with commas between them. */
  readonly homeVariable: string;
  /** The folders in which it keeps everything where that variable is not set. Absolute paths. */
  readonly usualHomes: readonly string[];
  /** The folders within such a home that hold session files, at any depth. */
  readonly sessionFolders: readonly string[];
  /** Whether a file in `folder`, which is one of these or lies within one, is a session's. */
  isSessionFile(name: string, folder: string): boolean;
  /** Who sells subscriptions that pay for it, as the configuration may call them, in lower case. */
  readonly sellers: readonly string[];
}

/** Prepares the reading of many session files of one agent, one after the other, in one thread. */
export type OpenReaders = (tools: ReaderTools) => CreateReader;

/** Creates the reader of a session file. `saved` is what the reader of an earlier import of the same file returned by `save`. */
export type CreateReader = (path: string, saved: object | undefined) => SessionReader;

export interface ReaderTools {
  readonly nameProject: NameProject;
  readonly pricer: Pricer;
}

/** The project that belongs to a directory. */
export type NameProject = (cwd: string) => string;
