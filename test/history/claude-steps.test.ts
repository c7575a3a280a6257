import { describe, expect, it } from 'vitest';
import { createRandom } from '../agents/codex/session-lines.js';
import {
  ALL_RECORDED,
  BUCKET_TOTALS,
  createClaudeHome,
  readFamily,
  sumLedger,
  TOTALS,
  type Transcripts,
} from './claude-family.js';

const family = readFamily();
const encode = (lines: readonly string[], end = '\n') => lines.map((line) => `${line}${end}`).join('');

async function importWhole(transcripts: Transcripts) {
  const home = createClaudeHome();
  for (const [path, lines] of transcripts) home.append(path, encode(lines));
  await home.import();
  return home;
}

type Home = Awaited<ReturnType<typeof importWhole>>;

const readAll = ({ query }: Home) => ({ responses: query(ALL_RECORDED), buckets: query(BUCKET_TOTALS) });

type Change = (record: Record<string, unknown>) => Record<string, unknown> | undefined;

/** Returns the lines of the family, each changed by `change`; undefined leaves a line out. */
function rewrite(change: Change): Transcripts {
  return new Map(
    [...family].map(([path, lines]) => [
      path,
      lines.flatMap((line) => {
        const changed = change(JSON.parse(line));
        return changed ? [JSON.stringify(changed)] : [];
      }),
    ]),
  );
}

describe('a family of sessions of Claude Code, with a sub-agent, compactions, resumes and forks', () => {
  it('comes to what the API billed, with two remainders, both of compactions', async () => {
    const home = await importWhole(family);
    expect(home.query(TOTALS)).toEqual([sumLedger()]);
    expect(home.query("SELECT thread_id FROM responses WHERE evidence = 'session_total'")).toHaveLength(2);
    const before = readAll(home);
    expect(await home.import()).toMatchObject({ filesRead: 0 });
    expect(readAll(home)).toEqual(before);
  });

  it('comes to the same in whatever order its files are read', async () => {
    const whole = readAll(await importWhole(family));
    for (const order of permutations([...family])) {
      const home = createClaudeHome();
      for (const [path, lines] of order) {
        home.append(path, encode(lines));
        await home.import();
      }
      const paths = order.map(([path]) => path).join(' ');
      expect(readAll(home), paths).toEqual(whole);
    }
  }, 60_000);

  it.each([1, 2, 3, 4, 5, 6])(
    'comes to the same when it is read in steps, as its files grow (%i)',
    async (seed) => {
      const random = createRandom(seed);
      const home = createClaudeHome();
      const left = new Map([...family].map(([path, lines]) => [path, encode(lines)]));
      while (left.size > 0) {
        const paths = [...left.keys()];
        const path = paths[Math.floor(random() * paths.length)] ?? '';
        const text = left.get(path) ?? '';
        // Mostly some lines, sometimes in the middle of one.
        const most = Math.ceil(random() * 4000);
        const end = random() < 0.7 ? text.indexOf('\n', most) + 1 || text.length : Math.min(most, text.length);
        home.append(path, text.slice(0, end));
        if (end === text.length) left.delete(path);
        else left.set(path, text.slice(end));
        await home.import();
      }
      expect(readAll(home)).toEqual(readAll(await importWhole(family)));
    },
    60_000,
  );

  it.each([
    ['spaces after colons and commas', (text: string) => text.replaceAll('":', '": ').replaceAll(',"', ', "')],
    ['the line ends of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['spaces around lines and empty lines', (text: string) => text.replaceAll('\n', ' \n\n \r\n\t')],
    ['no newline at its end', (text: string) => text.trimEnd()],
  ])('comes to the same with %s', async (_name, change) => {
    const home = createClaudeHome();
    for (const [path, lines] of family) home.append(path, change(encode(lines)));
    expect(await home.import()).toMatchObject({ unreadableLines: 0, problems: [] });
    expect(readAll(home)).toEqual(readAll(await importWhole(family)));
  });

  const withoutRequest: Change = ({ requestSessionId, requestRef, ...rest }) => rest;
  const withoutQueue: Change = (record) => (record.type === 'queue-operation' ? undefined : record);

  it.each([
    ['an earlier release would have written it, without the name of the session asked', 0, withoutRequest],
    ['an interactive session writes it, whose prompts are not queued', 1, withoutQueue],
  ])('comes to the same as %s', { timeout: 60_000 }, async (_what, half, change) => {
    const rewritten = rewrite(change);
    for (const order of permutations([...rewritten]).filter((_, index) => index % 2 === half)) {
      const home = createClaudeHome();
      for (const [path, lines] of order) {
        home.append(path, encode(lines));
        await home.import();
      }
      expect(home.query(TOTALS), order.map(([path]) => path).join(' ')).toEqual([sumLedger()]);
    }
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
