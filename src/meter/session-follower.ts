import { basename, dirname } from 'node:path';
import { listOpenSessionFiles } from '../agents/codex/open-files.js';
import { parseRolloutLine } from '../agents/codex/rollout.js';
import { comparePages } from '../agents/codex/session-file.js';
import { SessionFolders } from '../agents/codex/session-folders.js';
import { dayFolder, dayFolders, findThreadFiles, hasGrownSince, readHeader } from '../agents/codex/sessions.js';
import type { Tail } from '../io/tail.js';
import { createFolderWatch, createThrottle } from '../io/watch.js';
import type { CodexCommand } from '../process/argv.js';
import { runsThread } from '../store/assignment/rule.js';
import { createFollowedFile, type FollowedFile } from './followed-file.js';
import { findOnlyCandidate } from './root-candidate.js';

export interface FollowerOptions {
  readonly codexHome: string;
  readonly startedAtMs: number;
  /** Where Codex works. */
  readonly cwd: string;
  /** Codex's process, when it can be asked which files it holds open. */
  readonly pid: number | undefined;
  readonly threads: CodexCommand['threads'];
  /** `new`: every thread that it runs began with it, so that all records of its files are from this run. */
  readonly begins?: 'new' | 'unknown';
  /** Something new has been read. */
  readonly onProgress: () => void;
}

/** The shortest runs hold their session file open for some 200 ms. Once the file system reports new files, a slow clock will do. */
const DISCOVERY_MS = 50;
const CHILDREN_MS = 250;

/**
 * Follows the session files of one Codex process while it runs: the root threads', found by their ids or because the
 * process holds them open, and those of the threads that belong to them (reviews, sub-agents).
 */
