import { fileURLToPath } from 'node:url';
import { startAppServer } from '../clients/app-server.js';
import { openWorkbench, type Workbench } from '../harness/workbench.js';
import { SCRIPT } from '../scripted-api/scenarios.js';
import { type ImportVerdict, judgeImportBefore, judgeImportsAfter, keepRecordsAside, type Scene } from './imports.js';
import { installRelease, NotInstalled } from './releases.js';
import { type Comparison, compareSideBySide } from './side-by-side.js';
import { isPlayed, judge, NOT_IN_THIS_CODEX, type Verdict } from './verdict.js';
import { minorOf, type Played, type Way } from './way.js';

const HIDE_PROC = fileURLToPath(new URL('../harness/hide-proc.cjs', import.meta.url));

export interface Release {
  readonly version: string;
  readonly codex: string;
  /** Whether codex-metered runs as on a system that has no `/proc`. */
  readonly hidesProc?: boolean;
}

/** What was played, on its workbench, before that is closed. */
export interface PlayedScene extends Scene {
  readonly release: Release;
  /** When the last run began. */
  readonly startedAtMs: number;
  /** What the runs wrote to stdout. */
  readonly outputs: readonly string[];
}

export interface Cell {
  readonly verdict: Verdict;
  readonly comparison?: Comparison;
}

/** `look` gets each workbench while it is open. */
export interface CellOptions {
  readonly sideBySide: boolean;
  look(scene: PlayedScene): void;
}

/**
 * Plays one way on a release, twice: once with its record written as it happens, once with the record pending until
 * the session files are imported. The cell is exact when the live record, and each meeting of it with an import, are.
 */
export async function playCell(way: Way, release: Release, options: CellOptions): Promise<Cell> {
  try {
    const cell = await tryCell(way, release, options);
    if (!way.asksProc || !release.hidesProc) return cell;
    return { ...cell, verdict: { text: `${cell.verdict.text}, as nothing tells its home`, good: true } };
  } catch (error) {
    if (error instanceof NotInstalled) throw error;
    // The other ways are judged although this one could not be played to its end.
    return { verdict: { text: `failed: ${messageOf(error)}`, good: false } };
  }
}

function messageOf(error: unknown): string {
  const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
  return line.slice(0, 200);
}

async function tryCell(way: Way, release: Release, { sideBySide, look }: CellOptions): Promise<Cell> {
  return onWorkbench(way, release, async (scene) => {
    if (!scene) return { verdict: NOT_IN_THIS_CODEX };
    const live = judge(scene.bench, scene.runs, way);
    look(scene);
    const imports = await judgeImportsAfter(scene);
    const comparison = sideBySide ? await compareSideBySide(scene) : undefined;
    const before = await playKeptAside(way, release);
    return { verdict: unite(live, [...imports, before]), ...(comparison && { comparison }) };
  });
}

async function playKeptAside(way: Way, release: Release): Promise<ImportVerdict> {
  return onWorkbench(
    way,
    release,
    async (scene, stopKeeping) => {
      if (!scene) return { meeting: 'before', text: 'not played a second time', good: false };
      stopKeeping();
      return judgeImportBefore(scene);
    },
    keepRecordsAside,
  );
}

/** Opens a workbench, plays the way on it, and hands what came of it to `judgeScene`; undefined where this Codex has no such way. */
async function onWorkbench<Result>(
  way: Way,
  release: Release,
  judgeScene: (scene: PlayedScene | undefined, undo: () => void) => Promise<Result>,
  prepare: (bench: Workbench) => () => void = () => () => undefined,
): Promise<Result> {
  const bench = await openWorkbench(...SCRIPT);
  try {
    const undo = prepare(bench);
    const { codex, version } = release;
    if (release.hidesProc) bench.env.NODE_OPTIONS = `--require ${HIDE_PROC}`;
    const outputs: string[] = [];
    let startedAtMs = Date.now();
    const start: Workbench['start'] = (args, options = {}) => {
      startedAtMs = Date.now();
      const running = bench.start(args, { codex, ...options });
      void running.ended.then(({ stdout }) => outputs.push(stdout.toString()));
      return running;
    };
    const play = minorOf(version) < (way.since ?? 0) ? () => undefined : way.play;
    const played = await play({
      ...{ bench, version, codex, start, install: installRelease },
      run: (args, options) => start(args, options).ended,
      serve: (options) => startAppServer(bench, { codex, ...options }),
    });
    const runs = [played ?? []].flat() as Played[];
    // An empty record of a Codex that did not even start would agree with the ledger.
    if (runs.some(({ exitCode }) => exitCode !== 2) && bench.api.requests.length === 0) {
      throw new Error(`Codex asked the API nothing; it ended with ${runs.map(({ exitCode }) => exitCode).join(', ')}`);
    }
    const isScene = runs.length > 0 && isPlayed(bench, runs, way);
    return await judgeScene(isScene ? { bench, way, runs, release, startedAtMs, outputs } : undefined, undo);
  } finally {
    await bench.close();
  }
}

/** What the live record says, and where an import differs from it. */
function unite(live: Verdict, imports: readonly ImportVerdict[]): Verdict {
  const bad = imports.filter(({ good, text }) => !good && text !== live.text);
  if (bad.length === 0) return { text: live.text, good: live.good && imports.every(({ good }) => good) };
  const texts = [...new Set(bad.map(({ text }) => text))];
  const said = texts.map((text) => {
    const meetings = bad.filter((verdict) => verdict.text === text).map(({ meeting }) => meeting);
    return `imported ${meetings.join(', ')}: ${text}`;
  });
  return { text: [live.text, ...said].join('; '), good: false };
}
