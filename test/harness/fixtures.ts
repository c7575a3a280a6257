import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** Recorded session files of one release and one way to run it, and what the API billed for them. */
export interface Fixture {
  readonly version: string;
  readonly way: string;
  /** Paths of its session files. */
  readonly files: readonly string[];
  /** When its last run began; what stands in the files before is history. */
  readonly startedAtMs: number;
  readonly earlier: readonly BilledResponse[];
  readonly last: readonly BilledResponse[];
}

export interface BilledResponse {
  /** Undefined where an old Codex does not say for which thread it asks. */
  readonly threadId: string | undefined;
  readonly model: string;
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/** Reads all recorded sessions in fixtures/. */
export function readFixtures(): Fixture[] {
  return folders(FIXTURES).flatMap((version) =>
    folders(join(FIXTURES, version)).map((way) => readFixture(version, way)),
  );
}

/** Without the responses that its Codex counted nowhere. */
export function readFixture(version: string, way: string): Fixture {
  const folder = join(FIXTURES, version, way);
  const { startedAtMs, earlier, last } = JSON.parse(readFileSync(join(folder, 'billed.json'), 'utf8')) as Fixture;
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const isCounted = (response: BilledResponse) => !isCompactionBeforeRecords(version, way, response);
  return {
    ...{ version, way, startedAtMs, earlier: earlier.filter(isCounted), last: last.filter(isCounted) },
    files: files.map((name) => join(folder, name)),
  };
}

/** What a compaction by the provider used stands in no file before 0.153.4. The scripted API bills 640 tokens for it. */
function isCompactionBeforeRecords(version: string, way: string, { input }: BilledResponse): boolean {
  return way === 'remote-compaction' && input === 640 && Number(version.split('.')[1]) < 153;
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}