export class SessionFollower {
  readonly #options: FollowerOptions;
  /** By file name, which holds the thread: the same file can be reached by two paths (links, the archive). */
  readonly #files = new Map<string, FollowedFile>();
  /** Names of files of other runs, or that had not grown when they were inspected. */
  readonly #foreign = new Set<string>();
  #searched = false;
  readonly #folders = new SessionFolders();
  #begun: Promise<void> | undefined;
  readonly #watch = createFolderWatch((folder, fileName) => this.#poke(folder, fileName));
  #rootId: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #discovery: Promise<void> | undefined;
  /** A discovery that has begun may have listed the folder before the change, so another one follows it. */
  readonly #changes = createThrottle(() => Promise.resolve(this.#discovery).then(() => this.#discover()), DISCOVERY_MS);
  #hasNews = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  get rootId(): string | undefined {
    return this.#rootId;
  }

  get files(): readonly FollowedFile[] {
    return [...this.#files.values()];
  }

  /** The file in which the run's thread goes on: of several pages the newest. */
  get root(): FollowedFile | undefined {
    const ofRoot = this.files.filter(({ thread }) => thread.id !== undefined && thread.id === this.#rootId);
    return ofRoot.sort((a, b) => comparePages(b.path, a.path))[0];
  }

  start(): void {
    const folders = [...this.#dayFolders()];
    for (const folder of folders) this.#watch.add(folder);
    this.#begun = this.#folders.begin(folders);
    this.#keepDiscovering();
  }

  #keepDiscovering(): void {
    void this.#discover();
    const delayMs = this.#rootId && this.#isWoken ? CHILDREN_MS : DISCOVERY_MS;
    this.#timer = setTimeout(() => this.#keepDiscovering(), delayMs).unref();
  }

  /** Whether the file system reports new files. A day's folder exists from its first session on, so that one must be searched for. */
  get #isWoken(): boolean {
    return this.#watch.has(dayFolder(this.#options.codexHome, Date.now()));
  }

  /** Says which thread the run is, as Codex printed it: that is better than what an open file suggested. */
  setRoot(threadId: string): void {
    if (this.#rootId === threadId) return;
    this.#rootId = threadId;
    void this.#discover();
  }

  /** Follows a session file that other evidence assigns to the process. */
  async add(path: string): Promise<void> {
    await this.#begun;
    await this.#follow(path);
  }

  /** Reads everything that is left, once Codex has ended. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    this.#changes.cancel();
    await this.#discovery;
    // Events of the file system that have come by now are handled before the last search.
    await new Promise((resolve) => setImmediate(resolve));
    // A file that had not grown when it was inspected may have since.
    this.#foreign.clear();
    this.#searched = false;
    await this.#discover();
    if (!this.#rootId) {
      await this.#followOnlyCandidate().catch(() => undefined);
      await this.#discover();
    }
    this.#watch.close();
    for (const { tail } of this.#files.values()) {
      await this.#read(tail);
      await tail.close();
    }
  }

  #discover(): Promise<void> {
    this.#discovery ??= this.#discoverAll();
    return this.#discovery;
  }

  async #discoverAll(): Promise<void> {
    do {
      this.#hasNews = false;
      await this.#discoverOnce().catch(() => undefined);
    } while (this.#hasNews);
    this.#discovery = undefined;
  }

  async #discoverOnce(): Promise<void> {
    // First: before 0.153 only the process that holds a review's file open, for 0.1 s, shows which run it is of.
    for (const folder of this.#dayFolders()) this.#watch.add(folder);
    await this.#begun;
    const open = this.#options.pid === undefined ? [] : await listOpenSessionFiles(this.#options.pid);
    for (const path of open) await this.#follow(path);
    if (!this.#rootId && this.#options.threads !== 'interactive') return;
    for (const folder of this.#dayFolders()) {
      for (const path of await this.#listFiles(folder)) await this.#followIfOurs(path);
    }
    if (this.#rootId) await this.#searchRoot(this.#rootId);
    for (const { tail } of this.#files.values()) void this.#read(tail);
  }

  #listFiles(folder: string): Promise<string[]> {
    return this.#folders.list(folder, this.#watch.has(folder));
  }

  #dayFolders(): Set<string> {
    const { codexHome, startedAtMs } = this.#options;
    return new Set([...dayFolders(codexHome, startedAtMs), ...dayFolders(codexHome, Date.now())]);
  }

  async #followOnlyCandidate(): Promise<void> {
    const { threads, startedAtMs, cwd } = this.#options;
    if (threads === 'interactive') return;
    const paths = (await Promise.all([...this.#dayFolders()].map((folder) => this.#listFiles(folder)))).flat();
    const only = await findOnlyCandidate(paths, { startedAtMs, cwd, isNew: (path) => this.#folders.isNew(path) });
    if (only) await this.#follow(only);
  }

  /**
   * Follows the files of the run's thread that no folder of these days holds: a resumed thread's stand where it began, or
   * where it was taken back to an earlier turn. It goes on in the newest of its pages. One search is enough: a page
   * that is made while the run works comes to today's folder.
   */
  async #searchRoot(rootId: string): Promise<void> {
    if (this.#searched || this.files.some(({ thread }) => thread.id === rootId)) return;
    this.#searched = true;
    const [newest, ...earlier] = await findThreadFiles(this.#options.codexHome, rootId);
    if (newest) await this.#follow(newest);
    for (const path of earlier) if (await hasGrownSince(path, this.#options.startedAtMs)) await this.#follow(path);
  }

  /** Follows a file that has grown since the run began when its header says that it is ours. */
  async #followIfOurs(path: string): Promise<void> {
    const name = basename(path);
    if (this.#files.has(name) || this.#foreign.has(name)) return;
    const hasGrown = this.#folders.isNew(path) || (await hasGrownSince(path, this.#options.startedAtMs));
    const header = hasGrown ? await readHeader(path) : '';
    // Not a whole line yet: it is inspected again.
    if (header === undefined) return;
    const record = parseRolloutLine(header);
    const { threads, cwd } = this.#options;
    const owner = { threads, cwd, rootId: this.#rootId, known: this.files.map(({ thread }) => thread.id) };
    if (record.kind === 'session' && runsThread(record, owner)) return this.#follow(path);
    this.#foreign.add(name);
    // It came after the open files were listed, which before 0.153 are the only sign of its run: they are listed once more.
    this.#hasNews ||= this.#folders.isNew(path);
  }

  async #follow(path: string): Promise<void> {
    if (this.#files.has(basename(path))) return;
    const isNew = this.#options.begins === 'new' || this.#folders.isNew(path);
    const file = createFollowedFile(path, this.#options.startedAtMs, isNew ? 'new' : 'older');
    this.#files.set(basename(path), file);
    this.#watch.add(dirname(path));
    await this.#read(file.tail);
  }

  #poke(folder: string, fileName: string): void {
    const isThere = this.#folders.noteChange(folder, fileName);
    const file = this.#files.get(fileName);
    if (file) return void this.#read(file.tail);
    if (isThere && !this.#foreign.has(fileName)) this.#changes.run();
  }

  async #read(tail: Tail): Promise<void> {
    await tail.readMore().catch(() => undefined);
    // A file can be found before its header is whole.
    this.#rootId ??= this.files.find(({ thread }) => thread.sessionId)?.thread.sessionId;
    this.#options.onProgress();
  }
}
